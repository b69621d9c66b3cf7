//! The SQL of the follower's position. The DSL has no COALESCE.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use crate::db;
use crate::db::schema::feed_followers;
use crate::kernel::id::StoreId;

/// The position of the follower in the feed of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct Progress {
    /// The last position that was read.
    pub position: i64,
    /// Older events lead to no mail.
    pub starts_at: Option<DateTime<Utc>>,
    /// The last check of the invariants for alerts.
    pub verified_at: Option<DateTime<Utc>>,
    /// The search for late orders continues after this order.
    pub late_orders_after: i64,
}

/// The stores whose feed has rows that the follower has not read.
pub fn discover_behind(conn: &mut PgConnection, store: Option<StoreId>) -> QueryResult<Vec<StoreId>> {
    let rows: Vec<(StoreId,)> = db::sql(
        "SELECT p.store_id FROM feed_positions p LEFT JOIN feed_followers f ON f.store_id = p.store_id \
         WHERE p.position > COALESCE(f.position, 0) AND p.store_id = COALESCE($1, p.store_id) ORDER BY p.store_id",
    )
    .bind::<Nullable<BigInt>, _>(store)
    .columns::<(BigInt,)>()
    .load(conn)?;
    Ok(rows.into_iter().map(|(store,)| store).collect())
}

/// Locks the position of a store. None if another server has locked it.
pub fn lock(conn: &mut PgConnection, store: StoreId) -> QueryResult<Option<Progress>> {
    let row = feed_followers::table
        .find(store)
        .select((
            feed_followers::position,
            feed_followers::starts_at,
            feed_followers::verified_at,
            feed_followers::late_orders_after,
        ))
        .for_update()
        .skip_locked();
    if let Some(found) = row.first(conn).optional()? {
        return Ok(Some(found));
    }
    // The row of a new store is locked by its insert.
    let first = Progress { position: 0, starts_at: None, verified_at: None, late_orders_after: 0 };
    Ok((insert(conn, store)? == 1).then_some(first))
}

/// Locks the position of a store, and waits for another server that has locked it.
pub fn wait_and_lock(conn: &mut PgConnection, store: StoreId) -> QueryResult<()> {
    insert(conn, store)?;
    let row = feed_followers::table.find(store).select(feed_followers::store_id);
    row.for_update().first::<StoreId>(conn).map(drop)
}

fn insert(conn: &mut PgConnection, store: StoreId) -> QueryResult<usize> {
    let first = (feed_followers::store_id.eq(store), feed_followers::position.eq(0));
    diesel::insert_into(feed_followers::table).values(first).on_conflict_do_nothing().execute(conn)
}

/// Moves the position, which must have been locked.
pub fn set_position(conn: &mut PgConnection, store: StoreId, position: i64) -> QueryResult<()> {
    let row = feed_followers::table.find(store);
    diesel::update(row).set(feed_followers::position.eq(position)).execute(conn).map(drop)
}

/// Creates the position of a new store. Events before this time lead to no mail.
pub fn start_at(conn: &mut PgConnection, store: StoreId, at: DateTime<Utc>) -> QueryResult<()> {
    insert(conn, store)?;
    let row = feed_followers::table.find(store);
    diesel::update(row).set(feed_followers::starts_at.eq(at)).execute(conn).map(drop)
}

/// Stores the order after which the search for late orders continues. The row must have been locked.
pub fn set_late_orders_after(conn: &mut PgConnection, store: StoreId, order: i64) -> QueryResult<()> {
    let row = feed_followers::table.find(store);
    diesel::update(row).set(feed_followers::late_orders_after.eq(order)).execute(conn).map(drop)
}

/// Stores the time of a check of the invariants. The row must have been locked.
pub fn set_verified_at(conn: &mut PgConnection, store: StoreId, at: DateTime<Utc>) -> QueryResult<()> {
    let row = feed_followers::table.find(store);
    diesel::update(row).set(feed_followers::verified_at.eq(at)).execute(conn).map(drop)
}

/// The time of the last check of the invariants of a store.
pub fn find_verified_at(conn: &mut PgConnection, store: StoreId) -> QueryResult<Option<DateTime<Utc>>> {
    let row = feed_followers::table.find(store).select(feed_followers::verified_at);
    Ok(row.first::<Option<DateTime<Utc>>>(conn).optional()?.flatten())
}
