-- The roll-ups of ended holds. A day is added when it is over and no transaction of it can be open any more.
CREATE TABLE hold_folds (
    store_id  BIGINT NOT NULL,
    time_zone TEXT NOT NULL,
    next_day  DATE,
    CONSTRAINT hold_folds_pkey PRIMARY KEY (store_id)
);

COMMENT ON TABLE hold_folds IS
    'The progress of the job that adds up ended holds by day. Its lock lets one server at a time do this work.';
COMMENT ON COLUMN hold_folds.time_zone IS 'The time zone of the days.';
COMMENT ON COLUMN hold_folds.next_day IS 'All days before it are in holds_by_day. Null if none is.';

CREATE TABLE holds_by_day (
    store_id       BIGINT NOT NULL,
    day            DATE NOT NULL,
    holder_kind    TEXT NOT NULL CONSTRAINT holds_by_day_kind_check CHECK (holder_kind IN ('cart', 'order')),
    payment_method TEXT NOT NULL,
    ended          BIGINT NOT NULL,
    converted      BIGINT NOT NULL,
    expired        BIGINT NOT NULL,
    CONSTRAINT holds_by_day_pkey PRIMARY KEY (store_id, day, holder_kind, payment_method)
);

COMMENT ON TABLE holds_by_day IS
    'The holds of carts and the payment windows of orders that ended on each day of the store. The holds of an order are '
    'one payment window.';
COMMENT ON COLUMN holds_by_day.payment_method IS 'Empty for carts.';
COMMENT ON COLUMN holds_by_day.ended IS 'Those that were converted, expired or released.';
COMMENT ON COLUMN holds_by_day.converted IS
    'Those whose units were sold. The hold of a cart is also converted if its order waits for the payment.';
