//! The outbox and the feed. The feed names the rows of all committed transactions, in an order that never changes.
//!
//! A transaction inserts one row for each store that it has changed, as its last statement before COMMIT. The
//! functions that append rows note them here, and the thread keeps the notes until the transaction ends. The relay
//! moves the rows of committed transactions to the feed and gives them positions.
//!
//! Rows are moved and counted by one statement, which the DSL cannot express.

use std::cell::RefCell;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::dsl::min;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Timestamptz};
use serde_json::Value;
use serde_json::value::RawValue;

use super::schema::{feed_positions, outbox};
use super::{Failure, expect_rows, sql};
use crate::kernel::id::StoreId;

/// The rows that a transaction has appended in one store.
#[derive(Debug, Default)]
pub struct Appended {
    /// Ids of stock movements.
    pub movements: Vec<i64>,
    /// Ids of the other rows of the audit.
    pub entries: Vec<i64>,
    /// The events that are no movements.
    pub events: Vec<Value>,
    /// Ids of variants whose stock status the relay computes again, besides those of the movements.
    pub variants: Vec<i64>,
}

thread_local! {
    /// The rows of the current transaction of this thread.
    static APPENDED: RefCell<BTreeMap<StoreId, Appended>> = const { RefCell::new(BTreeMap::new()) };
}

/// Notes rows that the transaction of this thread has appended.
pub fn note(store: StoreId, add: impl FnOnce(&mut Appended)) {
    APPENDED.with_borrow_mut(|stores| add(stores.entry(store).or_default()));
}

/// Forgets the notes of an earlier transaction.
pub(super) fn clear() {
    APPENDED.take();
}

/// Inserts what was noted, and returns true if there was anything. The ids are taken here, when the transaction has
/// all its locks: so the ids of transactions that change the same rows ascend in the order of their commits.
pub(super) fn insert_noted(conn: &mut PgConnection) -> Result<bool, Failure> {
    let noted = APPENDED.take();
    let has_noted = !noted.is_empty();
    for (store, Appended { mut movements, mut entries, events, variants }) in noted {
        movements.sort_unstable();
        entries.sort_unstable();
        let inserted = sql("INSERT INTO outbox (store_id, movements, entries, events, variants, created_at) \
             VALUES ($1, $2, $3, $4, $5, $now)")
        .bind::<BigInt, _>(store)
        .bind::<Array<BigInt>, _>(movements)
        .bind::<Array<BigInt>, _>(entries)
        .bind::<Jsonb, _>(Value::Array(events))
        .bind::<Array<BigInt>, _>(variants)
        .execute(conn)?;
        expect_rows(inserted, 1, "rows of the outbox were inserted")?;
    }
    Ok(has_noted)
}

/// Inserts the rows that were noted up to now, for the history of the demo store. It is one transaction with many moments,
/// and each moment gets an outbox row with its own time. No other transaction knows that store yet, so the order of its
/// rows is that of the commits.
pub fn insert_moment(conn: &mut PgConnection) -> Result<(), Failure> {
    insert_noted(conn).map(drop)
}

/// The stores with rows in the outbox, all of them or this one.
pub fn list_waiting_stores(conn: &mut PgConnection, store: Option<StoreId>) -> QueryResult<Vec<StoreId>> {
    let mut query = outbox::table.select(outbox::store_id).distinct().into_boxed();
    if let Some(store) = store {
        query = query.filter(outbox::store_id.eq(store));
    }
    query.load(conn)
}

/// The time of the oldest row in the outbox, over all stores. Usually there are few rows.
pub fn find_oldest(conn: &mut PgConnection) -> QueryResult<Option<DateTime<Utc>>> {
    outbox::table.select(min(outbox::created_at)).first(conn)
}

/// Locks the end of the feed of a store, and returns true. Returns false if another relay has locked it.
pub fn lock_feed(conn: &mut PgConnection, store: StoreId) -> QueryResult<bool> {
    let end = feed_positions::table.find(store).select(feed_positions::store_id);
    if end.for_update().skip_locked().first::<StoreId>(conn).optional()?.is_some() {
        return Ok(true);
    }
    let first = (
        feed_positions::store_id.eq(store),
        feed_positions::position.eq(0),
        feed_positions::movements.eq(0),
        feed_positions::entries.eq(0),
    );
    // The row of a new store is locked by its insert.
    let inserted = diesel::insert_into(feed_positions::table).values(first).on_conflict_do_nothing().execute(conn)?;
    Ok(inserted == 1)
}

