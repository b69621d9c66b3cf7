//! The SQL of lines. Sets of rows come in as arrays, which the DSL cannot insert.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use crate::db::schema::{inbound_lines, products, variants};
use crate::db::{self, Failure};
use crate::inventory::transfers::line::{LineCounts, TransferLine};
use crate::kernel::id::{InboundId, InboundLineId, ProductId, StoreId, VariantId};

/// Inserts the planned lines, with nothing sent.
pub fn insert(
    conn: &mut PgConnection,
    store: StoreId,
    transfer: InboundId,
    lines: &[(VariantId, i64)],
) -> QueryResult<()> {
    let (variants, quantities): (Vec<VariantId>, Vec<i64>) = lines.iter().copied().unzip();
    db::sql(
        "INSERT INTO inbound_lines (store_id, inbound_id, variant_id, quantity, sent_quantity, over_quantity, \
                accepted_quantity, rejected_quantity, lost_quantity, returned_quantity, cancelled_quantity, \
                outstanding_quantity) \
         SELECT $1, $2, n.variant_id, n.quantity, 0, 0, 0, 0, 0, 0, 0, 0 \
         FROM unnest($3::int8[], $4::int8[]) WITH ORDINALITY AS n (variant_id, quantity, line) ORDER BY n.line",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(transfer)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<Array<BigInt>, _>(quantities)
    .execute(conn)
    .map(drop)
}

/// Deletes the lines of a draft.
pub fn delete(conn: &mut PgConnection, store: StoreId, transfer: InboundId) -> QueryResult<()> {
    let lines = inbound_lines::table.filter(inbound_lines::store_id.eq(store));
    diesel::delete(lines.filter(inbound_lines::inbound_id.eq(transfer))).execute(conn).map(drop)
}

/// Writes the counts of lines as they are in memory. The transfer must have been locked.
pub fn update(conn: &mut PgConnection, store: StoreId, lines: &[TransferLine]) -> Result<(), Failure> {
    let count = |value: fn(&LineCounts) -> i64| lines.iter().map(|line| value(&line.counts)).collect::<Vec<_>>();
    let changed = db::sql(
        "UPDATE inbound_lines l SET sent_quantity = n.sent, over_quantity = n.over_sent, \
                accepted_quantity = n.accepted, rejected_quantity = n.rejected, lost_quantity = n.lost, \
                returned_quantity = n.returned, outstanding_quantity = n.outstanding \
         FROM (SELECT unnest($2::int8[]) AS id, unnest($3::int8[]) AS sent, unnest($4::int8[]) AS over_sent, \
                      unnest($5::int8[]) AS accepted, unnest($6::int8[]) AS rejected, unnest($7::int8[]) AS lost, \
                      unnest($8::int8[]) AS returned, unnest($9::int8[]) AS outstanding) n \
         WHERE l.store_id = $1 AND l.id = n.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(lines.iter().map(|line| line.id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(count(|counts| counts.sent))
    .bind::<Array<BigInt>, _>(count(|counts| counts.over))
    .bind::<Array<BigInt>, _>(count(|counts| counts.accepted))
    .bind::<Array<BigInt>, _>(count(|counts| counts.rejected))
    .bind::<Array<BigInt>, _>(count(|counts| counts.lost))
    .bind::<Array<BigInt>, _>(count(|counts| counts.returned))
    .bind::<Array<BigInt>, _>(count(|counts| counts.outstanding))
    .execute(conn)?;
    db::expect_rows(changed, lines.len(), "lines of a transfer were written")
}

type LineRow =
    ((InboundLineId, VariantId, ProductId, String, String, Option<String>), (i64, i64, i64, i64, i64, i64, i64, i64));

/// The lines of a transfer, in the order of its plan.
pub fn list(conn: &mut PgConnection, store: StoreId, transfer: InboundId) -> QueryResult<Vec<TransferLine>> {
    let of_line = variants::store_id.eq(inbound_lines::store_id).and(variants::id.eq(inbound_lines::variant_id));
    let of_variant = products::store_id.eq(variants::store_id).and(products::id.eq(variants::product_id));
    let rows: Vec<LineRow> = inbound_lines::table
        .inner_join(variants::table.on(of_line))
        .inner_join(products::table.on(of_variant))
        .filter(inbound_lines::store_id.eq(store))
        .filter(inbound_lines::inbound_id.eq(transfer))
        .order(inbound_lines::id)
        .select((
            (inbound_lines::id, variants::id, products::id, variants::sku, products::name, variants::size),
            (
                inbound_lines::quantity,
                inbound_lines::sent_quantity,
                inbound_lines::over_quantity,
                inbound_lines::accepted_quantity,
                inbound_lines::rejected_quantity,
                inbound_lines::lost_quantity,
                inbound_lines::returned_quantity,
                inbound_lines::outstanding_quantity,
            ),
        ))
        .load(conn)?;
    let line = |((id, variant_id, product_id, sku, product_name, size), counts): LineRow| {
        let (planned, sent, over, accepted, rejected, lost, returned, outstanding) = counts;
        let counts = LineCounts { planned, sent, over, accepted, rejected, lost, returned, outstanding };
        TransferLine { id, variant_id, product_id, sku, product_name, size, counts }
    };
    Ok(rows.into_iter().map(line).collect())
}

/// The sums of the lines of each transfer: planned, sent, outstanding.
pub fn sum(
    conn: &mut PgConnection,
    store: StoreId,
    transfers: &[InboundId],
) -> QueryResult<HashMap<InboundId, (i64, i64, i64)>> {
    let rows: Vec<(InboundId, i64, i64, i64)> = db::sql(
        "SELECT inbound_id, SUM(quantity)::int8, SUM(sent_quantity)::int8, SUM(outstanding_quantity)::int8 \
         FROM inbound_lines WHERE store_id = $1 AND inbound_id = ANY($2) GROUP BY inbound_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(transfers)
    .columns::<(BigInt, BigInt, BigInt, BigInt)>()
    .load(conn)?;
    Ok(rows.into_iter().map(|(id, planned, sent, outstanding)| (id, (planned, sent, outstanding))).collect())
}
