DROP TABLE valuation_hours;
DROP TABLE valuation_rows;
DROP TABLE valuation_checkpoints;
DROP TABLE valuations;
DROP TABLE product_costs;
