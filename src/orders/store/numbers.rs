//! Ids taken beforehand, so that rows inserted as a set can refer to each other.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Timestamptz};

use crate::db;
use crate::kernel::id::{OrderId, OrderItemId};

#[derive(QueryableByName)]
pub struct Taken {
    #[diesel(sql_type = Timestamptz)]
    pub now: DateTime<Utc>,
    #[diesel(sql_type = Array<BigInt>)]
    pub orders: Vec<OrderId>,
    #[diesel(sql_type = Array<BigInt>)]
    pub items: Vec<OrderItemId>,
}

impl Taken {
    /// Stands in for ids where nothing will be written.
    #[must_use]
    pub fn nothing(now: DateTime<Utc>, orders: usize, items: usize) -> Self {
        Self { now, orders: vec![OrderId(0); orders], items: vec![OrderItemId(0); items] }
    }
}

/// So many ids of orders and of items, ascending, and the clock: one round trip for all three.
pub fn take(conn: &mut PgConnection, orders: usize, items: usize) -> QueryResult<Taken> {
    let count = |number: usize| i64::try_from(number).unwrap_or(0);
    db::sql(
        "SELECT $now AS now, \
                ARRAY(SELECT nextval('orders_id_seq') FROM generate_series(1, $1)) AS orders, \
                ARRAY(SELECT nextval('order_items_id_seq') FROM generate_series(1, $2)) AS items",
    )
    .bind::<BigInt, _>(count(orders))
    .bind::<BigInt, _>(count(items))
    .get_result(conn)
}
