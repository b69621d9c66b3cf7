DROP TABLE payment_events;
DROP TABLE reservations;
DROP TABLE stock_holds;
