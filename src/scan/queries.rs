//! The SQL of scanned numbers and of open documents. The DSL has no UNION of different tables with constants.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text};

use super::kinds::{DocumentKind, OpenKind, ScanKind};
use crate::db;
use crate::kernel::id::{LocationId, StoreId, VariantId};

/// A document that was found by a number: its own, or that of one of its acts.
#[derive(Clone, Debug, QueryableByName)]
pub struct NumberedDocument {
    #[diesel(sql_type = Text)]
    pub scanned: ScanKind,
    #[diesel(sql_type = Text)]
    pub kind: DocumentKind,
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub number: String,
    #[diesel(sql_type = Text)]
    pub status: String,
}

/// The document with this number. Each kind of number is one more SELECT.
pub fn find_document(conn: &mut PgConnection, store: StoreId, number: &str) -> QueryResult<Option<NumberedDocument>> {
    db::sql(
        "SELECT 'order' AS scanned, 'order' AS kind, id, order_number AS number, status \
         FROM orders WHERE store_id = $1 AND order_number = $2 \
         UNION ALL SELECT kind, kind, id, inbound_number, status \
         FROM inbounds WHERE store_id = $1 AND inbound_number = $2 \
         UNION ALL SELECT 'receipt', i.kind, i.id, i.inbound_number, i.status \
         FROM inbound_receipts r JOIN inbounds i ON i.store_id = $1 AND i.id = r.inbound_id \
         WHERE r.store_id = $1 AND r.receipt_number = $2 \
         UNION ALL SELECT 'shipment', 'order', o.id, o.order_number, o.status \
         FROM shipments s JOIN orders o ON o.store_id = $1 AND o.id = s.order_id \
         WHERE s.store_id = $1 AND s.shipment_number = $2 \
         UNION ALL SELECT 'count', 'count', id, count_number, status \
         FROM counts WHERE store_id = $1 AND count_number = $2 \
         UNION ALL SELECT 'return', 'return', id, return_number, status \
         FROM returns WHERE store_id = $1 AND return_number = $2 \
         UNION ALL SELECT 'receipt', 'return', d.id, d.return_number, d.status \
         FROM return_receipts r JOIN returns d ON d.store_id = $1 AND d.id = r.return_id \
         WHERE r.store_id = $1 AND r.receipt_number = $2",
    )
    .bind::<BigInt, _>(store)
    .bind::<Text, _>(number.to_ascii_uppercase())
    .get_result(conn)
    .optional()
}

/// An open document of a variant: one that still expects units, or a count with an open line.
#[derive(Clone, Debug, QueryableByName)]
pub struct OpenDocument {
    #[diesel(sql_type = Text)]
    pub kind: OpenKind,
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub number: String,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = BigInt)]
    pub location_id: LocationId,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub quantity: Option<i64>,
    #[diesel(sql_type = Nullable<Date>)]
    pub expected_on: Option<NaiveDate>,
}

/// The open documents of variants, by kind, the oldest first. Each kind of document is one more SELECT.
pub fn list_open(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
    limit: i64,
) -> QueryResult<Vec<OpenDocument>> {
    db::sql(
        "SELECT * FROM ( \
             SELECT i.kind, i.id, i.inbound_number AS number, i.status, i.to_location_id AS location_id, \
                    CASE i.status WHEN 'ready' THEN l.quantity ELSE l.outstanding_quantity END AS quantity, \
                    COALESCE(l.expected_on, i.expected_on) AS expected_on \
             FROM inbound_lines l JOIN inbounds i ON i.store_id = $1 AND i.id = l.inbound_id \
             WHERE l.store_id = $1 AND l.variant_id = ANY ($2) \
               AND i.status NOT IN ('draft', 'received', 'cancelled') \
             UNION ALL SELECT 'count', c.id, c.count_number, c.status, c.location_id, NULL, NULL \
             FROM counts c JOIN count_lines l ON l.store_id = $1 AND l.count_id = c.id AND l.variant_id = ANY ($2) \
             WHERE c.store_id = $1 AND c.status = 'open' AND l.status = 'open') d \
         WHERE d.quantity IS NULL OR d.quantity > 0 ORDER BY d.kind, d.id LIMIT $3",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<BigInt, _>(limit)
    .load(conn)
}
