//! The audit of the stored figures of scarce variants, in stores without later changes.

pub const CHECKS: [(&str, &str); 1] = [(
    "the scarce variants are those that are low on stock, with the figures of their stock rows",
    "SELECT format('variant %s: %s', v.id, k) AS finding FROM scarcity_searches g \
     JOIN variants v ON v.store_id = g.store_id JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id \
     CROSS JOIN LATERAL (SELECT coalesce(v.min_stock_level, p.min_stock_level) AS least, \
            coalesce(sum(l.stock_quantity - l.reserved_quantity), 0) AS free, \
            coalesce(sum(greatest(l.stock_quantity - l.reserved_quantity - l.safety_quantity, 0)) \
                     FILTER (WHERE o.status = 'active' AND o.sells_online), 0) AS sellable \
         FROM stock_levels l JOIN locations o ON o.store_id = l.store_id AND o.id = l.location_id AND o.kind = 'place' \
         WHERE l.store_id = v.store_id AND l.variant_id = v.id) s \
     LEFT JOIN scarce_variants k ON k.store_id = v.store_id AND k.variant_id = v.id \
     WHERE g.is_complete AND NOT EXISTS (SELECT FROM scarcity_changes c WHERE c.store_id = g.store_id) \
       AND NOT EXISTS (SELECT FROM stock_movements m WHERE m.store_id = g.store_id \
                       AND m.created_at > g.searched_until - interval '30 seconds') \
       AND CASE WHEN v.status = 'active' AND p.status = 'active' \
                THEN (k.variant_id IS NULL AND s.sellable <= s.least) \
                  OR (k.product_id, k.minimum, k.available_quantity, k.sellable_quantity) \
                     <> (v.product_id, s.least, s.free, s.sellable) \
                ELSE k.variant_id IS NOT NULL END",
)];
