//! The SQL of the audit log. The view over all that is audited is not in the schema of the DSL.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use super::words::{Action, Entity};
use crate::auth::Scope;
use crate::db::schema::audit_log;
use crate::db::sql::Sql;
use crate::db::{self, outbox};
use crate::events::queries::{self as feed, Ids};
use crate::kernel::cursor::Cursor;
use crate::kernel::id::StoreId;
use crate::kernel::money::{Currency, Money};
use crate::kernel::page::{FeedList, PageQuery, Sort};

/// A write to be recorded.
#[derive(Clone, Debug)]
pub struct NewAuditEntry {
    pub entity: Entity,
    pub entity_id: i64,
    pub action: Action,
    pub detail: String,
}

/// Records a write, in the transaction that does it.
pub fn append(conn: &mut PgConnection, scope: &Scope, entry: &NewAuditEntry, at: DateTime<Utc>) -> QueryResult<()> {
    append_by(conn, scope.store, &scope.actor(), entry, at)
}

/// Records a write by another actor than the caller of a request.
pub fn append_by(
    conn: &mut PgConnection,
    store: StoreId,
    actor: &str,
    entry: &NewAuditEntry,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    let NewAuditEntry { entity, entity_id, action, detail } = entry;
    let id: i64 = diesel::insert_into(audit_log::table)
        .values((
            audit_log::store_id.eq(store),
            audit_log::entity.eq(*entity),
            audit_log::entity_id.eq(*entity_id),
            audit_log::action.eq(*action),
            audit_log::detail.eq(detail),
            audit_log::actor.eq(actor),
            audit_log::created_at.eq(at),
        ))
        .returning(audit_log::id)
        .get_result(conn)?;
    outbox::note(store, |appended| appended.entries.push(id));
    Ok(())
}

/// Records several writes of the caller at once. The DSL cannot insert arrays.
pub fn append_all(
    conn: &mut PgConnection,
    scope: &Scope,
    entries: &[NewAuditEntry],
    at: DateTime<Utc>,
) -> QueryResult<()> {
    let ids: Vec<i64> = db::sql(
        "INSERT INTO audit_log (store_id, entity, entity_id, action, detail, actor, created_at) \
         SELECT $1, n.entity, n.entity_id, n.action, n.detail, $2, $3 \
         FROM unnest($4::text[], $5::int8[], $6::text[], $7::text[]) AS n (entity, entity_id, action, detail) \
         RETURNING id",
    )
    .bind::<BigInt, _>(scope.store)
    .bind::<Text, _>(scope.actor())
    .bind::<Timestamptz, _>(at)
    .bind::<Array<Text>, _>(entries.iter().map(|entry| entry.entity).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(entries.iter().map(|entry| entry.entity_id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(entries.iter().map(|entry| entry.action).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(entries.iter().map(|entry| entry.detail.as_str()).collect::<Vec<_>>())
    .columns::<BigInt>()
    .load(conn)?;
    outbox::note(scope.store, |appended| appended.entries.extend(ids));
    Ok(())
}

/// A write that was recorded, in any of the tables.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct AuditEntry {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub entity: Entity,
    #[diesel(sql_type = BigInt)]
    pub entity_id: i64,
    #[diesel(sql_type = Text)]
    pub action: Action,
    #[diesel(sql_type = Text)]
    pub detail: String,
    /// The money of a payment or a refund, and its currency.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub amount: Option<Money>,
    #[diesel(sql_type = Nullable<Text>)]
    pub currency: Option<String>,
    #[diesel(sql_type = Text)]
    pub actor: String,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

impl AuditEntry {
    /// The detail with the amount, because the view does not know the decimals.
    pub fn full_detail(&self) -> String {
        match (self.amount, self.currency.as_deref()) {
            (Some(amount), Some(code)) => {
                format!("{}: {} {code}", self.detail, Currency::from_stored(code).amount(amount))
            }
            _ => self.detail.clone(),
        }
    }
}

/// The conditions that entries fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryFilter {
    pub entity: Option<Entity>,
    pub entity_id: Option<i64>,
    pub action: Option<Action>,
    pub actor: Option<String>,
    /// From this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
}

/// A read of the view that all of the audit is seen through. PostgreSQL pushes the conditions
/// into each of its parts and merges their primary keys, so that a page costs its rows only.
macro_rules! select_entries {
    ($columns:literal, $($rest:tt)+) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM audit_entries WHERE store_id = $1 \
             AND ($2 IS NULL OR entity = $2) AND ($3 IS NULL OR entity_id = $3) \
             AND ($4 IS NULL OR action = $4) AND ($5 IS NULL OR actor = $5) \
             AND ($6 IS NULL OR created_at >= $6) AND ($7 IS NULL OR created_at < $7)",
            $($rest)+
        )
    };
}

macro_rules! page_by_id {
    ($order:literal) => {
        select_entries!(
            "id, entity, entity_id, action, detail, amount, currency, actor, created_at",
            " ORDER BY ",
            $order,
            " LIMIT $8 OFFSET $9"
        )
    };
}

/// By time, which no index knows. The page's ids are found first, so that the texts of all other entries are not made.
macro_rules! page_by_time {
    ($order:literal) => {
        select_entries!(
            "id, entity, entity_id, action, detail, amount, currency, actor, created_at",
            " AND id = ANY(ARRAY(",
            select_entries!("id", " ORDER BY ", $order, " LIMIT $8 OFFSET $9"),
            ")) ORDER BY ",
            $order
        )
    };
}

/// The columns that entries can be sorted by.
pub const SORTS: [&str; 2] = ["id", "created_at"];

fn page_text(sort: Sort) -> &'static str {
    match (sort.column, sort.descending) {
        ("created_at", false) => page_by_time!("created_at, id"),
        ("created_at", true) => page_by_time!("created_at DESC, id DESC"),
        (_, false) => page_by_id!("id"),
        (_, true) => page_by_id!("id DESC"),
    }
}

