//! The SQL of the money that exchanges move: the used part of a credit of one order is a payment of another order.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::payments::FIRST_USE;
use crate::db::schema::{credits, order_payments};
use crate::kernel::id::{OrderId, StoreId};
use crate::kernel::money::Money;

/// Money of an order that paid for the order of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassedMoney {
    pub from: OrderId,
    pub to: OrderId,
    pub amount: Money,
}

/// The order whose credits paid for the order of an exchange, if there is one.
pub fn find_source(conn: &mut PgConnection, store: StoreId, order: OrderId) -> QueryResult<Option<OrderId>> {
    let is_of_credit = credits::store_id
        .eq(order_payments::store_id)
        .and(credits::credit_number.nullable().eq(order_payments::reference));
    order_payments::table
        .inner_join(credits::table.on(is_of_credit))
        .filter(order_payments::store_id.eq(store))
        .filter(order_payments::order_id.eq(order))
        .filter(sql::<Bool>(FIRST_USE))
        // A distributed server needs the store of both tables.
        .filter(credits::store_id.eq(store))
        .filter(credits::used_amount.gt(Money(0)))
        .order(order_payments::id)
        .select(credits::order_id)
        .first(conn)
        .optional()
}

/// The payments by credits of these orders, the oldest first.
pub fn list_passed(conn: &mut PgConnection, store: StoreId, from: &[OrderId]) -> QueryResult<Vec<PassedMoney>> {
    let is_of_credit = order_payments::store_id
        .eq(credits::store_id)
        .and(order_payments::reference.eq(credits::credit_number.nullable()));
    let rows: Vec<(OrderId, OrderId, Money)> = credits::table
        .inner_join(order_payments::table.on(is_of_credit))
        .filter(credits::store_id.eq(store))
        .filter(credits::order_id.eq_any(from))
        .filter(credits::used_amount.gt(Money(0)))
        // As above.
        .filter(order_payments::store_id.eq(store))
        .filter(sql::<Bool>(FIRST_USE))
        .order(order_payments::id)
        .select((credits::order_id, order_payments::order_id, order_payments::amount))
        .load(conn)?;
    Ok(rows.into_iter().map(|(from, to, amount)| PassedMoney { from, to, amount }).collect())
}
