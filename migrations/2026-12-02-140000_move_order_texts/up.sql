-- A checkout must not write the trigram index of the search texts. So a job writes them after the commit, into a table of
-- their own. It follows the feed. Its rows refer to nothing: the job makes them from orders, which are never deleted.
CREATE TABLE order_search (
    store_id    BIGINT NOT NULL,
    order_id    BIGINT NOT NULL,
    search_text TEXT COLLATE "C" NOT NULL,
    CONSTRAINT order_search_pkey PRIMARY KEY (store_id, order_id)
);

COMMENT ON TABLE order_search IS
    'The texts by which searches find orders. A job writes them after the orders have been committed, and they never '
    'change.';
COMMENT ON COLUMN order_search.search_text IS
    'The folded texts that searches compare, one value in each line: order number, names and phones of the customer '
    'and the addresses.';

CREATE TABLE order_search_positions (
    store_id       BIGINT NOT NULL,
    position       BIGINT NOT NULL,
    swept_order_id BIGINT,
    CONSTRAINT order_search_positions_pkey PRIMARY KEY (store_id)
);

COMMENT ON TABLE order_search_positions IS
    'The progress of the job that writes order_search. Its lock lets one server at a time do this work in a store.';
COMMENT ON COLUMN order_search_positions.position IS
    'Orders that the feed names up to this position have their texts, unless the sweep is still to reach them.';
COMMENT ON COLUMN order_search_positions.swept_order_id IS
    'In the sweep, all orders of the store get their texts, in the order of their ids. This is the last one that has it. '
    'Null after the sweep.';

INSERT INTO order_search (store_id, order_id, search_text)
    SELECT store_id, id, search_text FROM orders WHERE search_text IS NOT NULL;
-- A store with an order without a text gets no row here, so the job sweeps all its orders.
INSERT INTO order_search_positions (store_id, position)
    SELECT p.store_id, p.position FROM feed_positions p
    WHERE NOT EXISTS (SELECT FROM orders o WHERE o.store_id = p.store_id AND o.search_text IS NULL);

DROP INDEX orders_unfolded_idx;
-- This drops the trigram index, too.
ALTER TABLE orders DROP COLUMN search_text;
