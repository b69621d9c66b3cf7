//! The SQL of the receipts of returns. Sets of rows are bound as arrays, which the DSL cannot insert.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use crate::db;
use crate::db::schema::{return_receipt_lines, return_receipts};
use crate::fulfilment::returns::disposition::Disposition;
use crate::kernel::id::{LocationId, OrderId, ReturnId, ReturnLineId, ReturnReceiptId, StoreId};
use crate::kernel::money::Money;

/// A receipt to write.
#[derive(Clone, Debug)]
pub struct NewReturnReceipt {
    pub receipt_number: String,
    pub return_id: ReturnId,
    pub order: OrderId,
    pub location: LocationId,
    /// None if all units were missing.
    pub credit_number: Option<String>,
    pub actor: String,
    pub lines: Vec<ReturnReceiptLine>,
}

/// The units of a line that arrived together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnReceiptLine {
    pub line: ReturnLineId,
    pub units: Disposition,
    pub fee: Money,
}

/// Inserts a receipt with its lines.
pub fn insert(conn: &mut PgConnection, store: StoreId, new: &NewReturnReceipt, at: DateTime<Utc>) -> QueryResult<()> {
    let id: ReturnReceiptId = diesel::insert_into(return_receipts::table)
        .values((
            return_receipts::store_id.eq(store),
            return_receipts::receipt_number.eq(&new.receipt_number),
            return_receipts::return_id.eq(new.return_id),
            return_receipts::order_id.eq(new.order),
            return_receipts::location_id.eq(new.location),
            return_receipts::credit_number.eq(&new.credit_number),
            return_receipts::actor.eq(&new.actor),
            return_receipts::created_at.eq(at),
        ))
        .returning(return_receipts::id)
        .get_result(conn)?;
    let units = |value: fn(Disposition) -> i64| new.lines.iter().map(|line| value(line.units)).collect::<Vec<_>>();
    db::sql(
        "INSERT INTO return_receipt_lines (store_id, receipt_id, line_id, restocked_quantity, quarantined_quantity, \
                scrapped_quantity, missing_quantity, fee) \
         SELECT $1, $2, unnest($3::int8[]), unnest($4::int8[]), unnest($5::int8[]), unnest($6::int8[]), \
                unnest($7::int8[]), unnest($8::int8[])",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(id)
    .bind::<Array<BigInt>, _>(new.lines.iter().map(|line| line.line).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(units(|units| units.restock))
    .bind::<Array<BigInt>, _>(units(|units| units.quarantine))
    .bind::<Array<BigInt>, _>(units(|units| units.scrap))
    .bind::<Array<BigInt>, _>(units(|units| units.missing))
    .bind::<Array<BigInt>, _>(new.lines.iter().map(|line| line.fee).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

/// A receipt as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = return_receipts)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct ReturnReceipt {
    pub id: ReturnReceiptId,
    pub receipt_number: String,
    pub return_id: ReturnId,
    pub location_id: LocationId,
    pub credit_number: Option<String>,
    pub actor: String,
    pub created_at: DateTime<Utc>,
}

/// The receipts of returns with their lines, the oldest first.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    ids: &[ReturnId],
) -> QueryResult<Vec<(ReturnReceipt, Vec<ReturnReceiptLine>)>> {
    let found: Vec<ReturnReceipt> = return_receipts::table
        .filter(return_receipts::store_id.eq(store))
        .filter(return_receipts::return_id.eq_any(ids))
        .order(return_receipts::id)
        .select(ReturnReceipt::as_select())
        .load(conn)?;
    let receipts: Vec<ReturnReceiptId> = found.iter().map(|receipt| receipt.id).collect();
    let mut lines = list_lines(conn, store, &receipts)?;
    let with_lines = |receipt: ReturnReceipt| {
        let lines = lines.remove(&receipt.id).unwrap_or_default();
        (receipt, lines)
    };
    Ok(found.into_iter().map(with_lines).collect())
}

type LineRow = (ReturnReceiptId, ReturnLineId, i64, i64, i64, i64, Money);

fn list_lines(
    conn: &mut PgConnection,
    store: StoreId,
    receipts: &[ReturnReceiptId],
) -> QueryResult<HashMap<ReturnReceiptId, Vec<ReturnReceiptLine>>> {
    let rows: Vec<LineRow> = return_receipt_lines::table
        .filter(return_receipt_lines::store_id.eq(store))
        .filter(return_receipt_lines::receipt_id.eq_any(receipts))
        .order((return_receipt_lines::receipt_id, return_receipt_lines::line_id))
        .select((
            return_receipt_lines::receipt_id,
            return_receipt_lines::line_id,
            return_receipt_lines::restocked_quantity,
            return_receipt_lines::quarantined_quantity,
            return_receipt_lines::scrapped_quantity,
            return_receipt_lines::missing_quantity,
            return_receipt_lines::fee,
        ))
        .load(conn)?;
    let mut of_receipt: HashMap<ReturnReceiptId, Vec<ReturnReceiptLine>> = HashMap::new();
    for (receipt, line, restock, quarantine, scrap, missing, fee) in rows {
        let units = Disposition { restock, quarantine, scrap, missing };
        of_receipt.entry(receipt).or_default().push(ReturnReceiptLine { line, units, fee });
    }
    Ok(of_receipt)
}
