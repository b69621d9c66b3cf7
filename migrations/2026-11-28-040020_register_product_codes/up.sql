-- Every SKU and barcode of a store, once: what products and variants have between them can't be unique in either table.
CREATE TABLE product_codes (
    store_id   BIGINT NOT NULL,
    kind       TEXT NOT NULL CONSTRAINT product_codes_kind_check CHECK (kind IN ('sku', 'barcode')),
    code       TEXT COLLATE "C" NOT NULL,
    product_id BIGINT NOT NULL,
    variant_id BIGINT,
    CONSTRAINT product_codes_pkey PRIMARY KEY (store_id, kind, code),
    CONSTRAINT product_codes_product_fkey FOREIGN KEY (store_id, product_id) REFERENCES products (store_id, id),
    CONSTRAINT product_codes_variant_fkey FOREIGN KEY (store_id, variant_id) REFERENCES variants (store_id, id)
);
COMMENT ON TABLE product_codes IS 'The SKUs and barcodes that are taken in a store, by products and variants together, and the one thing that each names.';
COMMENT ON COLUMN product_codes.variant_id IS 'Null where a code names a product with all of its sizes.';
CREATE INDEX product_codes_product_idx ON product_codes (store_id, product_id);

-- Where a code was given twice, the older one keeps it.
INSERT INTO product_codes (store_id, kind, code, product_id, variant_id)
    SELECT store_id, 'sku', sku, product_id, id FROM variants ORDER BY store_id, id
    ON CONFLICT DO NOTHING;
INSERT INTO product_codes (store_id, kind, code, product_id)
    SELECT store_id, 'sku', sku, id FROM products ORDER BY store_id, id
    ON CONFLICT DO NOTHING;
INSERT INTO product_codes (store_id, kind, code, product_id, variant_id)
    SELECT store_id, 'barcode', barcode, product_id, id FROM variants WHERE barcode IS NOT NULL ORDER BY store_id, id
    ON CONFLICT DO NOTHING;
INSERT INTO product_codes (store_id, kind, code, product_id, variant_id)
    SELECT p.store_id, 'barcode', p.barcode, p.id, v.id FROM products p
    LEFT JOIN variants v ON v.store_id = p.store_id AND v.product_id = p.id AND v.size IS NULL
    WHERE p.barcode IS NOT NULL ORDER BY p.store_id, p.id
    ON CONFLICT DO NOTHING;
