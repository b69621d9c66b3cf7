DROP TABLE stock_states;
ALTER TABLE feed DROP COLUMN status_events;
ALTER TABLE outbox DROP COLUMN variants;
