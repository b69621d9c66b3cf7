DROP TABLE product_codes;
