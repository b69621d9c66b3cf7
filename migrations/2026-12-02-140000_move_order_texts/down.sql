ALTER TABLE orders ADD COLUMN search_text TEXT COLLATE "C";
COMMENT ON COLUMN orders.search_text IS
    'The folded texts that searches compare, one value in each line: order number, names and phones of the customer '
    'and the addresses. Null until the server has filled it in.';
-- The server fills in the texts of orders that the job has not reached, and creates the trigram index.
UPDATE orders o SET search_text = s.search_text FROM order_search s WHERE s.store_id = o.store_id AND s.order_id = o.id;
CREATE INDEX orders_unfolded_idx ON orders (store_id, id) WHERE search_text IS NULL;

DROP TABLE order_search_positions;
DROP TABLE order_search;
