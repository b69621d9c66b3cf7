-- The units of holds of transfers cannot be released here, because each change of a stock row needs a movement. So the
-- constraint refuses while there are any.
DROP TABLE inbound_history;
DROP TABLE inbound_receipt_lines;
DROP TABLE inbound_receipts;
DROP TABLE inbound_lines;
DROP TABLE inbounds;

ALTER TABLE stock_holds DROP CONSTRAINT stock_holds_deadline_check;
ALTER TABLE stock_holds DROP CONSTRAINT stock_holds_holder_check;
ALTER TABLE stock_holds ADD CONSTRAINT stock_holds_holder_check CHECK (
    holder_kind IN ('cart', 'order', 'reservation'));
ALTER TABLE stock_holds ALTER COLUMN expires_at SET NOT NULL;

COMMENT ON TABLE stock_holds IS
    'Units of a stock row that are kept for a holder: a cart, an order under payment, or a reservation.';
COMMENT ON COLUMN stock_holds.holder_id IS 'The id of the cart, order or reservation.';
COMMENT ON COLUMN stock_holds.expires_at IS
    'From this time on the units count as available, even if the hold has not been ended yet.';
