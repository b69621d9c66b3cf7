CREATE TABLE invoices (
    store_id       BIGINT NOT NULL,
    order_id       BIGINT NOT NULL,
    number         BIGINT NOT NULL CONSTRAINT invoices_number_check CHECK (number > 0),
    invoice_number TEXT NOT NULL,
    content        JSONB NOT NULL,
    actor          TEXT NOT NULL,
    created_at     TIMESTAMPTZ NOT NULL,
    CONSTRAINT invoices_pkey PRIMARY KEY (store_id, order_id),
    CONSTRAINT invoices_number_key UNIQUE (store_id, number),
    CONSTRAINT invoices_invoice_number_key UNIQUE (store_id, invoice_number),
    CONSTRAINT invoices_order_fkey FOREIGN KEY (store_id, order_id) REFERENCES orders (store_id, id)
);

COMMENT ON TABLE invoices IS 'The invoices of orders, at most one of each. Rows are only appended.';
COMMENT ON COLUMN invoices.number IS 'The numbers of a store start at 1 and have no gaps.';
COMMENT ON COLUMN invoices.invoice_number IS 'The number as it is shown.';
COMMENT ON COLUMN invoices.content IS 'All that the invoice shows, as it was when it was issued.';
COMMENT ON COLUMN invoices.actor IS 'The caller: user:ID.';

CREATE TABLE invoice_counters (
    store_id    BIGINT NOT NULL,
    last_number BIGINT NOT NULL CONSTRAINT invoice_counters_number_check CHECK (last_number > 0),
    CONSTRAINT invoice_counters_pkey PRIMARY KEY (store_id)
);

COMMENT ON TABLE invoice_counters IS
    'The last invoice number of each store. Its row is the last lock of a transaction that issues an invoice, so a '
    'transaction that is rolled back leaves no gap. A sequence would leave one.';
