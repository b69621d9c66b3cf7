//! The SQL of exports. A slice has the rows of the next products, orders or other objects, in the order of their ids,
//! or of their times. The cells of all kinds are texts, so that one function reads them. The DSL has neither arrays of
//! expressions nor LATERAL.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use crate::db;
use crate::imports::export::cells::StoredCells;
use crate::imports::export::kind::ExportKind;
use crate::kernel::id::StoreId;

/// The time in which the rows were created.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeRange {
    /// From this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
}

/// The position after an exported object, such as a product or an order. Objects with a time are in the order of their
/// times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    at: Option<DateTime<Utc>>,
    id: i64,
}

impl Position {
    /// The position before the first row of a range of times.
    #[must_use]
    pub const fn start(range: TimeRange) -> Self {
        Self { at: range.from, id: 0 }
    }
}

type Row = (i64, Option<DateTime<Utc>>, Option<StoredCells>);

/// The next rows after a position, and the position after them. The position is None if there are no more.
pub fn slice(
    conn: &mut PgConnection,
    store: StoreId,
    (kind, range): (ExportKind, TimeRange),
    after: Position,
) -> QueryResult<(Vec<StoredCells>, Option<Position>)> {
    let rows: Vec<Row> = db::sql(text_of(kind))
        .bind::<BigInt, _>(store)
        .bind::<BigInt, _>(after.id)
        .bind::<BigInt, _>(kind.slice())
        .bind::<Nullable<Timestamptz>, _>(after.at)
        .bind::<Nullable<Timestamptz>, _>(range.to)
        .columns::<(BigInt, Nullable<Timestamptz>, Nullable<Array<Nullable<Text>>>)>()
        .load(conn)?;
    let last = rows.last().map(|(id, at, _)| Position { at: at.or(after.at), id: *id });
    Ok((rows.into_iter().filter_map(|(_, _, cells)| cells).collect(), last))
}

/// A time in UTC.
macro_rules! time {
    ($column:literal) => {
        concat!("to_char(", $column, " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")
    };
}

/// The next rows of a table after a position, by an index of times. Without a time, the position is before the first
/// row.
macro_rules! by_time {
    ($table:literal) => {
        concat!(
            "(SELECT * FROM ",
            $table,
            " WHERE store_id = $1 AND (created_at, id) > (COALESCE($4::timestamptz, '-infinity'), $2) \
              AND ($5::timestamptz IS NULL OR created_at < $5) ORDER BY created_at, id LIMIT $3)"
        )
    };
}

const PRODUCTS: &str = "SELECT p.id, NULL::timestamptz, ARRAY[p.sku, v.size, v.sku, \
            CASE WHEN v.id = 0 THEN p.name END, \
            CASE WHEN v.id = 0 THEN p.description END, CASE WHEN v.id = 0 THEN p.category END, \
            CASE WHEN v.id = 0 THEN p.brand END, CASE WHEN v.id = 0 THEN p.barcode ELSE v.barcode END, \
            CASE WHEN v.id = 0 THEN p.price ELSE v.price END::text, CASE WHEN v.id = 0 THEN p.mrp END::text, \
            CASE WHEN v.id = 0 THEN p.cost_price END::text, CASE WHEN v.id = 0 THEN p.unit END, \
            CASE WHEN v.id = 0 THEN p.status ELSE v.status END, \
            CASE WHEN v.id = 0 THEN p.min_stock_level ELSE v.min_stock_level END::text, \
            CASE WHEN v.id = 0 THEN p.max_stock_level END::text] \
     FROM (SELECT * FROM products WHERE store_id = $1 AND id > $2 ORDER BY id LIMIT $3) p CROSS JOIN LATERAL ( \
          SELECT 0::int8 AS id, NULL AS size, NULL AS sku, NULL AS barcode, NULL::int8 AS price, NULL AS status, \
                 NULL::int8 AS min_stock_level \
          UNION ALL SELECT id, size, sku, barcode, price, status, min_stock_level FROM variants \
          WHERE store_id = $1 AND product_id = p.id AND p.has_sizes) v ORDER BY p.id, v.id";

