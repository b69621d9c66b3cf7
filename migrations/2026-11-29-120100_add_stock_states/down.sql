DROP TABLE stock_states;
ALTER TABLE feed DROP COLUMN crossings;
ALTER TABLE outbox DROP COLUMN variants;
