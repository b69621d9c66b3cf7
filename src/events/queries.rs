//! The SQL that reads the feed. The DSL has neither LATERAL nor the indexes of the elements of an array.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::{max, min};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable};
use serde_json::Value;

use crate::db;
use crate::db::schema::{feed, feed_positions};
use crate::kernel::cursor::Cursor;
use crate::kernel::id::StoreId;

/// The ids that the rows of the feed keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// Of stock movements.
    Movements,
    /// Of all rows of the audit: the movements, then the others.
    All,
}

macro_rules! list_ids {
    ($column:literal) => {
        concat!(
            "SELECT f.position, u.ordinal, u.id FROM feed f \
             CROSS JOIN LATERAL unnest(",
            $column,
            ") WITH ORDINALITY AS u (id, ordinal) \
             WHERE f.store_id = $1 AND f.position >= $2 AND (f.position > $2 OR u.ordinal > $3) \
             ORDER BY f.position, u.ordinal LIMIT $4"
        )
    };
}

/// The next ids, each with the cursor after it.
pub fn list_ids(
    conn: &mut PgConnection,
    store: StoreId,
    ids: Ids,
    after: Cursor,
    limit: i64,
) -> QueryResult<Vec<(Cursor, i64)>> {
    let text = match ids {
        Ids::Movements => list_ids!("f.movements"),
        Ids::All => list_ids!("f.movements || f.entries"),
    };
    let rows: Vec<(i64, i64, i64)> = db::sql(text)
        .bind::<BigInt, _>(store)
        .bind::<BigInt, _>(after.position)
        .bind::<BigInt, _>(after.index)
        .bind::<BigInt, _>(limit)
        .columns::<(BigInt, BigInt, BigInt)>()
        .load(conn)?;
    Ok(rows.into_iter().map(|(position, index, id)| (Cursor { position, index }, id)).collect())
}

/// The end of the feed, and the number of ids in it.
pub fn end(conn: &mut PgConnection, store: StoreId, ids: Ids) -> QueryResult<(Cursor, i64)> {
    let row = feed_positions::table.find(store);
    let row = row.select((feed_positions::position, feed_positions::movements, feed_positions::entries));
    let found: Option<(i64, i64, i64)> = row.first(conn).optional()?;
    let (position, movements, entries) = found.unwrap_or_default();
    let ids_of_feed = match ids {
        Ids::Movements => movements,
        Ids::All => movements.saturating_add(entries),
    };
    Ok((Cursor::after(position), ids_of_feed))
}

/// The number of ids up to a cursor.
pub fn count_until(conn: &mut PgConnection, store: StoreId, ids: Ids, cursor: Cursor) -> QueryResult<i64> {
    let row: Option<(i64, i64, i64, i64, i64)> = db::sql(
        "SELECT position, movements_before, entries_before, cardinality(movements)::int8, cardinality(entries)::int8 \
         FROM feed WHERE store_id = $1 AND position <= $2 ORDER BY position DESC LIMIT 1",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(cursor.position)
    .columns::<(BigInt, BigInt, BigInt, BigInt, BigInt)>()
    .get_result(conn)
    .optional()?;
    let Some((position, movements_before, entries_before, movements, entries)) = row else { return Ok(0) };
    let (before, of_row) = match ids {
        Ids::Movements => (movements_before, movements),
        Ids::All => (movements_before.saturating_add(entries_before), movements.saturating_add(entries)),
    };
    let is_whole = position < cursor.position;
    Ok(before.saturating_add(if is_whole { of_row } else { of_row.min(cursor.index) }))
}

/// A row of the feed.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, QueryableByName)]
pub struct FeedRow {
    #[diesel(sql_type = BigInt)]
    pub position: i64,
    #[diesel(sql_type = Array<BigInt>)]
    pub movements: Vec<i64>,
    #[diesel(sql_type = Jsonb)]
    pub events: Value,
    /// The changes of stock statuses that the row caused, as events.
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub status_events: Option<Value>,
}

#[derive(QueryableByName)]
struct NextRow {
    #[diesel(embed)]
    content: FeedRow,
    /// The number of rows that were found from the position on.
    #[diesel(sql_type = BigInt)]
    waiting: i64,
}

/// Neighbouring rows of the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedPart {
    pub rows: Vec<FeedRow>,
    /// True if the feed ended with the last of these rows.
    pub is_end: bool,
}

