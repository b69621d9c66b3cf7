//! The SQL that counts the mails about orders to each address. Sets of rows are bound as arrays, which the DSL cannot
//! join.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz};

use crate::db;
use crate::db::schema::order_mail_counts;
use crate::kernel::id::StoreId;

/// Adds mails to these addresses, and returns the number of mails to each within its hour. An hour that began before `since`
/// is over.
pub fn add(
    conn: &mut PgConnection,
    store: StoreId,
    new: &BTreeMap<String, i64>,
    (at, since): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<HashMap<String, i64>> {
    let rows: Vec<(String, i64)> = db::sql(
        "INSERT INTO order_mail_counts AS c (store_id, recipient, began_at, mails) \
         SELECT $1, n.recipient, $4, n.mails FROM unnest($2::text[], $3::int8[]) AS n (recipient, mails) \
         ON CONFLICT (store_id, recipient) DO UPDATE \
         SET mails = CASE WHEN c.began_at <= $5 THEN excluded.mails ELSE c.mails + excluded.mails END, \
             began_at = CASE WHEN c.began_at <= $5 THEN excluded.began_at ELSE c.began_at END \
         RETURNING recipient, mails",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<Text>, _>(new.keys().collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(new.values().collect::<Vec<_>>())
    .bind::<Timestamptz, _>(at)
    .bind::<Timestamptz, _>(since)
    .columns::<(Text, BigInt)>()
    .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Addresses whose hour began before this time, in one store or in all. Nothing is locked.
pub fn discover_old(
    conn: &mut PgConnection,
    store: Option<StoreId>,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<(StoreId, String)>> {
    let old = order_mail_counts::table
        .filter(order_mail_counts::began_at.lt(before))
        .select((order_mail_counts::store_id, order_mail_counts::recipient))
        .limit(limit)
        .into_boxed();
    match store {
        Some(store) => old.filter(order_mail_counts::store_id.eq(store)).load(conn),
        None => old.load(conn),
    }
}

/// Deletes addresses whose hour is over. Returns their number.
pub fn purge(
    conn: &mut PgConnection,
    store: StoreId,
    before: DateTime<Utc>,
    recipients: &[String],
) -> QueryResult<usize> {
    let rows = order_mail_counts::table
        .filter(order_mail_counts::store_id.eq(store))
        .filter(order_mail_counts::recipient.eq_any(recipients))
        .filter(order_mail_counts::began_at.lt(before));
    diesel::delete(rows).execute(conn)
}