/// A row that a relay has moved.
#[derive(Clone, Debug, QueryableByName)]
pub struct MovedRow {
    #[diesel(sql_type = BigInt)]
    pub position: i64,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Array<BigInt>)]
    pub movements: Vec<i64>,
    /// None if the row is older than the stock statuses.
    #[diesel(sql_type = Nullable<Array<BigInt>>)]
    pub variants: Option<Vec<i64>>,
    /// True if more rows wait.
    #[diesel(sql_type = Bool)]
    is_behind: bool,
}

/// Rows that a relay has moved, in the order of their positions.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    pub rows: Vec<MovedRow>,
    /// True if more rows wait.
    pub is_behind: bool,
}

impl Moved {
    /// The time at which the first of them was appended.
    #[must_use]
    pub fn oldest(&self) -> Option<DateTime<Utc>> {
        self.rows.iter().map(|row| row.created_at).min()
    }
}

/// The number of movements and of named variants after which a relay begins a new transaction. It keeps each of them in
/// memory, perhaps with an event.
const FACTS_AT_A_TIME: i64 = 2_000;

/// Moves rows of the outbox to the end of the feed, whose lock this transaction has. The statement must begin after the
/// lock: so it sees all rows that the relay before it has left.
pub fn move_to_feed(conn: &mut PgConnection, store: StoreId, limit: i64) -> QueryResult<Moved> {
    let rows: Vec<MovedRow> = sql("WITH moved AS ( \
             DELETE FROM outbox WHERE store_id = $1 AND id = ANY(ARRAY( \
                    SELECT id FROM ( \
                        SELECT id, sum(size) OVER (ORDER BY id) - size AS before FROM ( \
                            SELECT id, cardinality(movements) + COALESCE(cardinality(variants), 0) AS size \
                            FROM outbox WHERE store_id = $1 ORDER BY id LIMIT $2) waiting) sized \
                    WHERE before < $3)) RETURNING *), \
         counted AS ( \
             SELECT *, row_number() OVER (ORDER BY id) AS ordinal, \
                    sum(cardinality(movements)) OVER (ORDER BY id) AS movements_until, \
                    sum(cardinality(entries)) OVER (ORDER BY id) AS entries_until FROM moved), \
         ended AS ( \
             UPDATE feed_positions p SET position = p.position + n.rows, movements = p.movements + n.movements, \
                    entries = p.entries + n.entries \
             FROM (SELECT count(*) AS rows, COALESCE(sum(cardinality(movements)), 0)::int8 AS movements, \
                          COALESCE(sum(cardinality(entries)), 0)::int8 AS entries FROM moved) n \
             WHERE p.store_id = $1 \
             RETURNING p.position - n.rows AS position, p.movements - n.movements AS movements, \
                       p.entries - n.entries AS entries), \
         appended AS ( \
             INSERT INTO feed (store_id, position, movements, entries, events, movements_before, entries_before, \
                    created_at) \
             SELECT $1, e.position + c.ordinal, c.movements, c.entries, c.events, \
                    e.movements + c.movements_until - cardinality(c.movements), \
                    e.entries + c.entries_until - cardinality(c.entries), c.created_at \
             FROM counted c CROSS JOIN ended e) \
         SELECT e.position + c.ordinal AS position, c.created_at, c.movements, c.variants, \
                EXISTS (SELECT FROM outbox WHERE store_id = $1 AND id > (SELECT max(id) FROM moved)) AS is_behind \
         FROM counted c CROSS JOIN ended e ORDER BY 1")
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(limit)
    .bind::<BigInt, _>(FACTS_AT_A_TIME)
    .load(conn)?;
    let is_behind = rows.last().is_some_and(|row| row.is_behind);
    Ok(Moved { rows, is_behind })
}

/// Adds the events of changed stock statuses to rows that this transaction has moved. The keys are their positions.
pub fn write_status_events(
    conn: &mut PgConnection,
    store: StoreId,
    status_events: &BTreeMap<i64, Vec<Box<RawValue>>>,
) -> Result<(), Failure> {
    let events: Result<Vec<String>, _> = status_events.values().map(serde_json::to_string).collect();
    let events = events.map_err(|error| Failure::Internal(format!("the events of stock statuses: {error}")))?;
    let written = sql("UPDATE feed f SET status_events = n.status_events::jsonb \
         FROM (SELECT unnest($2::int8[]) AS position, unnest($3::text[]) AS status_events) n \
         WHERE f.store_id = $1 AND f.position = n.position")
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(status_events.keys().copied().collect::<Vec<_>>())
    .bind::<Array<Text>, _>(events)
    .execute(conn)?;
    expect_rows(written, status_events.len(), "rows of the feed got their status events")
}

/// The last positions of the feeds of all stores.
pub fn list_positions(conn: &mut PgConnection) -> QueryResult<Vec<(StoreId, i64)>> {
    feed_positions::table.select((feed_positions::store_id, feed_positions::position)).load(conn)
}
