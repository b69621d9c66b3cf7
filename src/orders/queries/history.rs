//! The SQL that reads the history of an order.

use diesel::prelude::*;

use crate::db::schema::order_history;
use crate::kernel::history_step::HistoryStep;
use crate::kernel::id::{OrderId, StoreId};
use crate::orders::status::OrderStatus;

/// Every status that the order has had, oldest first.
pub fn list(conn: &mut PgConnection, store: StoreId, order: OrderId) -> QueryResult<Vec<HistoryStep<OrderStatus>>> {
    order_history::table
        .filter(order_history::store_id.eq(store))
        .filter(order_history::order_id.eq(order))
        .order(order_history::id)
        .limit(100)
        .select((
            order_history::from_status,
            order_history::to_status,
            order_history::reason,
            order_history::actor,
            order_history::created_at,
        ))
        .load(conn)
}
