//! The audit of the taxes and discounts of orders.

pub const CHECKS: [(&str, &str); 2] = [
    (
        "every discount and tax is shared over the items, and the delivery is taxed with the rest",
        "SELECT format('order %s: %s %s', o.order_number, o.tax_amount, o.included_tax_amount) AS finding FROM orders o \
         JOIN (SELECT store_id, order_id, sum(discount_amount) AS discount, sum(tax_amount) AS added, \
                      sum(included_tax_amount) AS included FROM order_items GROUP BY 1, 2) i \
           ON i.store_id = o.store_id AND i.order_id = o.id \
         WHERE o.discount_amount <> i.discount OR least(o.tax_amount - i.added, o.included_tax_amount - i.included) < 0 \
            OR o.tax_amount + o.included_tax_amount - i.added - i.included > o.shipping_amount",
    ),
    (
        "every tax line is rounded once, and they are the taxes of the order",
        "SELECT format('order %s', o.order_number) AS finding FROM orders o \
         CROSS JOIN LATERAL (SELECT \
             coalesce(sum((l ->> 'tax')::int8 * (1 - (l ->> 'included')::bool::int)), 0) AS added, \
             coalesce(sum((l ->> 'tax')::int8 * (l ->> 'included')::bool::int), 0) AS included, \
             coalesce(max(abs((l ->> 'base')::numeric * (l ->> 'percent')::numeric / 100 - (l ->> 'tax')::numeric)), 0) \
                 AS rounding \
             FROM jsonb_array_elements(o.tax_lines) AS l) t \
         WHERE o.tax_lines IS NOT NULL \
           AND ((t.added, t.included) <> (o.tax_amount::numeric, o.included_tax_amount::numeric) OR t.rounding > 1)",
    ),
];
