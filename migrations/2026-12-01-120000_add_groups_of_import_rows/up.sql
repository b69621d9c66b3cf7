-- A dry run finds the earlier rows about the products or orders of its next rows.
ALTER TABLE import_rows ADD COLUMN row_group TEXT;
CREATE INDEX import_rows_group_idx ON import_rows (store_id, import_id, row_group) WHERE row_group IS NOT NULL;

COMMENT ON COLUMN import_rows.row_group IS
    'The product or the order that the row belongs to. Null if rows of the kind belong to no other rows, and in imports '
    'that are no dry run of several slices.';
