DROP TABLE count_history;
DROP TABLE count_entries;
DROP TABLE count_lines;
DROP TABLE counts;

DROP INDEX stock_movements_effective_idx;

ALTER TABLE stores DROP COLUMN count_tolerance_units, DROP COLUMN count_tolerance_value;
