DROP TABLE variant_counts;
