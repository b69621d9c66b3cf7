DROP INDEX import_rows_group_idx;
ALTER TABLE import_rows DROP COLUMN row_group;
