//! The SQL that reads the rows of events. Rows are found by their ids.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::db::schema::{order_history, order_payments};
use crate::kernel::id::{CreditId, StoreId};
use crate::kernel::money::Money;
use crate::orders::status::OrderStatus;

/// A status that an order has got.
#[derive(Clone, Debug, Queryable)]
pub struct StatusStep {
    pub from: Option<OrderStatus>,
    pub to: OrderStatus,
    pub reason: Option<String>,
}

/// Rows of the histories of orders.
pub fn list_steps(conn: &mut PgConnection, store: StoreId, ids: &[i64]) -> QueryResult<HashMap<i64, StatusStep>> {
    let rows: Vec<(i64, StatusStep)> = order_history::table
        .filter(order_history::store_id.eq(store))
        .filter(order_history::id.eq_any(ids))
        .select((order_history::id, (order_history::from_status, order_history::to_status, order_history::reason)))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// A recorded refund.
#[derive(Clone, Debug, Queryable)]
pub struct Refund {
    pub reference: Option<String>,
    pub amount: Money,
    pub credit_id: Option<CreditId>,
}

/// Recorded refunds.
pub fn list_refunds(conn: &mut PgConnection, store: StoreId, ids: &[i64]) -> QueryResult<HashMap<i64, Refund>> {
    let rows: Vec<(i64, Refund)> = order_payments::table
        .filter(order_payments::store_id.eq(store))
        .filter(order_payments::id.eq_any(ids))
        .select((order_payments::id, (order_payments::reference, order_payments::amount, order_payments::credit_id)))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
