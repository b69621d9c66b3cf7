ALTER TABLE credits DROP CONSTRAINT credits_return_fkey;

DROP TABLE return_history;
DROP TABLE return_receipt_lines;
DROP TABLE return_receipts;
DROP TABLE return_lines;
DROP TABLE returns;

ALTER TABLE stores DROP COLUMN return_window_days;
