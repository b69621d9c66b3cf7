DROP TABLE tax_rates;
ALTER TABLE stores DROP COLUMN prices_include_tax, DROP COLUMN shipping_tax;
