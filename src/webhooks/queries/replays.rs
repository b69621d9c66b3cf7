//! The SQL of replays.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::schema::webhook_replays;
use crate::db::{Failure, expect_rows};
use crate::kernel::cursor::Cursor;
use crate::kernel::id::{StoreId, WebhookId};

/// A part of the feed that a webhook gets again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewReplay {
    pub begin: Cursor,
    pub end: Cursor,
    /// The events that happened between two times. The second time is excluded.
    pub between: (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
}

/// A replay as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = webhook_replays)]
#[diesel(check_for_backend(Pg))]
pub struct Replay {
    pub id: i64,
    position: i64,
    position_index: i64,
    until: i64,
    until_index: i64,
    from_at: Option<DateTime<Utc>>,
    to_at: Option<DateTime<Utc>>,
}

impl Replay {
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        Cursor { position: self.position, index: self.position_index }
    }

    #[must_use]
    pub const fn end(&self) -> Cursor {
        Cursor { position: self.until, index: self.until_index }
    }

    #[must_use]
    pub const fn between(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        (self.from_at, self.to_at)
    }
}

pub fn insert(
    conn: &mut PgConnection,
    (store, webhook): (StoreId, WebhookId),
    new: &NewReplay,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    let NewReplay { begin, end, between: (from, to) } = new;
    diesel::insert_into(webhook_replays::table)
        .values((
            webhook_replays::store_id.eq(store),
            webhook_replays::webhook_id.eq(webhook),
            webhook_replays::position.eq(begin.position),
            webhook_replays::position_index.eq(begin.index),
            webhook_replays::until.eq(end.position),
            webhook_replays::until_index.eq(end.index),
            webhook_replays::from_at.eq(from),
            webhook_replays::to_at.eq(to),
            webhook_replays::created_at.eq(at),
        ))
        .execute(conn)
        .map(drop)
}

/// The number of replays of a webhook that have not ended.
pub fn count(conn: &mut PgConnection, store: StoreId, webhook: WebhookId) -> QueryResult<i64> {
    let rows = webhook_replays::table.filter(webhook_replays::store_id.eq(store));
    rows.filter(webhook_replays::webhook_id.eq(webhook)).count().get_result(conn)
}

/// The first replay of a webhook. The webhook's row must have been locked.
pub fn find_first(conn: &mut PgConnection, store: StoreId, webhook: WebhookId) -> QueryResult<Option<Replay>> {
    webhook_replays::table
        .filter(webhook_replays::store_id.eq(store))
        .filter(webhook_replays::webhook_id.eq(webhook))
        .order(webhook_replays::id)
        .select(Replay::as_select())
        .first(conn)
        .optional()
}

pub fn set_cursor(conn: &mut PgConnection, store: StoreId, id: i64, cursor: Cursor) -> Result<(), Failure> {
    let moved = diesel::update(webhook_replays::table.find((store, id)))
        .set((webhook_replays::position.eq(cursor.position), webhook_replays::position_index.eq(cursor.index)))
        .execute(conn)?;
    expect_rows(moved, 1, "replays were moved on")
}

pub fn delete(conn: &mut PgConnection, store: StoreId, id: i64) -> Result<(), Failure> {
    let deleted = diesel::delete(webhook_replays::table.find((store, id))).execute(conn)?;
    expect_rows(deleted, 1, "replays were deleted")
}

/// Deletes all replays of a webhook.
pub fn delete_all(conn: &mut PgConnection, store: StoreId, webhook: WebhookId) -> QueryResult<usize> {
    let rows = webhook_replays::table.filter(webhook_replays::store_id.eq(store));
    diesel::delete(rows.filter(webhook_replays::webhook_id.eq(webhook))).execute(conn)
}
