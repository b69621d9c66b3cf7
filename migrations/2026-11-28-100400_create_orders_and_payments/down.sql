DROP TABLE payment_events;
DROP TABLE order_payments;
DROP TABLE order_history;
DROP TABLE order_items;
DROP TABLE orders;
