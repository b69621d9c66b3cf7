//! The SQL of webhooks. The DSL cannot compare a webhook with the end of its feed.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable};

use crate::db;
use crate::db::schema::webhooks;
use crate::db::{Failure, expect_rows};
use crate::events::EventType;
use crate::kernel::cursor::Cursor;
use crate::kernel::id::{StoreId, UserId, WebhookId};
use crate::kernel::page::{List, PageQuery, Sort};
use crate::webhooks::health::OffReason;
use crate::webhooks::secret::SigningSecret;

/// A webhook as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = webhooks)]
#[diesel(check_for_backend(Pg))]
pub struct Webhook {
    pub id: WebhookId,
    #[diesel(embed)]
    pub settings: WebhookSettings,
    #[diesel(embed)]
    pub secrets: Secrets,
    pub position: i64,
    pub position_index: i64,
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The data of a webhook that staff and the server change.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = webhooks)]
#[diesel(check_for_backend(Pg))]
#[diesel(treat_none_as_null = true)]
pub struct WebhookSettings {
    pub url: String,
    /// Empty for all types.
    pub types: Vec<EventType>,
    pub description: Option<String>,
    pub active: bool,
    pub off_reason: Option<OffReason>,
    pub failing_since: Option<DateTime<Utc>>,
}

/// The secrets that sign.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = webhooks)]
#[diesel(check_for_backend(Pg))]
#[diesel(treat_none_as_null = true)]
pub struct Secrets {
    pub secret: SigningSecret,
    pub previous_secret: Option<SigningSecret>,
    pub previous_secret_until: Option<DateTime<Utc>>,
}

impl Webhook {
    /// The cursor after the events that have become deliveries.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        Cursor { position: self.position, index: self.position_index }
    }
}

/// The key of a webhook, for work on all stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WebhookKey {
    pub store: StoreId,
    pub id: WebhookId,
}

type Query<'a> = webhooks::BoxedQuery<'a, Pg>;

fn of_store<'a>(store: StoreId) -> Query<'a> {
    webhooks::table.filter(webhooks::store_id.eq(store)).filter(webhooks::deleted_at.is_null()).into_boxed()
}

pub fn find(conn: &mut PgConnection, store: StoreId, id: WebhookId) -> QueryResult<Option<Webhook>> {
    of_store(store).filter(webhooks::id.eq(id)).select(Webhook::as_select()).first(conn).optional()
}

/// The active webhooks among these.
pub fn list_active(conn: &mut PgConnection, store: StoreId, ids: &[WebhookId]) -> QueryResult<HashSet<WebhookId>> {
    let rows = of_store(store).filter(webhooks::id.eq_any(ids)).filter(webhooks::active.eq(true));
    let ids: Vec<WebhookId> = rows.select(webhooks::id).load(conn)?;
    Ok(ids.into_iter().collect())
}

/// Locks a webhook.
pub fn find_for_update(conn: &mut PgConnection, store: StoreId, id: WebhookId) -> QueryResult<Option<Webhook>> {
    let row = webhooks::table.find((store, id)).filter(webhooks::deleted_at.is_null());
    row.select(Webhook::as_select()).for_update().first(conn).optional()
}

/// Locks an active webhook. None if it is not active, or if another transaction has locked it.
pub fn find_active_for_update(conn: &mut PgConnection, key: WebhookKey) -> QueryResult<Option<Webhook>> {
    let row = webhooks::table.find((key.store, key.id)).filter(webhooks::active.eq(true));
    let row = row.filter(webhooks::deleted_at.is_null()).select(Webhook::as_select());
    row.for_update().skip_locked().first(conn).optional()
}

pub fn count(conn: &mut PgConnection, store: StoreId) -> QueryResult<i64> {
    of_store(store).count().get_result(conn)
}

/// The webhooks of a store that the server has turned off, of those that this account has created.
pub fn list_turned_off(conn: &mut PgConnection, store: StoreId, account: UserId) -> QueryResult<Vec<Webhook>> {
    of_store(store)
        .filter(webhooks::created_by.eq(account))
        .filter(webhooks::off_reason.eq_any([OffReason::Failing, OffReason::Gone]))
        .select(Webhook::as_select())
        .order(webhooks::id)
        .load(conn)
}

/// Inserts a new webhook. It begins at this cursor of the feed.
pub fn insert(
    conn: &mut PgConnection,
    (store, account): (StoreId, UserId),
    (settings, secrets): (&WebhookSettings, &Secrets),
    begin: Cursor,
    at: DateTime<Utc>,
) -> QueryResult<Webhook> {
    diesel::insert_into(webhooks::table)
        .values((
            (webhooks::store_id.eq(store), settings, secrets),
            (webhooks::position.eq(begin.position), webhooks::position_index.eq(begin.index)),
            (webhooks::created_by.eq(account), webhooks::created_at.eq(at), webhooks::updated_at.eq(at)),
        ))
        .returning(Webhook::as_returning())
        .get_result(conn)
}