/// One page of the entries that fit.
pub fn list_entries(
    conn: &mut PgConnection,
    store: StoreId,
    filter: &EntryFilter,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<Vec<AuditEntry>> {
    filtered(page_text(sort), store, filter).bind::<BigInt, _>(page.limit).bind::<BigInt, _>(page.offset()).load(conn)
}

/// The next entries of the feed that match, and the cursor after them. Movements have a list of their own.
pub fn list_entries_after(
    conn: &mut PgConnection,
    store: StoreId,
    filter: &EntryFilter,
    after: Cursor,
    limit: i64,
) -> QueryResult<FeedList<AuditEntry>> {
    let load = |conn: &mut PgConnection, ids: &[i64]| {
        let text = select_entries!(
            "id, entity, entity_id, action, detail, amount, currency, actor, created_at",
            " AND id = ANY($8)"
        );
        let rows: Vec<AuditEntry> = filtered(text, store, filter).bind::<Array<BigInt>, _>(ids).load(conn)?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    };
    let (rows, next) = feed::list_matching(conn, (store, Ids::All), after, limit, load)?;
    let is_all = *filter == EntryFilter::default();
    let total = if is_all { Some(feed::count_after(conn, store, Ids::All, after)?) } else { None };
    Ok(FeedList::from_feed(rows, total, limit, next))
}

/// The number of entries that fit.
pub fn count_entries(conn: &mut PgConnection, store: StoreId, filter: &EntryFilter) -> QueryResult<i64> {
    filtered(select_entries!("count(*)", ""), store, filter).columns::<BigInt>().get_result(conn)
}

fn filtered<'a>(text: &'static str, store: StoreId, filter: &'a EntryFilter) -> Sql<'a> {
    let EntryFilter { entity, entity_id, action, actor, from, to } = filter;
    db::sql(text)
        .bind::<BigInt, _>(store)
        .bind::<Nullable<Text>, _>(*entity)
        .bind::<Nullable<BigInt>, _>(*entity_id)
        .bind::<Nullable<Text>, _>(*action)
        .bind::<Nullable<Text>, _>(actor.as_deref())
        .bind::<Nullable<Timestamptz>, _>(*from)
        .bind::<Nullable<Timestamptz>, _>(*to)
}
