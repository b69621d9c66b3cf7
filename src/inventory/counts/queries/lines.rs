//! The SQL that writes lines. Sets of rows are bound as arrays, and sums are of integers. The DSL can write neither.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::{self, count_star};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};

use crate::db::schema::count_lines;
use crate::db::{self, Failure};
use crate::inventory::counts::line::PostedLine;
use crate::inventory::counts::selection::Uncounted;
use crate::inventory::counts::status::{LineStatus, LineTotals};
use crate::kernel::id::{CountId, StoreId, VariantId};

/// Adds open lines after the last one.
pub fn insert(
    conn: &mut PgConnection,
    store: StoreId,
    (count, last): (CountId, i64),
    variants: &[VariantId],
    at: DateTime<Utc>,
) -> QueryResult<()> {
    db::sql(
        "INSERT INTO count_lines (store_id, count_id, line, variant_id, status, opened_at) \
         SELECT $1, $2, $3 + n.ordinal, n.variant_id, 'open', $4 \
         FROM unnest($5::int8[]) WITH ORDINALITY AS n (variant_id, ordinal)",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(count)
    .bind::<BigInt, _>(last)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(variants)
    .execute(conn)
    .map(drop)
}

/// The lines of variants.
pub fn find(
    conn: &mut PgConnection,
    store: StoreId,
    count: CountId,
    variants: &[VariantId],
) -> QueryResult<HashMap<VariantId, (i64, LineStatus)>> {
    let rows: Vec<(VariantId, i64, LineStatus)> = count_lines::table
        .filter(count_lines::store_id.eq(store))
        .filter(count_lines::count_id.eq(count))
        .filter(count_lines::variant_id.eq_any(variants))
        .select((count_lines::variant_id, count_lines::line, count_lines::status))
        .load(conn)?;
    Ok(rows.into_iter().map(|(variant, line, status)| (variant, (line, status))).collect())
}

/// The status of a line, if there is one with this number.
pub fn find_status(
    conn: &mut PgConnection,
    store: StoreId,
    count: CountId,
    line: i64,
) -> QueryResult<Option<LineStatus>> {
    count_lines::table.find((store, count, line)).select(count_lines::status).first(conn).optional()
}

/// The number of lines of each status.
pub fn total(conn: &mut PgConnection, store: StoreId, count: CountId) -> QueryResult<LineTotals> {
    let rows: Vec<(LineStatus, i64, i64)> = count_lines::table
        .filter(count_lines::store_id.eq(store))
        .filter(count_lines::count_id.eq(count))
        .group_by(count_lines::status)
        .select((count_lines::status, count_star(), dsl::count(count_lines::counted_quantity)))
        .load(conn)?;
    let mut totals = LineTotals::default();
    rows.into_iter().for_each(|(status, lines, counted)| totals.add(status, lines, counted));
    Ok(totals)
}

/// Gives lines the observation that follows from their entries: the newest entry that replaces, with those that add to
/// it. The order in which the entries arrived does not matter. Returns the lines with their counted units.
pub fn apply_entries(
    conn: &mut PgConnection,
    store: StoreId,
    count: CountId,
    lines: &[i64],
) -> QueryResult<Vec<(i64, i64)>> {
    db::sql(
        "UPDATE count_lines l SET counted_quantity = f.quantity, counted_at = f.counted_at, counted_by = f.actor \
         FROM (SELECT unnest($3::int8[]) AS line LIMIT $4) n \
         CROSS JOIN LATERAL (SELECT opened_at FROM count_lines \
              WHERE store_id = $1 AND count_id = $2 AND line = n.line OFFSET 0) o \
         LEFT JOIN LATERAL (SELECT counted_at, id FROM count_entries \
              WHERE store_id = $1 AND count_id = $2 AND line = n.line AND counted_at >= o.opened_at AND NOT is_added \
              ORDER BY counted_at DESC, id DESC LIMIT 1) s ON true \
         CROSS JOIN LATERAL (SELECT SUM(quantity)::int8 AS quantity, MAX(counted_at) AS counted_at, \
                     (array_agg(actor ORDER BY counted_at DESC, id DESC))[1] AS actor FROM count_entries \
              WHERE store_id = $1 AND count_id = $2 AND line = n.line AND counted_at >= o.opened_at \
                AND (s.id IS NULL OR (counted_at, id) >= (s.counted_at, s.id))) f \
         WHERE l.store_id = $1 AND l.count_id = $2 AND l.line = n.line AND f.quantity IS NOT NULL \
         RETURNING l.line, l.counted_quantity",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(count)
    .bind::<Array<BigInt>, _>(lines)
    .bind::<BigInt, _>(db::count(lines.len()))
    .columns::<(BigInt, BigInt)>()
    .load(conn)
}

/// Ends the counting of open lines.
pub fn submit(
    conn: &mut PgConnection,
    store: StoreId,
    count: CountId,
    uncounted: Uncounted,
    (actor, at): (&str, DateTime<Utc>),
) -> QueryResult<()> {
    db::sql(
        "UPDATE count_lines SET status = CASE WHEN counted_quantity IS NULL AND NOT $3 THEN 'uncounted' \
                                             ELSE 'submitted' END, \
                counted_quantity = CASE WHEN $3 THEN COALESCE(counted_quantity, 0) ELSE counted_quantity END, \
                counted_at = CASE WHEN $3 THEN COALESCE(counted_at, $4) ELSE counted_at END, \
                counted_by = CASE WHEN $3 THEN COALESCE(counted_by, $5) ELSE counted_by END \
         WHERE store_id = $1 AND count_id = $2 AND status = 'open'",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(count)
    .bind::<Bool, _>(uncounted == Uncounted::Zero)
    .bind::<Timestamptz, _>(at)
    .bind::<Text, _>(actor)
    .execute(conn)
    .map(drop)
}

/// Opens a line again. Observations before this time do not count any more.
pub fn reopen(
    conn: &mut PgConnection,
    store: StoreId,
    count: CountId,
    line: i64,
    at: DateTime<Utc>,
) -> Result<(), Failure> {
    let changed = diesel::update(count_lines::table.find((store, count, line)))
        .set((
            count_lines::status.eq(LineStatus::Open),
            count_lines::opened_at.eq(at),
            count_lines::counted_quantity.eq(None::<i64>),
            count_lines::counted_at.eq(None::<DateTime<Utc>>),
            count_lines::counted_by.eq(None::<String>),
        ))
        .execute(conn)?;
    db::expect_rows(changed, 1, "lines were opened again")
}

/// Cancels the lines that have not ended.
pub fn cancel(conn: &mut PgConnection, store: StoreId, count: CountId) -> QueryResult<()> {
    let pending = [LineStatus::Open, LineStatus::Submitted, LineStatus::Refused];
    let lines = count_lines::table
        .filter(count_lines::store_id.eq(store))
        .filter(count_lines::count_id.eq(count))
        .filter(count_lines::status.eq_any(pending));
    diesel::update(lines).set(count_lines::status.eq(LineStatus::Cancelled)).execute(conn).map(drop)
}

/// The new status of a line, with its figures if it is posted.
#[derive(Clone, Copy, Debug)]
pub struct LineResult {
    pub line: i64,
    pub status: LineStatus,
    pub posted: Option<PostedLine>,
}

/// Writes the results of a posting. The count must have been locked.
pub fn write_results(
    conn: &mut PgConnection,
    store: StoreId,
    count: CountId,
    results: &[LineResult],
) -> Result<(), Failure> {
    let posted =
        |value: fn(PostedLine) -> i64| results.iter().map(|result| result.posted.map(value)).collect::<Vec<_>>();
    let changed = db::sql(
        "UPDATE count_lines l SET status = n.status, expected_quantity = n.expected, unit_value = n.unit_value, \
                touched = n.touched, movement_version = n.version \
         FROM (SELECT unnest($3::int8[]) AS line, unnest($4::text[]) AS status, unnest($5::int8[]) AS expected, \
                      unnest($6::int8[]) AS unit_value, unnest($7::bool[]) AS touched, unnest($8::int8[]) AS version \
               LIMIT $9) n \
         WHERE l.store_id = $1 AND l.count_id = $2 AND l.line = n.line AND l.status IN ('submitted', 'refused')",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(count)
    .bind::<Array<BigInt>, _>(results.iter().map(|result| result.line).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(results.iter().map(|result| result.status).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(posted(|posted| posted.expected))
    .bind::<Array<Nullable<BigInt>>, _>(posted(|posted| posted.unit_value.0))
    .bind::<Array<Nullable<Bool>>, _>(
        results.iter().map(|result| result.posted.map(|posted| posted.touched)).collect::<Vec<_>>(),
    )
    .bind::<Array<Nullable<BigInt>>, _>(posted(|posted| posted.movement_version))
    .bind::<BigInt, _>(db::count(results.len()))
    .execute(conn)?;
    db::expect_rows(changed, results.len(), "lines of a count were written")
}
