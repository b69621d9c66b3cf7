//! The SQL of entries. Sets of rows come in as arrays, which the DSL cannot insert.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Text, Timestamptz};

use crate::db;
use crate::kernel::id::{CountId, StoreId};

/// An entry to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewEntry {
    pub line: i64,
    pub quantity: i64,
    pub is_added: bool,
    pub counted_at: DateTime<Utc>,
}

/// Appends entries in their order.
pub fn insert(
    conn: &mut PgConnection,
    store: StoreId,
    count: CountId,
    entries: &[NewEntry],
    (actor, at): (&str, DateTime<Utc>),
) -> QueryResult<()> {
    db::sql(
        "INSERT INTO count_entries (store_id, count_id, line, quantity, is_added, counted_at, actor, created_at) \
         SELECT $1, $2, n.line, n.quantity, n.is_added, n.counted_at, $3, $4 \
         FROM unnest($5::int8[], $6::int8[], $7::bool[], $8::timestamptz[]) WITH ORDINALITY \
              AS n (line, quantity, is_added, counted_at, place) ORDER BY n.place",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(count)
    .bind::<Text, _>(actor)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(entries.iter().map(|entry| entry.line).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(entries.iter().map(|entry| entry.quantity).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(entries.iter().map(|entry| entry.is_added).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(entries.iter().map(|entry| entry.counted_at).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}