const STOCK: &str = "SELECT v.id, NULL::timestamptz, CASE WHEN l.id IS NULL THEN NULL \
            ELSE ARRAY[p.sku, v.size, l.code, 'adjustment', l.stock_quantity::text, l.stock_quantity::text, NULL] END \
     FROM (SELECT id, product_id, size FROM variants WHERE store_id = $1 AND id > $2 ORDER BY id LIMIT $3) v \
     JOIN products p ON p.store_id = $1 AND p.id = v.product_id \
     LEFT JOIN LATERAL (SELECT o.id, o.code, s.stock_quantity FROM stock_levels s \
          JOIN locations o ON o.store_id = $1 AND o.id = s.location_id AND o.kind = 'place' AND o.status <> 'closed' \
          WHERE s.store_id = $1 AND s.variant_id = v.id) l ON true ORDER BY v.id, l.id";

const MOVEMENTS: &str = concat!(
    "SELECT m.id, m.created_at, ARRAY[m.id::text, ",
    time!("m.created_at"),
    ", m.kind, v.sku, v.size, o.code, m.stock_delta::text, m.reserved_delta::text, m.sold_delta::text, \
       m.committed_delta::text, m.stock_after::text, m.reserved_after::text, m.reason, m.reference_id, m.actor] FROM ",
    by_time!("stock_movements"),
    " m JOIN variants v ON v.store_id = $1 AND v.id = m.variant_id \
     JOIN locations o ON o.store_id = $1 AND o.id = m.location_id ORDER BY m.created_at, m.id"
);

const ORDERS: &str = concat!(
    "SELECT o.id, o.created_at, ARRAY[o.order_number, ",
    time!("o.created_at"),
    ", o.status, o.payment_status, o.payment_method, o.payment_reference, ",
    time!("o.paid_at"),
    ", o.invoice_number, o.customer_name, o.customer_email, o.currency, o.subtotal::text, o.discount_amount::text, \
       o.shipping_amount::text, o.tax_amount::text, o.included_tax_amount::text, o.total_amount::text, \
       o.credited_amount::text, (o.total_amount - o.credited_amount)::text, o.received_amount::text, \
       o.refunded_amount::text, o.tax_lines::text] FROM ",
    by_time!("orders"),
    " o ORDER BY o.created_at, o.id"
);

const ORDER_ITEMS: &str = concat!(
    "SELECT o.id, o.created_at, ARRAY[o.order_number, ",
    time!("o.created_at"),
    ", i.sku, i.product_name, i.size, i.quantity::text, i.unit_price::text, i.discount_amount::text, \
       i.tax_amount::text, i.included_tax_amount::text, i.total_price::text, i.shipped_quantity::text, \
       i.cancelled_quantity::text, i.returned_quantity::text] FROM ",
    by_time!("orders"),
    " o JOIN order_items i ON i.store_id = $1 AND i.order_id = o.id ORDER BY o.created_at, o.id, i.id"
);

const ORDER_TAXES: &str = concat!(
    "SELECT o.id, o.created_at, CASE WHEN t.line IS NULL THEN NULL ELSE ARRAY[o.order_number, ",
    time!("o.created_at"),
    ", o.status, o.payment_status, o.invoice_number, o.currency, t.line ->> 'name', t.line ->> 'percent', \
       t.line ->> 'included', t.line ->> 'base', t.line ->> 'tax'] END FROM ",
    by_time!("orders"),
    " o LEFT JOIN LATERAL jsonb_array_elements(o.tax_lines) WITH ORDINALITY AS t (line, nth) ON true \
     ORDER BY o.created_at, o.id, t.nth"
);

/// The part of an amount that belongs to a weight: the difference of two shares, so that the parts add up. `until` is the
/// sum of the weights up to this one.
macro_rules! part {
    ($amount:literal, $until:literal, $weight:literal, $whole:literal) => {
        concat!(
            "COALESCE(div(",
            $amount,
            " * ",
            $until,
            ", NULLIF(",
            $whole,
            ", 0)) - div(",
            $amount,
            " * (",
            $until,
            " - ",
            $weight,
            "), NULLIF(",
            $whole,
            ", 0)), 0)"
        )
    };
}

