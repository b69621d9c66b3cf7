-- The roll-ups of sales. A job adds the facts of the feed to them. They contain nothing that the orders, their credits
-- and payments, the ledger and the valuation do not contain, so they can be deleted and folded again. Nothing refers to
-- them, and they refer to nothing: their rows are made from rows that have been checked.
CREATE TABLE sales_folds (
    store_id      BIGINT NOT NULL,
    time_zone     TEXT NOT NULL,
    position      BIGINT NOT NULL,
    kept_position BIGINT NOT NULL,
    kept_day      DATE,
    is_emptied    BOOLEAN NOT NULL,
    CONSTRAINT sales_folds_pkey PRIMARY KEY (store_id)
);

COMMENT ON TABLE sales_folds IS
    'The progress of the job that folds sales into daily roll-ups. Its lock lets one server at a time do this work.';
COMMENT ON COLUMN sales_folds.time_zone IS 'The time zone of the days of the roll-ups.';
COMMENT ON COLUMN sales_folds.position IS 'The last position of the feed whose facts are in the roll-ups.';
COMMENT ON COLUMN sales_folds.kept_position IS
    'Up to this position, the roll-ups have all facts of days before kept_day. 0 if they are folded from the beginning.';
COMMENT ON COLUMN sales_folds.kept_day IS
    'The first day that is folded again, because costs were corrected. Null if all days are.';
COMMENT ON COLUMN sales_folds.is_emptied IS
    'False while the roll-ups still have old rows of the days that are folded again.';

CREATE TABLE sales_by_variant (
    store_id        BIGINT NOT NULL,
    day             DATE NOT NULL,
    variant_id      BIGINT NOT NULL,
    location_id     BIGINT NOT NULL,
    category        TEXT NOT NULL,
    product_id      BIGINT NOT NULL,
    product_orders  BIGINT NOT NULL,
    category_orders BIGINT NOT NULL,
    location_orders BIGINT NOT NULL,
    units           BIGINT NOT NULL,
    credited_units  BIGINT NOT NULL,
    gross           BIGINT NOT NULL,
    discounts       BIGINT NOT NULL,
    tax             BIGINT NOT NULL,
    shipping        BIGINT NOT NULL,
    refunds         BIGINT NOT NULL,
    credits         BIGINT NOT NULL,
    costed_net      BIGINT NOT NULL,
    cost            BIGINT NOT NULL,
    CONSTRAINT sales_by_variant_pkey PRIMARY KEY (store_id, day, variant_id, location_id, category)
);
-- The days of one variant.
CREATE INDEX sales_by_variant_variant_idx ON sales_by_variant (store_id, variant_id, day) INCLUDE (units, credited_units);

COMMENT ON TABLE sales_by_variant IS
    'The sales, credits and refunds of each day by variant and place. Amounts are in minor units of the store''s currency.';
COMMENT ON COLUMN sales_by_variant.day IS
    'In the time zone of the store: the day of the sale, or of the credit or refund.';
COMMENT ON COLUMN sales_by_variant.location_id IS 'The place that sold the units. 0 if it is not known.';
COMMENT ON COLUMN sales_by_variant.category IS
    'The category of the product at the time of the order. Empty if it had none.';
COMMENT ON COLUMN sales_by_variant.product_orders IS
    'The number of sales that contain the product. Each is counted in one row of the product.';
COMMENT ON COLUMN sales_by_variant.category_orders IS
    'The number of sales that contain the category. Each is counted in one row of the category.';
COMMENT ON COLUMN sales_by_variant.location_orders IS
    'The number of sales with units of the place. Each is counted in one row of the place.';
COMMENT ON COLUMN sales_by_variant.units IS 'The units sold. Credits do not lower them.';
COMMENT ON COLUMN sales_by_variant.credited_units IS 'The units that were cancelled or returned.';
COMMENT ON COLUMN sales_by_variant.gross IS 'The prices of the sold units, without taxes.';
COMMENT ON COLUMN sales_by_variant.tax IS
    'All taxes of the sales, added or contained, with those of the delivery, less those of the credits.';
COMMENT ON COLUMN sales_by_variant.shipping IS 'The delivery without taxes, less the credited delivery.';
COMMENT ON COLUMN sales_by_variant.refunds IS 'The refunds of money that orders had accepted.';
COMMENT ON COLUMN sales_by_variant.credits IS
    'The credited goods without taxes, after their discounts and less the fees that the buyer owes.';
COMMENT ON COLUMN sales_by_variant.costed_net IS
    'The part of gross less discounts less credits that belongs to sales whose cost is known.';
COMMENT ON COLUMN sales_by_variant.cost IS
    'The cost of these sales by the moving average, less that of the units that came back.';

CREATE TABLE sales_by_payment_method (
    store_id       BIGINT NOT NULL,
    day            DATE NOT NULL,
    payment_method TEXT NOT NULL,
    orders         BIGINT NOT NULL,
    units          BIGINT NOT NULL,
    credited_units BIGINT NOT NULL,
    gross          BIGINT NOT NULL,
    discounts      BIGINT NOT NULL,
    tax            BIGINT NOT NULL,
    shipping       BIGINT NOT NULL,
    refunds        BIGINT NOT NULL,
    credits        BIGINT NOT NULL,
    costed_net     BIGINT NOT NULL,
    cost           BIGINT NOT NULL,
    CONSTRAINT sales_by_payment_method_pkey PRIMARY KEY (store_id, day, payment_method)
);

COMMENT ON TABLE sales_by_payment_method IS
    'The sales, credits and refunds of each day by payment method. The columns are those of sales_by_variant.';

CREATE TABLE sales_by_customer (
    store_id       BIGINT NOT NULL,
    day            DATE NOT NULL,
    customer_id    BIGINT NOT NULL,
    previous_day   DATE,
    orders         BIGINT NOT NULL,
    units          BIGINT NOT NULL,
    credited_units BIGINT NOT NULL,
    gross          BIGINT NOT NULL,
    discounts      BIGINT NOT NULL,
    tax            BIGINT NOT NULL,
    shipping       BIGINT NOT NULL,
    refunds        BIGINT NOT NULL,
    credits        BIGINT NOT NULL,
    costed_net     BIGINT NOT NULL,
    cost           BIGINT NOT NULL,
    CONSTRAINT sales_by_customer_pkey PRIMARY KEY (store_id, customer_id, day)
);
-- The new and the returning customers of a period.
CREATE INDEX sales_by_customer_day_idx ON sales_by_customer (store_id, day, previous_day)
    WHERE orders > 0 AND customer_id > 0;

COMMENT ON TABLE sales_by_customer IS
    'The sales, credits and refunds of each day by customer. The columns are those of sales_by_variant.';
COMMENT ON COLUMN sales_by_customer.customer_id IS '0 for orders of guests, and for orders that staff placed.';
COMMENT ON COLUMN sales_by_customer.previous_day IS
    'The last day before this one with a sale to the customer. Null if there is none, or if it is no customer.';

CREATE TABLE revaluations (
    store_id BIGINT NOT NULL,
    id       BIGINT GENERATED BY DEFAULT AS IDENTITY,
    since    TIMESTAMPTZ NOT NULL,
    CONSTRAINT revaluations_pkey PRIMARY KEY (store_id, id)
);

COMMENT ON TABLE revaluations IS
    'Value rows that were computed again, because the cost of a receipt was corrected. The transaction that does so '
    'writes a row, and the job that folds sales deletes it.';
COMMENT ON COLUMN revaluations.since IS 'The time of the first value row that may have changed.';
