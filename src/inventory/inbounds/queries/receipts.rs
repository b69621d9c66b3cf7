//! The SQL of receipts. Sets of rows are bound as arrays, which the DSL cannot insert.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use crate::db;
use crate::db::schema::{inbound_receipt_lines, inbound_receipts};
use crate::inventory::inbounds::arrival::ReceiptLine;
use crate::inventory::inbounds::line::ReceivedCounts;
use crate::inventory::inbounds::receipt::{NewReceipt, Receipt};
use crate::kernel::id::{InboundId, InboundLineId, InboundReceiptId, StoreId};
use crate::kernel::money::Money;

pub fn insert(conn: &mut PgConnection, store: StoreId, new: &NewReceipt, at: DateTime<Utc>) -> QueryResult<()> {
    let id: InboundReceiptId = diesel::insert_into(inbound_receipts::table)
        .values((
            inbound_receipts::store_id.eq(store),
            inbound_receipts::inbound_id.eq(new.inbound),
            inbound_receipts::receipt_number.eq(&new.receipt_number),
            inbound_receipts::reverses_id.eq(new.reverses),
            inbound_receipts::reference.eq(&new.reference),
            inbound_receipts::reason.eq(&new.reason),
            inbound_receipts::actor.eq(&new.actor),
            inbound_receipts::created_at.eq(at),
        ))
        .returning(inbound_receipts::id)
        .get_result(conn)?;
    let count =
        |value: fn(&ReceivedCounts) -> i64| new.lines.iter().map(|line| value(&line.counts)).collect::<Vec<_>>();
    db::sql(
        "INSERT INTO inbound_receipt_lines (store_id, receipt_id, line_id, accepted_quantity, rejected_quantity, \
                quarantined_quantity, over_quantity, reject_reason, unit_cost) \
         SELECT $1, $2, unnest($3::int8[]), unnest($4::int8[]), unnest($5::int8[]), unnest($6::int8[]), \
                unnest($7::int8[]), unnest($8::text[]), unnest($9::int8[])",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(id)
    .bind::<Array<BigInt>, _>(new.lines.iter().map(|line| line.line).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(count(|counts| counts.accepted))
    .bind::<Array<BigInt>, _>(count(|counts| counts.rejected))
    .bind::<Array<BigInt>, _>(count(|counts| counts.quarantined))
    .bind::<Array<BigInt>, _>(count(|counts| counts.surplus))
    .bind::<Array<Nullable<Text>>, _>(new.lines.iter().map(|line| line.reject_reason.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(new.lines.iter().map(|line| line.unit_cost).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

type Row = (InboundReceiptId, String, Option<InboundReceiptId>, Option<String>, Option<String>, String, DateTime<Utc>);

/// The receipts of a document with their lines, the oldest first.
pub fn list(conn: &mut PgConnection, store: StoreId, inbound: InboundId) -> QueryResult<Vec<Receipt>> {
    let rows: Vec<Row> = inbound_receipts::table
        .filter(inbound_receipts::store_id.eq(store))
        .filter(inbound_receipts::inbound_id.eq(inbound))
        .order(inbound_receipts::id)
        .select((
            inbound_receipts::id,
            inbound_receipts::receipt_number,
            inbound_receipts::reverses_id,
            inbound_receipts::reference,
            inbound_receipts::reason,
            inbound_receipts::actor,
            inbound_receipts::created_at,
        ))
        .load(conn)?;
    let ids: Vec<InboundReceiptId> = rows.iter().map(|(id, ..)| *id).collect();
    let mut lines = list_lines(conn, store, &ids)?;
    let receipt = |(id, receipt_number, reverses, reference, reason, actor, created_at)| {
        let lines = lines.remove(&id).unwrap_or_default();
        Receipt { id, receipt_number, reverses, reference, reason, actor, created_at, lines }
    };
    Ok(rows.into_iter().map(receipt).collect())
}

type LineRow = (InboundReceiptId, InboundLineId, i64, i64, i64, i64, Option<String>, Option<Money>);

fn list_lines(
    conn: &mut PgConnection,
    store: StoreId,
    receipts: &[InboundReceiptId],
) -> QueryResult<HashMap<InboundReceiptId, Vec<ReceiptLine>>> {
    let rows: Vec<LineRow> = inbound_receipt_lines::table
        .filter(inbound_receipt_lines::store_id.eq(store))
        .filter(inbound_receipt_lines::receipt_id.eq_any(receipts))
        .order((inbound_receipt_lines::receipt_id, inbound_receipt_lines::line_id))
        .select((
            inbound_receipt_lines::receipt_id,
            inbound_receipt_lines::line_id,
            inbound_receipt_lines::accepted_quantity,
            inbound_receipt_lines::rejected_quantity,
            inbound_receipt_lines::quarantined_quantity,
            inbound_receipt_lines::over_quantity,
            inbound_receipt_lines::reject_reason,
            inbound_receipt_lines::unit_cost,
        ))
        .load(conn)?;
    let mut of_receipt: HashMap<InboundReceiptId, Vec<ReceiptLine>> = HashMap::new();
    for (receipt, line, accepted, rejected, quarantined, surplus, reject_reason, unit_cost) in rows {
        let counts = ReceivedCounts { accepted, rejected, quarantined, surplus };
        of_receipt.entry(receipt).or_default().push(ReceiptLine { line, counts, reject_reason, unit_cost });
    }
    Ok(of_receipt)
}
