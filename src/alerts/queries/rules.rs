//! The SQL of rules.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::alerts::rule::{AlertKind, Digest, Recipient, Rule, RuleFilter, RuleSettings};
use crate::db::schema::{alert_notices, alert_states, alerts};
use crate::db::{self, Failure};
use crate::kernel::id::{AlertId, LocationId, ProductId, StoreId};
use crate::kernel::page::{List, PageQuery, Sort};

#[derive(Queryable, Selectable)]
#[diesel(table_name = alerts)]
#[diesel(check_for_backend(Pg))]
struct Row {
    id: AlertId,
    kind: AlertKind,
    category: Option<String>,
    location_id: Option<LocationId>,
    product_ids: Vec<ProductId>,
    recipients: Vec<String>,
    digest: Digest,
    active: bool,
    after_hours: Option<i64>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Rule {
    fn from(row: Row) -> Self {
        let Row { id, kind, category, location_id, product_ids, recipients, digest, .. } = row;
        let filter = RuleFilter { category, location: location_id, products: product_ids };
        let to = recipients.iter().filter_map(|text| Recipient::parse(text).ok()).collect();
        let settings = RuleSettings { filter, to, digest, active: row.active, after_hours: row.after_hours };
        Self { id, kind, settings, created_at: row.created_at, updated_at: row.updated_at }
    }
}

type Columns<'a> = (
    diesel::dsl::Eq<alerts::category, Option<&'a str>>,
    diesel::dsl::Eq<alerts::location_id, Option<LocationId>>,
    diesel::dsl::Eq<alerts::product_ids, &'a [ProductId]>,
    diesel::dsl::Eq<alerts::recipients, Vec<String>>,
    diesel::dsl::Eq<alerts::digest, Digest>,
    diesel::dsl::Eq<alerts::active, bool>,
    diesel::dsl::Eq<alerts::after_hours, Option<i64>>,
);

fn columns(settings: &RuleSettings) -> Columns<'_> {
    let RuleSettings { filter, to, digest, active, after_hours } = settings;
    (
        alerts::category.eq(filter.category.as_deref()),
        alerts::location_id.eq(filter.location),
        alerts::product_ids.eq(filter.products.as_slice()),
        alerts::recipients.eq(to.iter().map(ToString::to_string).collect::<Vec<_>>()),
        alerts::digest.eq(*digest),
        alerts::active.eq(*active),
        alerts::after_hours.eq(*after_hours),
    )
}

pub fn insert(
    conn: &mut PgConnection,
    store: StoreId,
    kind: AlertKind,
    settings: &RuleSettings,
    at: DateTime<Utc>,
) -> QueryResult<Rule> {
    let times = (alerts::created_at.eq(at), alerts::updated_at.eq(at));
    let row: Row = diesel::insert_into(alerts::table)
        .values((alerts::store_id.eq(store), alerts::kind.eq(kind), columns(settings), times))
        .returning(Row::as_returning())
        .get_result(conn)?;
    Ok(row.into())
}

/// Writes a rule as it is in memory. The row must have been locked.
pub fn update(conn: &mut PgConnection, store: StoreId, rule: &Rule) -> Result<(), Failure> {
    let changed = diesel::update(alerts::table.find((store, rule.id)))
        .set((columns(&rule.settings), alerts::updated_at.eq(rule.updated_at)))
        .execute(conn)?;
    db::expect_rows(changed, 1, "rules were written")
}

/// Deletes a rule, whose states and waiting alerts have been deleted. The row must have been locked.
pub fn delete(conn: &mut PgConnection, store: StoreId, id: AlertId) -> QueryResult<()> {
    diesel::delete(alerts::table.find((store, id))).execute(conn).map(drop)
}

/// Marks a rule as deleted, and turns it off. The row must have been locked.
pub fn mark_deleted(conn: &mut PgConnection, store: StoreId, id: AlertId, at: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(alerts::table.find((store, id)))
        .set((alerts::active.eq(false), alerts::deleted_at.eq(at), alerts::updated_at.eq(at)))
        .execute(conn)
        .map(drop)
}

