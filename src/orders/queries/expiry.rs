//! The SQL of orders whose payment did not come in time, set by set.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz};

use crate::db::{self, Failure};
use crate::kernel::id::{OrderId, StoreId};

/// An order under payment, locked.
#[derive(Clone, Debug, QueryableByName)]
pub struct Expiring {
    #[diesel(sql_type = BigInt)]
    pub id: OrderId,
    #[diesel(sql_type = Text)]
    pub order_number: String,
}

/// Locks those of the orders that are under payment, ascending; with `skip`, leaves out those that
/// somebody else has locked.
pub fn lock(conn: &mut PgConnection, store: StoreId, orders: &[i64], skip: bool) -> QueryResult<Vec<Expiring>> {
    let text = if skip {
        "SELECT id, order_number FROM orders WHERE store_id = $1 AND id = ANY($2) AND status = 'under_paying' \
         ORDER BY id FOR UPDATE SKIP LOCKED"
    } else {
        "SELECT id, order_number FROM orders WHERE store_id = $1 AND id = ANY($2) AND status = 'under_paying' \
         ORDER BY id FOR UPDATE"
    };
    db::sql(text).bind::<BigInt, _>(store).bind::<Array<BigInt>, _>(orders).load(conn)
}

/// Cancels locked orders under payment as expired.
pub fn cancel_expired(
    conn: &mut PgConnection,
    store: StoreId,
    orders: &[OrderId],
    at: DateTime<Utc>,
) -> Result<(), Failure> {
    let ended = db::sql(
        "UPDATE orders SET status = 'cancelled', payment_status = 'expired', updated_at = $3 \
         WHERE store_id = $1 AND id = ANY($2) AND status = 'under_paying'",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(orders)
    .bind::<Timestamptz, _>(at)
    .execute(conn)?;
    if ended == orders.len() {
        Ok(())
    } else {
        Err(Failure::Internal(format!("{ended} of {} orders were expired", orders.len())))
    }
}
