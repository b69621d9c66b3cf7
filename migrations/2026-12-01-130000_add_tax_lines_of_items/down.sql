DROP INDEX credits_created_idx;
ALTER TABLE order_items DROP COLUMN tax_line;
