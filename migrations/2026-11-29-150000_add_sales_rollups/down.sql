DROP TABLE revaluations;
DROP TABLE sales_by_customer;
DROP TABLE sales_by_payment_method;
DROP TABLE sales_by_variant;
DROP TABLE sales_folds;
