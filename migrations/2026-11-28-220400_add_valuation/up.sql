CREATE TABLE product_costs (
    store_id   BIGINT NOT NULL,
    product_id BIGINT NOT NULL,
    until      TIMESTAMPTZ NOT NULL,
    cost_price BIGINT,
    CONSTRAINT product_costs_pkey PRIMARY KEY (store_id, product_id, until),
    CONSTRAINT product_costs_product_fkey FOREIGN KEY (store_id, product_id) REFERENCES products (store_id, id)
);

COMMENT ON TABLE product_costs IS 'The earlier cost prices of products. Rows are only appended.';
COMMENT ON COLUMN product_costs.until IS 'The time at which the cost price was replaced.';
COMMENT ON COLUMN product_costs.cost_price IS
    'The cost price before that time, in minor units of the store''s currency. Null if there was none.';

CREATE TABLE valuations (
    store_id         BIGINT NOT NULL CONSTRAINT valuations_store_fkey REFERENCES stores (id),
    folded_until     TIMESTAMPTZ NOT NULL,
    swept_variant_id BIGINT NOT NULL,
    CONSTRAINT valuations_pkey PRIMARY KEY (store_id)
);

COMMENT ON TABLE valuations IS
    'The progress of the job that values the stock of a store. Its lock lets one server at a time do this work.';
COMMENT ON COLUMN valuations.folded_until IS 'Movements that were committed before this time have value rows.';
COMMENT ON COLUMN valuations.swept_variant_id IS
    'The last variant that was compared with the ledger. After the last one of the store, the job begins again with 0.';

CREATE TABLE valuation_checkpoints (
    store_id        BIGINT NOT NULL,
    variant_id      BIGINT NOT NULL,
    versions        JSONB NOT NULL,
    state           JSONB NOT NULL,
    places          JSONB NOT NULL,
    posted_at       TIMESTAMPTZ,
    fold_again_from TIMESTAMPTZ,
    CONSTRAINT valuation_checkpoints_pkey PRIMARY KEY (store_id, variant_id),
    CONSTRAINT valuation_checkpoints_variant_fkey FOREIGN KEY (store_id, variant_id) REFERENCES variants (store_id, id)
);
-- The variants whose rows have to be folded again.
CREATE INDEX valuation_checkpoints_again_idx ON valuation_checkpoints (store_id, variant_id)
    WHERE fold_again_from IS NOT NULL;

COMMENT ON TABLE valuation_checkpoints IS
    'How far the ledger of a variant has been folded into value rows, and the result.';
COMMENT ON COLUMN valuation_checkpoints.versions IS
    'An object: the version of the last folded movement by location id. So no movement is skipped or folded twice.';
COMMENT ON COLUMN valuation_checkpoints.state IS
    'The units, their value by the moving average, and their layers by FIFO, after the last value row.';
COMMENT ON COLUMN valuation_checkpoints.places IS
    'The units by the id of their place, after the last value row. Quarantine and transit belong to their place.';
COMMENT ON COLUMN valuation_checkpoints.posted_at IS 'The time of the last value row. Null if there is none.';
COMMENT ON COLUMN valuation_checkpoints.fold_again_from IS
    'The cost of a receipt was corrected: the value rows from this time on are folded again. Null if they are right.';

