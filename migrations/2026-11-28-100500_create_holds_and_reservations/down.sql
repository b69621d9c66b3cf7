DROP TABLE reservations;
DROP TABLE stock_holds;
