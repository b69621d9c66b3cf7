DROP VIEW audit_entries;
DROP TABLE order_payments;
DROP TABLE order_history;
DROP TABLE order_allocations;
DROP TABLE order_items;
DROP TABLE orders;
DROP TABLE cart_items;
DROP TABLE carts;
