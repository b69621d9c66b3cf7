ALTER TABLE product_codes ADD COLUMN units BIGINT NOT NULL DEFAULT 1;
ALTER TABLE product_codes ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
ALTER TABLE product_codes ADD CONSTRAINT product_codes_units_check CHECK (
    units > 0 AND (kind = 'barcode' OR units = 1));
ALTER TABLE product_codes ADD CONSTRAINT product_codes_position_check CHECK (
    position >= 0 AND (kind = 'barcode' OR position = 0));

COMMENT ON TABLE product_codes IS
    'The SKUs and barcodes of a store, each with the one product or variant that it names. '
    'The primary key makes them unique across products and variants. A variant may have several barcodes.';
COMMENT ON COLUMN product_codes.code_key IS
    'The code as it is compared: in Unicode form NFKC, without invisible characters. A valid GTIN has 14 digits.';
COMMENT ON COLUMN product_codes.units IS 'The units that a scan of the barcode counts, such as 12 for a case. 1 for a SKU.';
COMMENT ON COLUMN product_codes.position IS
    'The order of the barcodes of a variant. The one at 0 is its first, which is also in the column barcode.';

-- Old rows with a valid GTIN get its 14 digits as their key. If several rows of a store have the same GTIN in other
-- spellings, one of them gets it: the one that has this key already, else that of the oldest product. The others keep
-- their old key, by which they are not found, until their product gets another barcode.
UPDATE product_codes c SET code_key = n.gtin
FROM (SELECT g.store_id, g.code_key, g.gtin,
             row_number() OVER (PARTITION BY g.store_id, g.gtin
                                ORDER BY g.code_key = g.gtin DESC, g.product_id, g.variant_id NULLS FIRST, g.code_key) AS nth
      FROM (SELECT p.store_id, p.code_key, p.product_id, p.variant_id, lpad(p.code_key, 14, '0') AS gtin
            FROM product_codes p
            WHERE p.kind = 'barcode' AND p.code_key ~ '^([0-9]{8}|[0-9]{12,14})$') g
      CROSS JOIN LATERAL (SELECT SUM(substr(g.gtin, i, 1)::int * CASE i % 2 WHEN 1 THEN 3 ELSE 1 END) AS total
                          FROM generate_series(1, 14) AS i) s
      WHERE s.total % 10 = 0) n
WHERE n.nth = 1 AND c.store_id = n.store_id AND c.kind = 'barcode' AND c.code_key = n.code_key AND c.code_key <> n.gtin;

-- A scan shows the open documents of a variant.
CREATE INDEX inbound_lines_variant_idx ON inbound_lines (store_id, variant_id, inbound_id);