/// Locks a rule that is off, or deleted. Returns false if there is none.
pub fn lock_inactive(conn: &mut PgConnection, store: StoreId, id: AlertId) -> QueryResult<bool> {
    let rule = alerts::table.find((store, id)).filter(alerts::active.eq(false)).select(alerts::id);
    Ok(rule.for_update().first::<AlertId>(conn).optional()?.is_some())
}

/// Rules that are off and still have states or waiting alerts, and deleted rules, in one store or in all. The flag is true
/// for a deleted rule.
pub fn discover_left(conn: &mut PgConnection, store: Option<StoreId>) -> QueryResult<Vec<(StoreId, (AlertId, bool))>> {
    let states = alert_states::table
        .filter(alert_states::store_id.eq(alerts::store_id))
        .filter(alert_states::alert_id.eq(alerts::id));
    let waiting = alert_notices::table
        .filter(alert_notices::store_id.eq(alerts::store_id))
        .filter(alert_notices::alert_id.eq(alerts::id));
    let left = alerts::table
        .filter(alerts::active.eq(false))
        .filter(alerts::deleted_at.is_not_null().or(exists(states)).or(exists(waiting)))
        .select((alerts::store_id, (alerts::id, alerts::deleted_at.is_not_null())))
        .into_boxed();
    match store {
        Some(store) => left.filter(alerts::store_id.eq(store)).load(conn),
        None => left.load(conn),
    }
}

pub fn find(conn: &mut PgConnection, store: StoreId, id: AlertId) -> QueryResult<Option<Rule>> {
    let rule = alerts::table.find((store, id)).filter(alerts::deleted_at.is_null());
    let row: Option<Row> = rule.select(Row::as_select()).first(conn).optional()?;
    Ok(row.map(Rule::from))
}

pub fn find_for_update(conn: &mut PgConnection, store: StoreId, id: AlertId) -> QueryResult<Option<Rule>> {
    let rule = alerts::table.find((store, id)).filter(alerts::deleted_at.is_null());
    let row: Option<Row> = rule.select(Row::as_select()).for_update().first(conn).optional()?;
    Ok(row.map(Rule::from))
}

/// The number of rules of the store.
pub fn count(conn: &mut PgConnection, store: StoreId) -> QueryResult<i64> {
    let rules = alerts::table.filter(alerts::store_id.eq(store)).filter(alerts::deleted_at.is_null());
    rules.count().get_result(conn)
}

/// The active rules of a store, which are few.
pub fn list_active(conn: &mut PgConnection, store: StoreId) -> QueryResult<Vec<Rule>> {
    let active = alerts::table.filter(alerts::store_id.eq(store)).filter(alerts::active.eq(true));
    let rows: Vec<Row> = active.order(alerts::id).select(Row::as_select()).load(conn)?;
    Ok(rows.into_iter().map(Rule::from).collect())
}

/// The stores that have an active rule of this kind.
pub fn discover_stores(conn: &mut PgConnection, store: Option<StoreId>, kind: AlertKind) -> QueryResult<Vec<StoreId>> {
    let active = alerts::table.filter(alerts::kind.eq(kind)).filter(alerts::active.eq(true));
    let query = active.select(alerts::store_id).distinct().into_boxed();
    match store {
        Some(store) => query.filter(alerts::store_id.eq(store)).load(conn),
        None => query.load(conn),
    }
}

/// The columns that rules can be sorted by.
pub const SORTS: [&str; 2] = ["id", "kind"];

/// A page of rules.
pub fn list(conn: &mut PgConnection, store: StoreId, sort: Sort, page: &PageQuery) -> QueryResult<List<Rule>> {
    let total = count(conn, store)?;
    let rules = alerts::table.filter(alerts::store_id.eq(store)).filter(alerts::deleted_at.is_null());
    let query = rules.select(Row::as_select()).into_boxed();
    let query = match (sort.column, sort.descending) {
        ("kind", false) => query.order((alerts::kind.asc(), alerts::id.asc())),
        ("kind", true) => query.order((alerts::kind.desc(), alerts::id.desc())),
        (_, false) => query.order(alerts::id.asc()),
        (_, true) => query.order(alerts::id.desc()),
    };
    let rows: Vec<Row> = query.limit(page.limit).offset(page.offset()).load(conn)?;
    Ok(page.list(rows.into_iter().map(Rule::from).collect(), total))
}
