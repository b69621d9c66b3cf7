DROP TABLE scarcity_changes;
DROP TABLE scarcity_searches;
DROP TABLE scarce_variants;
DROP INDEX stock_levels_location_idx;