/// The largest numbers of rows, and of their events and movements.
#[derive(Clone, Copy, Debug)]
pub struct PartSize {
    pub rows: i64,
    /// After so many events and movements, no further row is read. The first row is always read.
    pub facts: i64,
}

/// The rows from a position on. A row may have the events of thousands of products, so the number of rows alone would not
/// limit the memory that they take.
pub fn list_rows(conn: &mut PgConnection, store: StoreId, from: i64, size: PartSize) -> QueryResult<FeedPart> {
    let found: Vec<NextRow> = db::sql(
        "SELECT position, movements, events, status_events, waiting FROM ( \
             SELECT *, count(*) OVER () AS waiting, sum(facts) OVER (ORDER BY position) - facts AS before FROM ( \
                 SELECT position, movements, events, status_events, cardinality(movements) + jsonb_array_length(events) \
                        + COALESCE(jsonb_array_length(status_events), 0) AS facts \
                 FROM feed WHERE store_id = $1 AND position >= $2 ORDER BY position LIMIT $3) next) counted \
         WHERE before < $4 ORDER BY position",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(from)
    .bind::<BigInt, _>(size.rows)
    .bind::<BigInt, _>(size.facts)
    .load(conn)?;
    let count = db::count(found.len());
    let is_end = count < size.rows && found.last().is_none_or(|next| next.waiting == count);
    Ok(FeedPart { rows: found.into_iter().map(|next| next.content).collect(), is_end })
}

/// The rows at these positions, ascending.
pub fn list_rows_at(conn: &mut PgConnection, store: StoreId, positions: &[i64]) -> QueryResult<Vec<FeedRow>> {
    feed::table
        .filter(feed::store_id.eq(store))
        .filter(feed::position.eq_any(positions))
        .order(feed::position)
        .select((feed::position, feed::movements, feed::events, feed::status_events))
        .load(conn)
}

/// The first and the last position of the rows between two times. The second time is excluded.
pub fn find_range(
    conn: &mut PgConnection,
    store: StoreId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<Option<(i64, i64)>> {
    let rows = feed::table.filter(feed::store_id.eq(store)).filter(feed::created_at.ge(from));
    let rows = rows.filter(feed::created_at.lt(to));
    let (first, last): (Option<i64>, Option<i64>) =
        rows.select((min(feed::position), max(feed::position))).first(conn)?;
    Ok(first.zip(last))
}

/// The largest number of ids that are read for one response. A filter may match few of them. So a response may have no
/// rows although there are more: the client continues with its cursor.
const MAX_IDS: usize = 10_000;
/// The largest number of ids that one statement reads.
const IDS_AT_A_TIME: i64 = 1_000;

/// The next rows of a feed that match, and the cursor after them. `load` returns the matching rows of some ids.
pub fn list_matching<T>(
    conn: &mut PgConnection,
    (store, ids): (StoreId, Ids),
    after: Cursor,
    limit: i64,
    load: impl Fn(&mut PgConnection, &[i64]) -> QueryResult<Vec<(i64, T)>>,
) -> QueryResult<(Vec<T>, Cursor)> {
    let limit = usize::try_from(limit).unwrap_or(0);
    let (mut found, mut next, mut seen) = (Vec::new(), after, 0);
    loop {
        let listed = list_ids(conn, store, ids, next, IDS_AT_A_TIME)?;
        let wanted: Vec<i64> = listed.iter().map(|(_, id)| *id).collect();
        let mut rows: HashMap<i64, T> = load(conn, &wanted)?.into_iter().collect();
        for (cursor, id) in &listed {
            if found.len() == limit {
                return Ok((found, next));
            }
            found.extend(rows.remove(id));
            next = *cursor;
        }
        seen += listed.len();
        if db::count(listed.len()) < IDS_AT_A_TIME || seen >= MAX_IDS {
            return Ok((found, next));
        }
    }
}

/// The number of ids after a cursor.
pub fn count_after(conn: &mut PgConnection, store: StoreId, ids: Ids, after: Cursor) -> QueryResult<i64> {
    let (_, all) = end(conn, store, ids)?;
    Ok(all.saturating_sub(count_until(conn, store, ids, after)?))
}
