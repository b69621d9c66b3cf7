//! The SQL of lists of orders.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::dsl::{not, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::orders::list_by_id;
use super::search::{IsFound, SearchTexts};
use super::{items, shipments};
use crate::db::Failure;
use crate::db::schema::orders;
use crate::kernel::folded_text::PhonePatterns;
use crate::kernel::id::{OrderId, StoreId, UserId};
use crate::kernel::page::{List, PageQuery, Sort};
use crate::orders::order::{Order, OrderItem};
use crate::orders::response::OrderResponse;
use crate::orders::search;
use crate::orders::status::{OrderStatus, PaymentStatus};

/// The conditions of a list of orders.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    pub user: Option<UserId>,
    pub status: Option<OrderStatus>,
    pub payment_status: Option<PaymentStatus>,
    /// For each word, the patterns of which the search text matches one.
    pub patterns: Vec<PhonePatterns>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub refund_due: Option<bool>,
}

/// The columns that orders can be sorted by. Ties are broken by id, so that the order is total.
pub const SORTS: [&str; 2] = ["created_at", "total_amount"];

type Query<'a> = orders::BoxedQuery<'a, Pg>;

/// One page of orders, each whole.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    filter: &OrderFilter,
    sort: Sort,
    page: &PageQuery,
) -> Result<List<OrderResponse>, Failure> {
    let unwritten = match filter.patterns.is_empty() {
        true => SearchTexts::default(),
        false => search::find_unwritten(conn, store)?,
    };
    let total: i64 = filtered(store, filter, &unwritten).count().get_result(conn)?;
    let query = filtered(store, filter, &unwritten);
    let query = match (sort.column, sort.descending) {
        ("total_amount", false) => query.order((orders::total_amount.asc(), orders::id.asc())),
        ("total_amount", true) => query.order((orders::total_amount.desc(), orders::id.desc())),
        (_, false) => query.order((orders::created_at.asc(), orders::id.asc())),
        (_, true) => query.order((orders::created_at.desc(), orders::id.desc())),
    };
    // The ids alone first, so that nothing else is read of the rows before the page.
    let ids: Vec<OrderId> = query.select(orders::id).limit(page.limit).offset(page.offset()).load(conn)?;
    let mut found = list_by_id(conn, store, &ids)?;
    found.sort_by_key(|order| ids.iter().position(|id| *id == order.id));
    Ok(page.list(respond(conn, store, &found.iter().collect::<Vec<_>>())?, total))
}

/// Money was not accepted, or more money was kept than is owed. In the words of the partial index
/// `orders_refund_due_idx`, so that the planner recognizes it.
const REFUND_DUE: &str = "(unapplied_amount > 0 \
    OR received_amount - refunded_amount - credit_used_amount > total_amount - credited_amount)";

fn filtered<'a>(store: StoreId, filter: &'a OrderFilter, unwritten: &'a SearchTexts) -> Query<'a> {
    let OrderFilter { user, status, payment_status, patterns, from, to, refund_due } = filter;
    let mut query = orders::table.filter(orders::store_id.eq(store)).into_boxed();
    if let Some(user) = user {
        query = query.filter(orders::user_id.eq(*user));
    }
    if let Some(status) = status {
        query = query.filter(orders::status.eq(status));
    }
    if let Some(status) = payment_status {
        query = query.filter(orders::payment_status.eq(status));
    }
    if !patterns.is_empty() {
        query = query.filter(IsFound { store, patterns, unwritten });
    }
    if let Some(from) = from {
        query = query.filter(orders::created_at.ge(*from));
    }
    if let Some(to) = to {
        query = query.filter(orders::created_at.lt(*to));
    }
    match refund_due {
        Some(true) => query.filter(sql::<Bool>(REFUND_DUE)),
        Some(false) => query.filter(not(sql::<Bool>(REFUND_DUE))),
        None => query,
    }
}

/// Orders with their items, the stock that they took and their shipments, in three statements for any number.
pub fn respond(conn: &mut PgConnection, store: StoreId, found: &[&Order]) -> Result<Vec<OrderResponse>, Failure> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let distinct: BTreeMap<OrderId, &Order> = found.iter().map(|order| (order.id, *order)).collect();
    let (ids, distinct): (Vec<OrderId>, Vec<&Order>) = distinct.into_iter().unzip();
    let items: HashMap<OrderId, Vec<OrderItem>> = items::list(conn, store, &ids)?;
    let reductions = items::list_reductions(conn, store, &distinct)?;
    let shipped: Vec<OrderId> =
        distinct.iter().filter(|order| order.may_have_shipments()).map(|order| order.id).collect();
    let shipments = match shipped.is_empty() {
        true => HashMap::new(),
        false => shipments::list(conn, store, &shipped, shipments::MAX_OF_ORDER)?,
    };
    let responses = found.iter().map(|order| {
        let items = items.get(&order.id).map(Vec::as_slice).unwrap_or_default();
        let reductions = reductions.get(&order.order_number).map(Vec::as_slice).unwrap_or_default();
        let shipments = shipments.get(&order.id).map(Vec::as_slice).unwrap_or_default();
        OrderResponse::new(order, items, reductions, shipments)
    });
    Ok(responses.collect())
}

/// One order that exists, whole.
pub fn respond_one(conn: &mut PgConnection, order: &Order) -> Result<OrderResponse, Failure> {
    respond(conn, order.store_id, &[order])?
        .pop()
        .ok_or_else(|| Failure::Internal(format!("order {} is gone", order.id)))
}
