-- An event may list several refunds, and may wait for its payment.
ALTER TABLE payment_events ADD COLUMN listed_refunds JSONB;

COMMENT ON COLUMN payment_events.listed_refunds IS
    'The ids and amounts of the refunds that the event lists, the newest first, without failed ones. Null without a list.';
