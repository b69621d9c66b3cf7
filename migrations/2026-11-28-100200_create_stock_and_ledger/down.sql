DROP TABLE stock_movements;
DROP SEQUENCE ledger_id_seq;
DROP TABLE stock_levels;
DROP TABLE locations;
