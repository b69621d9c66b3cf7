CREATE TABLE stock_states (
    store_id   BIGINT NOT NULL,
    variant_id BIGINT NOT NULL,
    status     TEXT NOT NULL CONSTRAINT stock_states_status_check CHECK (status IN ('low_stock', 'out_of_stock')),
    CONSTRAINT stock_states_pkey PRIMARY KEY (store_id, variant_id),
    CONSTRAINT stock_states_variant_fkey FOREIGN KEY (store_id, variant_id) REFERENCES variants (store_id, id)
);

COMMENT ON TABLE stock_states IS
    'The variants on sale that are low on stock or out of stock at the end of the feed. The relay changes a row together '
    'with the event of the change. All other variants are in stock.';

-- From here on no transaction appends a row until this one commits. So the statuses below contain exactly the movements
-- of the rows that are in the outbox now.
ALTER TABLE outbox ADD COLUMN variants BIGINT[];
ALTER TABLE outbox ALTER COLUMN variants SET DEFAULT '{}';

COMMENT ON COLUMN outbox.variants IS
    'The variants whose stock status the relay finds again, besides those of the movements. Null in rows from before the '
    'table stock_states: it contains their movements, so they cause no event.';

ALTER TABLE feed ADD COLUMN crossings JSONB;

COMMENT ON COLUMN feed.crossings IS
    'The changes of stock statuses that the row caused, as events like those of the column events. They come behind the '
    'movements. Null if there are none.';

INSERT INTO stock_states (store_id, variant_id, status)
SELECT v.store_id, v.id, CASE WHEN COALESCE(l.sellable, 0) <= 0 THEN 'out_of_stock' ELSE 'low_stock' END
FROM variants v
JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id
LEFT JOIN (SELECT r.store_id, r.variant_id,
                  SUM(GREATEST(r.stock_quantity - r.reserved_quantity - r.safety_quantity, 0)) AS sellable
           FROM stock_levels r
           JOIN locations o ON o.store_id = r.store_id AND o.id = r.location_id
           WHERE o.kind = 'place' AND o.status = 'active' AND o.sells_online
           GROUP BY r.store_id, r.variant_id) l ON l.store_id = v.store_id AND l.variant_id = v.id
WHERE v.status = 'active' AND p.status = 'active'
  AND COALESCE(l.sellable, 0) <= COALESCE(v.min_stock_level, p.min_stock_level);