CREATE TABLE valuation_rows (
    store_id        BIGINT NOT NULL,
    variant_id      BIGINT NOT NULL,
    posted_at       TIMESTAMPTZ NOT NULL,
    movement_id     BIGINT NOT NULL,
    kind            TEXT NOT NULL CONSTRAINT valuation_rows_kind_check CHECK (
        kind IN ('sale', 'return', 'purchase', 'reversal', 'other', 'move')),
    quantity        BIGINT NOT NULL,
    unit_cost       BIGINT,
    receipt_id      BIGINT,
    sale_at         TIMESTAMPTZ,
    returned_before BIGINT,
    paid            NUMERIC NOT NULL,
    average_value   NUMERIC NOT NULL,
    fifo_value      NUMERIC NOT NULL,
    quantity_after  BIGINT NOT NULL,
    average_after   NUMERIC NOT NULL,
    fifo_after      NUMERIC NOT NULL,
    places          JSONB NOT NULL,
    state           JSONB,
    CONSTRAINT valuation_rows_pkey PRIMARY KEY (store_id, variant_id, posted_at),
    CONSTRAINT valuation_rows_variant_fkey FOREIGN KEY (store_id, variant_id) REFERENCES variants (store_id, id),
    CONSTRAINT valuation_rows_value_check CHECK (
        average_after >= 0 AND fifo_after >= 0 AND (quantity_after > 0 OR (average_after, fifo_after) = (0, 0))),
    CONSTRAINT valuation_rows_receipt_check CHECK ((kind IN ('purchase', 'reversal')) = (receipt_id IS NOT NULL)),
    CONSTRAINT valuation_rows_return_check CHECK (
        (kind = 'return') = (sale_at IS NOT NULL) AND (kind = 'return') = (returned_before IS NOT NULL))
);
-- The rows of a part of an hour, for values at a given time.
CREATE INDEX valuation_rows_posted_idx ON valuation_rows (store_id, posted_at);

COMMENT ON TABLE valuation_rows IS
    'The changes of the value of a variant by each act. An act is a sale, a receipt and so on: its movements at all '
    'places together. Amounts are in minor units of the store''s currency.';
COMMENT ON COLUMN valuation_rows.posted_at IS
    'The time of the movements. It is later by microseconds where acts of a variant have the same time.';
COMMENT ON COLUMN valuation_rows.movement_id IS 'The first movement of the act.';
COMMENT ON COLUMN valuation_rows.kind IS
    'Return: units of a sale came back, because it was cancelled or returned. Reversal: of a receipt of a purchase. '
    'Move: units changed their place only.';
COMMENT ON COLUMN valuation_rows.quantity IS 'The change of the stock at all places, in units.';
COMMENT ON COLUMN valuation_rows.unit_cost IS
    'The given cost of a unit: that of the receipt, or the cost price of the product at that time. Null if none was given.';
COMMENT ON COLUMN valuation_rows.receipt_id IS 'The receipt of a purchase that brought the units. Null for other acts.';
COMMENT ON COLUMN valuation_rows.sale_at IS 'The time of the value row of the sale whose units came back. Else null.';
COMMENT ON COLUMN valuation_rows.returned_before IS 'The units of that sale that had come back before. Else null.';
COMMENT ON COLUMN valuation_rows.paid IS 'The cost of the units that came in, negative for a reversal. 0 for other acts.';
COMMENT ON COLUMN valuation_rows.average_value IS
    'The change of the value by the moving average. Paid minus this is the change of the cost of goods sold '
    'for a sale and a return, and of what was written off for other acts.';
COMMENT ON COLUMN valuation_rows.fifo_value IS 'The same by first in, first out.';
COMMENT ON COLUMN valuation_rows.places IS
    'The units after it by the id of their place. Quarantine and transit belong to their place.';
COMMENT ON COLUMN valuation_rows.state IS
    'The state after it, as in valuation_checkpoints, at some rows: a new fold can begin there. Else null.';

CREATE TABLE valuation_hours (
    store_id      BIGINT NOT NULL,
    hour          TIMESTAMPTZ NOT NULL,
    paid          NUMERIC NOT NULL,
    average_value NUMERIC NOT NULL,
    average_sold  NUMERIC NOT NULL,
    fifo_value    NUMERIC NOT NULL,
    fifo_sold     NUMERIC NOT NULL,
    CONSTRAINT valuation_hours_pkey PRIMARY KEY (store_id, hour)
);

COMMENT ON TABLE valuation_hours IS
    'The sums of the value rows of a store by hour, for totals. Amounts are in minor units of the store''s currency.';
COMMENT ON COLUMN valuation_hours.hour IS 'The beginning of the hour.';
COMMENT ON COLUMN valuation_hours.average_sold IS 'The cost of goods sold by the moving average.';
COMMENT ON COLUMN valuation_hours.fifo_sold IS 'The same by first in, first out.';
