//! The SQL of lines. Sets of rows are bound as arrays, which the DSL cannot insert.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text};

use crate::db::schema::{inbound_lines, products, variants};
use crate::db::{self, Failure};
use crate::inventory::inbounds::line::{InboundLine, LineCounts};
use crate::kernel::id::{InboundId, InboundLineId, ProductId, StoreId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::sum::Sum;

/// A line to insert.
#[derive(Clone, Debug)]
pub struct NewLine {
    pub variant: VariantId,
    pub counts: LineCounts,
    pub unit_cost: Option<Money>,
    pub expected_on: Option<NaiveDate>,
}

/// Inserts the lines of drafts, of which nothing has ended.
pub fn insert(conn: &mut PgConnection, store: StoreId, lines: &[(InboundId, &NewLine)]) -> QueryResult<()> {
    let count = |value: fn(&LineCounts) -> i64| lines.iter().map(|(_, line)| value(&line.counts)).collect::<Vec<_>>();
    db::sql(
        "INSERT INTO inbound_lines (store_id, inbound_id, variant_id, quantity, sent_quantity, outstanding_quantity, \
                unit_cost, expected_on, over_quantity, accepted_quantity, rejected_quantity, lost_quantity, \
                returned_quantity, cancelled_quantity) \
         SELECT $1, n.inbound_id, n.variant_id, n.quantity, n.sent, n.outstanding, n.unit_cost, n.expected_on, \
                0, 0, 0, 0, 0, 0 \
         FROM unnest($2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::int8[], $8::date[]) WITH ORDINALITY \
              AS n (inbound_id, variant_id, quantity, sent, outstanding, unit_cost, expected_on, line) ORDER BY n.line",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(lines.iter().map(|(inbound, _)| *inbound).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(lines.iter().map(|(_, line)| line.variant).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(count(|counts| counts.planned))
    .bind::<Array<BigInt>, _>(count(|counts| counts.sent))
    .bind::<Array<BigInt>, _>(count(|counts| counts.outstanding))
    .bind::<Array<Nullable<BigInt>>, _>(lines.iter().map(|(_, line)| line.unit_cost).collect::<Vec<_>>())
    .bind::<Array<Nullable<Date>>, _>(lines.iter().map(|(_, line)| line.expected_on).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

/// Deletes the lines of drafts.
pub fn delete(conn: &mut PgConnection, store: StoreId, inbounds: &[InboundId]) -> QueryResult<()> {
    let lines = inbound_lines::table.filter(inbound_lines::store_id.eq(store));
    diesel::delete(lines.filter(inbound_lines::inbound_id.eq_any(inbounds))).execute(conn).map(drop)
}

/// Writes the counts and the expected days of lines as they are in memory. The document must have been locked.
pub fn update(conn: &mut PgConnection, store: StoreId, lines: &[InboundLine]) -> Result<(), Failure> {
    let count = |value: fn(&LineCounts) -> i64| lines.iter().map(|line| value(&line.counts)).collect::<Vec<_>>();
    let changed = db::sql(
        "UPDATE inbound_lines l SET sent_quantity = n.sent, over_quantity = n.over_sent, \
                accepted_quantity = n.accepted, rejected_quantity = n.rejected, lost_quantity = n.lost, \
                returned_quantity = n.returned, cancelled_quantity = n.cancelled, \
                outstanding_quantity = n.outstanding, expected_on = n.expected_on \
         FROM (SELECT unnest($2::int8[]) AS id, unnest($3::int8[]) AS sent, unnest($4::int8[]) AS over_sent, \
                      unnest($5::int8[]) AS accepted, unnest($6::int8[]) AS rejected, unnest($7::int8[]) AS lost, \
                      unnest($8::int8[]) AS returned, unnest($9::int8[]) AS cancelled, unnest($10::int8[]) AS outstanding, \
                      unnest($11::date[]) AS expected_on) n \
         WHERE l.store_id = $1 AND l.id = n.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(lines.iter().map(|line| line.id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(count(|counts| counts.sent))
    .bind::<Array<BigInt>, _>(count(|counts| counts.surplus))
    .bind::<Array<BigInt>, _>(count(|counts| counts.accepted))
    .bind::<Array<BigInt>, _>(count(|counts| counts.rejected))
    .bind::<Array<BigInt>, _>(count(|counts| counts.lost))
    .bind::<Array<BigInt>, _>(count(|counts| counts.returned))
    .bind::<Array<BigInt>, _>(count(|counts| counts.cancelled))
    .bind::<Array<BigInt>, _>(count(|counts| counts.outstanding))
    .bind::<Array<Nullable<Date>>, _>(lines.iter().map(|line| line.expected_on).collect::<Vec<_>>())
    .execute(conn)?;
    db::expect_rows(changed, lines.len(), "lines of a document were written")
}

type Names = (InboundLineId, VariantId, ProductId, String, String, Option<String>);
type Counts = (i64, i64, i64, i64, i64, i64, i64, i64, i64);
type CostAndDate = (Option<Money>, Option<NaiveDate>);

/// The lines of a document, in the order of its plan.
pub fn list(conn: &mut PgConnection, store: StoreId, inbound: InboundId) -> QueryResult<Vec<InboundLine>> {
    Ok(list_all(conn, store, &[inbound])?.remove(&inbound).unwrap_or_default())
}

/// The lines of documents, each in the order of its plan.
pub fn list_all(
    conn: &mut PgConnection,
    store: StoreId,
    inbounds: &[InboundId],
) -> QueryResult<HashMap<InboundId, Vec<InboundLine>>> {
    let of_line = variants::store_id.eq(inbound_lines::store_id).and(variants::id.eq(inbound_lines::variant_id));
    let of_variant = products::store_id.eq(variants::store_id).and(products::id.eq(variants::product_id));
    let query = inbound_lines::table
        .inner_join(variants::table.on(of_line))
        .inner_join(products::table.on(of_variant))
        .filter(inbound_lines::store_id.eq(store))
        .order(inbound_lines::id)
        .select((
            inbound_lines::inbound_id,
            (inbound_lines::id, variants::id, products::id, variants::sku, products::name, variants::size),
            (
                inbound_lines::quantity,
                inbound_lines::sent_quantity,
                inbound_lines::over_quantity,
                inbound_lines::accepted_quantity,
                inbound_lines::rejected_quantity,
                inbound_lines::lost_quantity,
                inbound_lines::returned_quantity,
                inbound_lines::cancelled_quantity,
                inbound_lines::outstanding_quantity,
            ),
            (inbound_lines::unit_cost, inbound_lines::expected_on),
        ))
        .into_boxed();
    // For an array, the planner expects many lines, and would read all variants of a small store.
    let query = match inbounds {
        [inbound] => query.filter(inbound_lines::inbound_id.eq(*inbound)),
        several => query.filter(inbound_lines::inbound_id.eq_any(several)),
    };
    let rows: Vec<(InboundId, Names, Counts, CostAndDate)> = query.load(conn)?;
    let mut lines: HashMap<InboundId, Vec<InboundLine>> = HashMap::new();
    for (inbound, names, counts, terms) in rows {
        lines.entry(inbound).or_default().push(line(names, counts, terms));
    }
    Ok(lines)
}

fn line(names: Names, counts: Counts, (unit_cost, expected_on): CostAndDate) -> InboundLine {
    let (id, variant_id, product_id, sku, product_name, size) = names;
    let (planned, sent, surplus, accepted, rejected, lost, returned, cancelled, outstanding) = counts;
    let counts = LineCounts { planned, sent, surplus, accepted, rejected, lost, returned, cancelled, outstanding };
    InboundLine { id, variant_id, product_id, sku, product_name, size, counts, unit_cost, expected_on }
}

/// The sums of the lines of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineSums {
    pub planned: i64,
    pub sent: i64,
    pub outstanding: i64,
    /// The cost of the planned units, in minor units.
    pub cost: Sum,
}

/// The sums of the lines of each document.
pub fn sum(
    conn: &mut PgConnection,
    store: StoreId,
    inbounds: &[InboundId],
) -> QueryResult<HashMap<InboundId, LineSums>> {
    let rows: Vec<(InboundId, i64, i64, i64, Sum)> = db::sql(
        "SELECT inbound_id, SUM(quantity)::int8, SUM(sent_quantity)::int8, SUM(outstanding_quantity)::int8, \
                COALESCE(SUM(quantity::numeric * unit_cost), 0)::text \
         FROM inbound_lines WHERE store_id = $1 AND inbound_id = ANY($2) GROUP BY inbound_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(inbounds)
    .columns::<(BigInt, BigInt, BigInt, BigInt, Text)>()
    .load(conn)?;
    let sums = |(id, planned, sent, outstanding, cost)| (id, LineSums { planned, sent, outstanding, cost });
    Ok(rows.into_iter().map(sums).collect())
}
