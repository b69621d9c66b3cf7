//! The SQL of what orders are found by.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};

use crate::db;
use crate::db::schema::orders;
use crate::kernel::id::StoreId;
use crate::orders::order::Order;

/// Gives search texts to orders that have none yet, and returns how many. What they are made of never changes.
pub fn fill(conn: &mut PgConnection, store: StoreId, limit: i64) -> QueryResult<usize> {
    let found: Vec<Order> = orders::table
        .filter(orders::store_id.eq(store))
        .filter(orders::search_text.is_null())
        .order(orders::id)
        .limit(limit)
        .select(Order::as_select())
        .load(conn)?;
    db::sql(
        "UPDATE orders o SET search_text = n.search_text FROM unnest($2::int8[], $3::text[]) AS n (id, search_text) \
         WHERE o.store_id = $1 AND o.id = n.id AND o.search_text IS NULL",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(found.iter().map(|order| order.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(found.iter().map(Order::search_text).collect::<Vec<_>>())
    .execute(conn)
}