/// The credited amounts of each rate are those of the items with the rate, and its part of the credited delivery. The
/// delivery is divided over the rates as in the order. The part of a credit is the difference of two shares: that of all
/// credits up to it, and that of the earlier ones. So the credits of an order that ends add up to its tax lines. Orders
/// with items whose rate is not known have one row without a rate.
const CREDIT_TAXES: &str = concat!(
    "SELECT c.id, c.created_at, CASE WHEN t.number IS NULL THEN NULL ELSE ARRAY[c.credit_number, ",
    time!("c.created_at"),
    ", c.kind, o.order_number, o.invoice_number, o.currency, t.line ->> 'name', t.line ->> 'percent', \
       t.line ->> 'included', t.net::int8::text, t.tax::int8::text] END FROM ",
    by_time!("credits"),
    " c CROSS JOIN LATERAL (SELECT * FROM orders WHERE store_id = $1 AND id = c.order_id OFFSET 0) o \
     CROSS JOIN LATERAL (SELECT COALESCE(SUM(shipping_amount - shipping_included_tax_amount), 0) AS net, \
                                COALESCE(SUM(shipping_tax_amount + shipping_included_tax_amount), 0) AS tax \
          FROM credits WHERE store_id = $1 AND order_id = c.order_id AND id < c.id) b \
     CROSS JOIN LATERAL (SELECT o.shipping_amount - o.included_tax_amount + SUM(included_tax_amount) AS delivery, \
                                bool_or(tax_line IS NULL AND tax_amount + included_tax_amount > 0) AS is_unknown \
          FROM order_items WHERE store_id = $1 AND order_id = c.order_id) w \
     LEFT JOIN LATERAL ( \
          SELECT p.number, p.line, p.net + ",
    part!(
        "(b.net + c.shipping_amount - c.shipping_included_tax_amount)",
        "p.net_until",
        "p.delivery_net",
        "w.delivery"
    ),
    " - ",
    part!("b.net", "p.net_until", "p.delivery_net", "w.delivery"),
    " AS net, p.tax + ",
    part!(
        "(b.tax + c.shipping_tax_amount + c.shipping_included_tax_amount)",
        "p.tax_until",
        "p.delivery_tax",
        "p.taxes"
    ),
    " - ",
    part!("b.tax", "p.tax_until", "p.delivery_tax", "p.taxes"),
    " AS tax FROM ( \
              SELECT r.*, SUM(r.delivery_net) OVER (ORDER BY r.number) AS net_until, \
                     SUM(r.delivery_tax) OVER (ORDER BY r.number) AS tax_until, SUM(r.delivery_tax) OVER () AS taxes FROM ( \
                  SELECT n.number, n.line, i.net, i.tax, (n.line ->> 'base')::numeric - i.ordered_net AS delivery_net, \
                         (n.line ->> 'tax')::numeric - i.ordered_tax AS delivery_tax \
                  FROM jsonb_array_elements(o.tax_lines) WITH ORDINALITY AS n (line, number) CROSS JOIN LATERAL ( \
                      SELECT COALESCE(SUM(l.subtotal - l.discount_amount - l.included_tax_amount), 0) AS net, \
                             COALESCE(SUM(l.tax_amount + l.included_tax_amount), 0) AS tax, \
                             COALESCE(SUM(i.total_price - i.discount_amount - i.included_tax_amount), 0) AS ordered_net, \
                             COALESCE(SUM(i.tax_amount + i.included_tax_amount), 0) AS ordered_tax \
                      FROM order_items i LEFT JOIN credit_lines l \
                          ON l.store_id = $1 AND l.credit_id = c.id AND l.variant_id = i.variant_id \
                      WHERE i.store_id = $1 AND i.order_id = c.order_id AND i.tax_line = n.number - 1) i) r) p \
          WHERE NOT w.is_unknown \
          UNION ALL SELECT 1, NULL, c.subtotal - c.discount_amount + c.shipping_amount - c.included_tax_amount, \
                           c.tax_amount + c.included_tax_amount WHERE w.is_unknown) t ON (t.net, t.tax) <> (0, 0) \
     ORDER BY c.created_at, c.id, t.number"
);

