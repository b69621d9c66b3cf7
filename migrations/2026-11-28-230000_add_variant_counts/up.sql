CREATE TABLE variant_counts (
    store_id BIGINT NOT NULL CONSTRAINT variant_counts_store_fkey REFERENCES stores (id),
    variants BIGINT NOT NULL CONSTRAINT variant_counts_variants_check CHECK (variants > 0),
    CONSTRAINT variant_counts_pkey PRIMARY KEY (store_id)
);

COMMENT ON TABLE variant_counts IS
    'The number of variants of a store, for lists of all variants. To count a million rows would take too long.';
COMMENT ON COLUMN variant_counts.variants IS 'The number of rows in variants. A store without variants has no row here.';

INSERT INTO variant_counts (store_id, variants) SELECT store_id, COUNT(*) FROM variants GROUP BY store_id;
