DROP INDEX inbound_lines_variant_idx;

-- A barcode in the register is one unit of its variant again, and its key is its text.
DELETE FROM product_codes WHERE position > 0;
UPDATE product_codes SET code_key = code WHERE kind = 'barcode' AND code ~ '^[0-9]+$' AND code_key <> code;
ALTER TABLE product_codes DROP CONSTRAINT product_codes_position_check;
ALTER TABLE product_codes DROP CONSTRAINT product_codes_units_check;
ALTER TABLE product_codes DROP COLUMN position;
ALTER TABLE product_codes DROP COLUMN units;

COMMENT ON TABLE product_codes IS
    'The SKUs and barcodes of a store, each with the one product or variant that it names. '
    'The primary key makes them unique across products and variants.';
COMMENT ON COLUMN product_codes.code_key IS
    'The code as it is compared: in Unicode form NFKC, without invisible characters.';
