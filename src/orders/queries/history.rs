//! The SQL that reads the history of an order.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::schema::order_history;
use crate::kernel::id::{OrderId, StoreId};
use crate::orders::response::HistoryResponse;
use crate::orders::status::OrderStatus;

type Row = (Option<OrderStatus>, OrderStatus, DateTime<Utc>, String, Option<String>);

/// Every status that the order has had, oldest first.
pub fn list(conn: &mut PgConnection, store: StoreId, order: OrderId) -> QueryResult<Vec<HistoryResponse>> {
    let rows: Vec<Row> = order_history::table
        .filter(order_history::store_id.eq(store))
        .filter(order_history::order_id.eq(order))
        .order(order_history::id)
        .limit(100)
        .select((
            order_history::from_status,
            order_history::to_status,
            order_history::created_at,
            order_history::actor,
            order_history::reason,
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(|(from, to, at, actor, reason)| HistoryResponse { from, to, at, actor, reason }).collect())
}
