//! The SQL of alerts that wait for a digest.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use crate::db::schema::alert_notices;
use crate::kernel::id::{AlertId, StoreId};

/// An alert for a digest.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = alert_notices)]
pub struct NewNotice {
    pub store_id: StoreId,
    pub alert_id: AlertId,
    pub data: Value,
    pub due_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

/// The number of rows in one statement. The database limits the number of parameters.
const MAX_ROWS: usize = 5_000;

pub fn insert(conn: &mut PgConnection, new: &[NewNotice]) -> QueryResult<()> {
    new.chunks(MAX_ROWS)
        .try_for_each(|rows| diesel::insert_into(alert_notices::table).values(rows).execute(conn).map(drop))
}

/// The stores with alerts whose digest is due.
pub fn discover_due(conn: &mut PgConnection, store: Option<StoreId>, at: DateTime<Utc>) -> QueryResult<Vec<StoreId>> {
    let due = alert_notices::table.filter(alert_notices::due_at.le(at)).select(alert_notices::store_id).distinct();
    let due = due.into_boxed();
    match store {
        Some(store) => due.filter(alert_notices::store_id.eq(store)).load(conn),
        None => due.load(conn),
    }
}

/// A waiting alert.
#[derive(Clone, Debug, Queryable)]
pub struct Waiting {
    pub id: i64,
    pub alert: AlertId,
    pub data: Value,
}

/// The waiting alerts whose digest is due, the oldest first.
pub fn list_due(conn: &mut PgConnection, store: StoreId, at: DateTime<Utc>, limit: i64) -> QueryResult<Vec<Waiting>> {
    alert_notices::table
        .filter(alert_notices::store_id.eq(store))
        .filter(alert_notices::due_at.le(at))
        .order(alert_notices::id)
        .limit(limit)
        .select((alert_notices::id, alert_notices::alert_id, alert_notices::data))
        .load(conn)
}

pub fn delete(conn: &mut PgConnection, store: StoreId, ids: &[i64]) -> QueryResult<()> {
    let rows = alert_notices::table.filter(alert_notices::store_id.eq(store)).filter(alert_notices::id.eq_any(ids));
    diesel::delete(rows).execute(conn).map(drop)
}

/// Deletes some waiting alerts of a rule. Returns their number.
pub fn delete_some(conn: &mut PgConnection, store: StoreId, alert: AlertId, limit: i64) -> QueryResult<usize> {
    let of_rule = alert_notices::table.filter(alert_notices::store_id.eq(store));
    let ids: Vec<i64> = of_rule
        .filter(alert_notices::alert_id.eq(alert))
        .select(alert_notices::id)
        .order(alert_notices::id)
        .limit(limit)
        .load(conn)?;
    diesel::delete(of_rule.filter(alert_notices::id.eq_any(ids))).execute(conn)
}