const CUSTOMERS: &str = concat!(
    "SELECT u.id, NULL::timestamptz, ARRAY[u.id::text, u.email, u.full_name, ",
    time!("u.created_at"),
    ", u.active::text, s.orders::text, ",
    time!("s.last_order_at"),
    "] FROM (SELECT * FROM users c WHERE c.id > $2 AND c.role = 'customer' \
          AND EXISTS (SELECT FROM orders WHERE store_id = $1 AND user_id = c.id) ORDER BY c.id LIMIT $3) u \
     CROSS JOIN LATERAL (SELECT count(*) AS orders, max(created_at) AS last_order_at FROM orders \
          WHERE store_id = $1 AND user_id = u.id) s ORDER BY u.id"
);

const BARCODES: &str = "SELECT p.id, NULL::timestamptz, CASE WHEN c.code IS NULL THEN NULL \
            ELSE ARRAY[p.sku, c.size, c.code, c.units::text] END \
     FROM (SELECT id, sku FROM products WHERE store_id = $1 AND id > $2 ORDER BY id LIMIT $3) p \
     LEFT JOIN LATERAL (SELECT v.size, c.code, c.units, c.variant_id, c.position, c.code_key FROM product_codes c \
          LEFT JOIN variants v ON v.store_id = $1 AND v.id = c.variant_id \
          WHERE c.store_id = $1 AND c.product_id = p.id AND c.kind = 'barcode') c ON true \
     ORDER BY p.id, c.variant_id NULLS FIRST, c.position, c.code_key";

const SUPPLIERS: &str = "SELECT id, NULL::timestamptz, \
            ARRAY[code, name, email, phone, lead_time_days::text, notes, active::text] \
     FROM suppliers WHERE store_id = $1 AND id > $2 ORDER BY id LIMIT $3";

const PURCHASE_ORDERS: &str = "SELECT i.id, NULL::timestamptz, \
            ARRAY[i.inbound_number, i.reference, s.code, o.code, to_char(i.expected_on, 'YYYY-MM-DD'), i.notes, p.sku, v.size, \
                  l.quantity::text, l.unit_cost::text, to_char(l.expected_on, 'YYYY-MM-DD')] \
     FROM (SELECT * FROM inbounds WHERE store_id = $1 AND kind = 'purchase' AND id > $2 \
                  AND ($4::timestamptz IS NULL OR created_at >= $4) \
                  AND ($5::timestamptz IS NULL OR created_at < $5) ORDER BY id LIMIT $3) i \
     JOIN suppliers s ON s.store_id = $1 AND s.id = i.supplier_id \
     JOIN locations o ON o.store_id = $1 AND o.id = i.to_location_id \
     JOIN inbound_lines l ON l.store_id = $1 AND l.inbound_id = i.id \
     JOIN variants v ON v.store_id = $1 AND v.id = l.variant_id \
     JOIN products p ON p.store_id = $1 AND p.id = v.product_id ORDER BY i.id, l.id";

const fn text_of(kind: ExportKind) -> &'static str {
    match kind {
        ExportKind::Products => PRODUCTS,
        ExportKind::Stock => STOCK,
        ExportKind::Movements => MOVEMENTS,
        ExportKind::Orders => ORDERS,
        ExportKind::OrderItems => ORDER_ITEMS,
        ExportKind::OrderTaxes => ORDER_TAXES,
        ExportKind::CreditTaxes => CREDIT_TAXES,
        ExportKind::Customers => CUSTOMERS,
        ExportKind::Barcodes => BARCODES,
        ExportKind::Suppliers => SUPPLIERS,
        ExportKind::PurchaseOrders => PURCHASE_ORDERS,
    }
}
