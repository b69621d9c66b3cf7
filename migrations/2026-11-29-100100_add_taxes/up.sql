ALTER TABLE stores
    ADD COLUMN prices_include_tax BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN shipping_tax TEXT NOT NULL DEFAULT 'none'
        CONSTRAINT stores_shipping_tax_check CHECK (shipping_tax IN ('none', 'as_goods'));

COMMENT ON COLUMN stores.prices_include_tax IS 'True if the prices and the delivery contain their taxes.';
COMMENT ON COLUMN stores.shipping_tax IS
    'none, or as_goods: the delivery is taxed at the rates of the goods, in proportion to their amounts.';

CREATE TABLE tax_rates (
    store_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    country  TEXT,
    region   TEXT,
    category TEXT,
    rate_ppm BIGINT NOT NULL CONSTRAINT tax_rates_rate_check CHECK (rate_ppm BETWEEN 0 AND 1000000),
    name     TEXT NOT NULL,
    CONSTRAINT tax_rates_pkey PRIMARY KEY (store_id, position),
    CONSTRAINT tax_rates_conditions_check CHECK (
        (country IS NOT NULL OR category IS NOT NULL) AND (region IS NULL OR country IS NOT NULL))
);

COMMENT ON TABLE tax_rates IS
    'The tax rates of a store with their conditions. Without a match, the tax_rate_ppm of the store applies.';
COMMENT ON COLUMN tax_rates.position IS 'The place of the rate in the list, from 1.';
COMMENT ON COLUMN tax_rates.country IS 'The country of the delivery, as in addresses. Null for every country.';
COMMENT ON COLUMN tax_rates.region IS 'The state or province of the delivery. Null for every region.';
COMMENT ON COLUMN tax_rates.category IS 'The category of the product. Null for every category.';
COMMENT ON COLUMN tax_rates.rate_ppm IS 'In millionths: 50000 is 5 %.';
COMMENT ON COLUMN tax_rates.name IS 'The name of the tax on orders.';