/// Writes the settings and the secrets of a webhook as they are in memory. The row must have been locked.
pub fn update(conn: &mut PgConnection, store: StoreId, webhook: &Webhook) -> Result<(), Failure> {
    let changed = diesel::update(webhooks::table.find((store, webhook.id)))
        .set((&webhook.settings, &webhook.secrets, webhooks::updated_at.eq(webhook.updated_at)))
        .execute(conn)?;
    expect_rows(changed, 1, "webhooks were written")
}

/// Moves the cursor of a webhook. The row must have been locked.
pub fn set_cursor(conn: &mut PgConnection, store: StoreId, id: WebhookId, cursor: Cursor) -> Result<(), Failure> {
    let changed = diesel::update(webhooks::table.find((store, id)))
        .set((webhooks::position.eq(cursor.position), webhooks::position_index.eq(cursor.index)))
        .execute(conn)?;
    expect_rows(changed, 1, "webhooks were moved on")
}

/// Marks a webhook as deleted, and deletes its secrets. The row must have been locked.
pub fn mark_deleted(conn: &mut PgConnection, store: StoreId, id: WebhookId, at: DateTime<Utc>) -> Result<(), Failure> {
    let none = Secrets { secret: SigningSecret::none(), previous_secret: None, previous_secret_until: None };
    let changed = diesel::update(webhooks::table.find((store, id)))
        .set((&none, webhooks::deleted_at.eq(at), webhooks::updated_at.eq(at)))
        .execute(conn)?;
    expect_rows(changed, 1, "webhooks were deleted")
}

/// Deletes the row of a deleted webhook that has no deliveries any more.
pub fn delete(conn: &mut PgConnection, key: WebhookKey) -> QueryResult<usize> {
    let row = webhooks::table.find((key.store, key.id)).filter(webhooks::deleted_at.is_not_null());
    diesel::delete(row).execute(conn)
}

/// Deleted webhooks whose rows still exist, in one store or in all.
pub fn discover_deleted(conn: &mut PgConnection, store: Option<StoreId>) -> QueryResult<Vec<WebhookKey>> {
    let mut query = webhooks::table.filter(webhooks::deleted_at.is_not_null()).into_boxed();
    if let Some(store) = store {
        query = query.filter(webhooks::store_id.eq(store));
    }
    let rows: Vec<(StoreId, WebhookId)> = query.select((webhooks::store_id, webhooks::id)).load(conn)?;
    Ok(rows.into_iter().map(|(store, id)| WebhookKey { store, id }).collect())
}

/// Active webhooks with events or replays that have not become deliveries yet, in one store or in all.
pub fn discover_behind(conn: &mut PgConnection, store: Option<StoreId>) -> QueryResult<Vec<WebhookKey>> {
    let rows: Vec<(StoreId, WebhookId)> = db::sql(
        "SELECT w.store_id, w.id FROM webhooks w \
         WHERE w.active AND w.deleted_at IS NULL AND w.store_id = COALESCE($1, w.store_id) \
           AND (EXISTS (SELECT FROM feed_positions p \
                        WHERE p.store_id = w.store_id AND p.position > 0 AND p.position >= w.position) \
                OR EXISTS (SELECT FROM webhook_replays r WHERE r.store_id = w.store_id AND r.webhook_id = w.id)) \
         ORDER BY w.store_id, w.id",
    )
    .bind::<Nullable<BigInt>, _>(store)
    .columns::<(BigInt, BigInt)>()
    .load(conn)?;
    Ok(rows.into_iter().map(|(store, id)| WebhookKey { store, id }).collect())
}

/// Active webhooks with deliveries that are due, in one store or in all, and whether their last attempts failed. Those
/// that wait longest come first.
pub fn discover_due(conn: &mut PgConnection, store: Option<StoreId>) -> QueryResult<Vec<(WebhookKey, bool)>> {
    let rows: Vec<(StoreId, WebhookId, bool)> = db::sql(
        "SELECT w.store_id, w.id, w.failing_since IS NOT NULL FROM webhooks w \
         CROSS JOIN LATERAL ( \
             SELECT d.next_attempt_at FROM webhook_deliveries d \
             WHERE d.store_id = w.store_id AND d.webhook_id = w.id AND d.state = 'pending' \
               AND d.next_attempt_at <= $now ORDER BY d.next_attempt_at LIMIT 1 OFFSET 0) next \
         WHERE w.active AND w.deleted_at IS NULL AND w.store_id = COALESCE($1, w.store_id) \
         ORDER BY next.next_attempt_at, w.store_id, w.id",
    )
    .bind::<Nullable<BigInt>, _>(store)
    .columns::<(BigInt, BigInt, Bool)>()
    .load(conn)?;
    Ok(rows.into_iter().map(|(store, id, is_failing)| (WebhookKey { store, id }, is_failing)).collect())
}

/// The columns that webhooks can be sorted by.
pub const SORTS: [&str; 1] = ["id"];

/// A page of webhooks.
pub fn list(conn: &mut PgConnection, store: StoreId, sort: Sort, page: &PageQuery) -> QueryResult<List<Webhook>> {
    let total = count(conn, store)?;
    let query = if sort.descending {
        of_store(store).order(webhooks::id.desc())
    } else {
        of_store(store).order(webhooks::id.asc())
    };
    let found = query.select(Webhook::as_select()).limit(page.limit).offset(page.offset()).load(conn)?;
    Ok(page.list(found, total))
}
