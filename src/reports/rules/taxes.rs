//! The invariants of taxes and discounts, for a list or a range of orders.

use super::Rule;

rules! {
TAX_RULES:
    "the shares of the items add up to the discount and the taxes of the order": "
        SELECT format('order %s: discount %s of %s, tax %s of %s, included tax %s of %s', o.order_number, i.discount,
                      o.discount_amount, i.tax, o.tax_amount, i.included_tax, o.included_tax_amount) AS row
        FROM orders o
        CROSS JOIN LATERAL (SELECT SUM(discount_amount) AS discount, SUM(tax_amount) AS tax,
                                   SUM(included_tax_amount) AS included_tax
                            FROM order_items WHERE store_id = $1 AND order_id = o.id) i
        CROSS JOIN LATERAL (SELECT o.tax_amount - i.tax + o.included_tax_amount - i.included_tax AS delivery) d
        WHERE o.store_id = $1 AND o.id {among}
          AND (i.discount <> o.discount_amount OR i.tax > o.tax_amount OR i.included_tax > o.included_tax_amount
            OR d.delivery NOT BETWEEN 0 AND o.shipping_amount)";
    "the tax lines add up to the taxes of the order": "
        SELECT format('order %s: tax %s of %s, included tax %s of %s', o.order_number, t.tax, o.tax_amount,
                      t.included_tax, o.included_tax_amount) AS row
        FROM orders o
        CROSS JOIN LATERAL (SELECT COALESCE(SUM(tax) FILTER (WHERE NOT included), 0) AS tax,
                                   COALESCE(SUM(tax) FILTER (WHERE included), 0) AS included_tax
                            FROM jsonb_to_recordset(o.tax_lines) AS t (tax int8, included bool)) t
        WHERE o.store_id = $1 AND o.id {among} AND o.tax_lines IS NOT NULL
          AND (t.tax, t.included_tax) <> (o.tax_amount, o.included_tax_amount)";
    "the taxes of the items of a rate are at most that of its tax line": "
        SELECT format('order %s, tax line %s: %s of %s', o.order_number, t.number, i.tax, t.line ->> 'tax') AS row
        FROM orders o
        CROSS JOIN LATERAL jsonb_array_elements(o.tax_lines) WITH ORDINALITY AS t (line, number)
        CROSS JOIN LATERAL (SELECT SUM(tax_amount + included_tax_amount) AS tax FROM order_items
                            WHERE store_id = $1 AND order_id = o.id AND tax_line = t.number - 1) i
        WHERE o.store_id = $1 AND o.id {among} AND i.tax > (t.line ->> 'tax')::numeric";
    "the tax of a tax line is its percentage of its base": "
        SELECT format('order %s, %s: %s %% of %s is %s', o.order_number, t.name, t.percent, t.base, t.tax) AS row
        FROM orders o
        CROSS JOIN LATERAL jsonb_to_recordset(o.tax_lines)
                   AS t (name text, percent numeric, base numeric, tax numeric, included bool)
        WHERE o.store_id = $1 AND o.id {among}
          AND t.tax <> CASE WHEN t.included THEN floor((t.base + t.tax) * t.percent / (100 + t.percent) + 0.5)
                            ELSE floor(t.base * t.percent / 100 + 0.5) END";
}
