ALTER TABLE scarce_variants DROP COLUMN lead_time_units;
DROP TABLE stock_figures;
DROP TABLE forecast_runs;
DROP TABLE forecasts;
DROP TABLE stock_outs;
ALTER TABLE stores DROP COLUMN service_level;
