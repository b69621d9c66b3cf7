//! The SQL of corrected costs. Rows are only appended.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::db;
use crate::db::schema::inbound_receipt_costs;
use crate::kernel::id::{InboundId, InboundLineId, InboundReceiptId, StoreId};
use crate::kernel::money::Money;

pub fn insert(
    conn: &mut PgConnection,
    store: StoreId,
    receipt: InboundReceiptId,
    costs: &[(InboundLineId, Money)],
    actor: &str,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    let row = |(line, unit_cost): &(InboundLineId, Money)| {
        (
            inbound_receipt_costs::store_id.eq(store),
            inbound_receipt_costs::receipt_id.eq(receipt),
            inbound_receipt_costs::line_id.eq(*line),
            inbound_receipt_costs::unit_cost.eq(*unit_cost),
            inbound_receipt_costs::actor.eq(actor),
            inbound_receipt_costs::created_at.eq(at),
        )
    };
    let rows: Vec<_> = costs.iter().map(row).collect();
    diesel::insert_into(inbound_receipt_costs::table).values(rows).execute(conn).map(drop)
}

/// The corrected costs of the receipts of an order: the newest one of each line. The DSL has no DISTINCT ON for joins.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    order: InboundId,
) -> QueryResult<HashMap<(InboundReceiptId, InboundLineId), Money>> {
    let rows: Vec<(InboundReceiptId, InboundLineId, Money)> = db::sql(
        "SELECT DISTINCT ON (c.receipt_id, c.line_id) c.receipt_id, c.line_id, c.unit_cost \
         FROM inbound_receipts r JOIN inbound_receipt_costs c ON c.store_id = $1 AND c.receipt_id = r.id \
         WHERE r.store_id = $1 AND r.inbound_id = $2 ORDER BY c.receipt_id, c.line_id, c.id DESC",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(order)
    .columns::<(BigInt, BigInt, BigInt)>()
    .load(conn)?;
    Ok(rows.into_iter().map(|(receipt, line, cost)| ((receipt, line), cost)).collect())
}
