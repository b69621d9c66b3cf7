//! The SQL of the notes that costs of sales may have changed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::schema::revaluations;
use crate::kernel::id::StoreId;

/// Notes that value rows from this time on were computed again.
pub fn note(conn: &mut PgConnection, store: StoreId, since: DateTime<Utc>) -> QueryResult<()> {
    let new = (revaluations::store_id.eq(store), revaluations::since.eq(since));
    diesel::insert_into(revaluations::table).values(new).execute(conn).map(drop)
}

/// Deletes the notes, and returns the earliest time of them. The caller computes the roll-ups since then again.
pub fn take(conn: &mut PgConnection, store: StoreId) -> QueryResult<Option<DateTime<Utc>>> {
    let all = revaluations::table.filter(revaluations::store_id.eq(store));
    let times: Vec<DateTime<Utc>> = diesel::delete(all).returning(revaluations::since).load(conn)?;
    Ok(times.into_iter().min())
}
