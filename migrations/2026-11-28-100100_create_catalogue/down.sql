DROP TABLE product_codes;
DROP TABLE variants;
DROP TABLE products;
