//! The SQL of orders, and all that writes their history. Sets of rows are bound as arrays, which the DSL can neither
//! insert nor join.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Jsonb, Nullable, Text, Timestamptz};

use crate::db::schema::{order_items, orders};
use crate::db::{self, Failure, OnLocked, outbox};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::{OrderId, StoreId, UserId};
use crate::kernel::money::Money;
use crate::orders::order::Order;
use crate::orders::status::OrderStatus;
use crate::orders::unfulfilled::Unfulfilled;

/// An order about to be written, with what only the database knows of it.
#[derive(Clone, Debug)]
pub struct NewOrder<'a> {
    pub order: &'a Order,
    pub guest_token_hash: Option<&'a [u8]>,
    /// Cart and round that it was made of, so that a second order of them is impossible.
    pub checkout: Option<&'a str>,
    /// The actor of the first entry of its history.
    pub actor: &'a str,
}

/// Inserts a set of orders whose ids were taken beforehand, each with the first entry of its history. The orders
/// stand in the WITH: a distributed server runs it first, as a statement of its own, and the history refers to them.
///
/// Returns the ids of these entries.
pub fn insert(conn: &mut PgConnection, store: StoreId, new: &[NewOrder<'_>]) -> QueryResult<HashMap<OrderId, i64>> {
    fn texts<'a>(new: &[NewOrder<'a>], value: impl Fn(&'a Order) -> Option<&'a str>) -> Vec<Option<&'a str>> {
        new.iter().map(|new| value(new.order)).collect()
    }
    let money = |value: fn(&Order) -> Money| new.iter().map(|new| value(new.order)).collect::<Vec<_>>();
    let entries = db::sql(
        "WITH placed AS ( \
             INSERT INTO orders (store_id, id, order_number, user_id, created_by, customer_name, customer_phone, \
                    delivery_address, status, payment_status, payment_method, payment_expires_at, currency, subtotal, \
                    tax_amount, shipping_amount, discount_amount, total_amount, total_items, shipping_address, \
                    billing_address, notes, guest_token_hash, checkout, created_at, updated_at, paid_at, \
                    pickup_location_id, included_tax_amount, tax_lines, exchange_of, customer_email) \
             SELECT $1, unnest($2::int8[]), unnest($3::text[]), unnest($4::int8[]), unnest($5::int8[]), \
                    unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), unnest($9::text[]), \
                    unnest($10::text[]), unnest($11::text[]), unnest($12::timestamptz[]), unnest($13::text[]), \
                    unnest($14::int8[]), unnest($15::int8[]), unnest($16::int8[]), unnest($17::int8[]), \
                    unnest($18::int8[]), unnest($19::int8[]), unnest($20::jsonb[]), unnest($21::jsonb[]), \
                    unnest($22::text[]), unnest($23::bytea[]), unnest($24::text[]), unnest($25::timestamptz[]), \
                    unnest($25::timestamptz[]), unnest($27::timestamptz[]), unnest($28::int8[]), unnest($29::int8[]), \
                    unnest($30::jsonb[]), unnest($31::int8[]), unnest($32::text[])) \
         INSERT INTO order_history (store_id, order_id, to_status, created_at, actor) \
         SELECT $1, unnest($2::int8[]), unnest($9::text[]), unnest($25::timestamptz[]), unnest($26::text[]) \
         RETURNING id, order_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(new.iter().map(|new| new.order.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|new| new.order.order_number.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(new.iter().map(|new| new.order.user_id).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(new.iter().map(|new| new.order.created_by).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(texts(new, |order| order.customer_name.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(texts(new, |order| order.customer_phone.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(texts(new, |order| order.delivery_address.as_deref()))
    .bind::<Array<Text>, _>(new.iter().map(|new| new.order.status).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|new| new.order.payment_status).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|new| new.order.payment_method.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(new.iter().map(|new| new.order.payment_expires_at).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|new| new.order.currency.code()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(money(|order| order.subtotal))
    .bind::<Array<BigInt>, _>(money(|order| order.tax_amount))
    .bind::<Array<BigInt>, _>(money(|order| order.shipping_amount))
    .bind::<Array<BigInt>, _>(money(|order| order.discount_amount))
    .bind::<Array<BigInt>, _>(money(|order| order.total_amount))
    .bind::<Array<BigInt>, _>(new.iter().map(|new| new.order.total_items).collect::<Vec<_>>())
    .bind::<Array<Nullable<Jsonb>>, _>(new.iter().map(|new| new.order.shipping_address.as_ref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Jsonb>>, _>(new.iter().map(|new| new.order.billing_address.as_ref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(texts(new, |order| order.notes.as_deref()))
    .bind::<Array<Nullable<Binary>>, _>(new.iter().map(|new| new.guest_token_hash).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(new.iter().map(|new| new.checkout).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(new.iter().map(|new| new.order.created_at).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|new| new.actor).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(new.iter().map(|new| new.order.paid_at).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(new.iter().map(|new| new.order.pickup_location_id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(money(|order| order.included_tax_amount))
    .bind::<Array<Nullable<Jsonb>>, _>(new.iter().map(|new| new.order.tax_lines.as_ref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(new.iter().map(|new| new.order.exchange_of).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(texts(new, |order| order.customer_email.as_deref()))
    .columns::<(BigInt, BigInt)>()
    .load::<(i64, OrderId)>(conn)?;
    outbox::note(store, |appended| appended.entries.extend(entries.iter().map(|(id, _)| id)));
    Ok(entries.into_iter().map(|(id, order)| (order, id)).collect())
}

/// An order that a path names. The customer or guest may look at it without a permission.
#[derive(Clone, Debug)]
pub struct FoundOrder {
    pub id: OrderId,
    pub user_id: Option<UserId>,
    pub guest_token_hash: Option<Vec<u8>>,
    /// The number of its lines.
    pub lines: usize,
}

/// Finds the order that a path names.
pub fn find_order(
    conn: &mut PgConnection,
    store: StoreId,
    order: &DocumentRef<OrderId>,
) -> QueryResult<Option<FoundOrder>> {
    let lines = order_items::table
        .filter(order_items::store_id.eq(store))
        .filter(order_items::order_id.eq(orders::id))
        .count()
        .single_value();
    let query = orders::table
        .filter(orders::store_id.eq(store))
        .select((orders::id, orders::user_id, orders::guest_token_hash, lines))
        .into_boxed();
    let query = match order {
        DocumentRef::Id(id) => query.filter(orders::id.eq(*id)),
        DocumentRef::Number(number) => query.filter(orders::order_number.eq(number.clone())),
    };
    let row = query.first::<(OrderId, Option<UserId>, Option<Vec<u8>>, Option<i64>)>(conn).optional()?;
    Ok(row.map(|(id, user_id, guest_token_hash, lines)| {
        let lines = lines.and_then(|lines| usize::try_from(lines).ok()).unwrap_or(0);
        FoundOrder { id, user_id, guest_token_hash, lines }
    }))
}

/// The orders of the store `$1` under a condition, with all columns of [`Order`].
macro_rules! orders_where {
    ($condition:literal) => {
        concat!(
            "SELECT id, store_id, order_number, user_id, created_by, customer_name, customer_phone, \
             customer_email, delivery_address, status, payment_status, payment_method, payment_expires_at, paid_at, \
             payment_reference, received_amount, refunded_amount, unapplied_amount, credited_amount, \
             credit_used_amount, credited_items, tracking_number, currency, subtotal, tax_amount, \
             included_tax_amount, tax_lines, shipping_amount, discount_amount, total_amount, total_items, \
             shipping_address, billing_address, notes, pickup_location_id, unfulfilled, exchange_of, \
             invoice_number, ready_at, created_at, updated_at \
             FROM orders WHERE store_id = $1 AND ",
            $condition
        )
    };
}

/// Reads an order that exists.
pub fn get(conn: &mut PgConnection, store: StoreId, order: OrderId) -> QueryResult<Order> {
    db::sql(orders_where!("id = $2")).bind::<BigInt, _>(store).bind::<BigInt, _>(order).get_result(conn)
}

/// Reads orders, in any order.
pub fn list_by_id(conn: &mut PgConnection, store: StoreId, orders: &[OrderId]) -> QueryResult<Vec<Order>> {
    db::sql(orders_where!("id = ANY ($2)")).bind::<BigInt, _>(store).bind::<Array<BigInt>, _>(orders).load(conn)
}

/// Locks orders, ascending, and reads them as they are after the wait.
pub fn lock_for_update(conn: &mut PgConnection, store: StoreId, orders: &[OrderId]) -> QueryResult<Vec<Order>> {
    lock_by_id(conn, store, orders, OnLocked::Wait)
}

/// Locks orders, ascending.
pub fn lock_by_id(
    conn: &mut PgConnection,
    store: StoreId,
    orders: &[OrderId],
    on_locked: OnLocked,
) -> QueryResult<Vec<Order>> {
    let text = match on_locked {
        OnLocked::Wait => orders_where!("id = ANY ($2) ORDER BY id FOR UPDATE"),
        OnLocked::Skip => orders_where!("id = ANY ($2) ORDER BY id FOR UPDATE SKIP LOCKED"),
    };
    db::sql(text).bind::<BigInt, _>(store).bind::<Array<BigInt>, _>(orders).load(conn)
}

/// Writes back what can change of orders. They must have been locked in this transaction.
pub fn update(conn: &mut PgConnection, store: StoreId, changed: &[&Order]) -> Result<(), Failure> {
    fn texts<'a>(changed: &[&'a Order], value: impl Fn(&'a Order) -> Option<&'a str>) -> Vec<Option<&'a str>> {
        changed.iter().map(|order| value(order)).collect()
    }
    let rows = db::count(changed.len());
    let updated = db::sql(
        "UPDATE orders o SET status = n.status, payment_status = n.payment_status, paid_at = n.paid_at, \
                payment_reference = n.payment_reference, received_amount = n.received_amount, \
                refunded_amount = n.refunded_amount, tracking_number = n.tracking_number, notes = n.notes, \
                updated_at = n.updated_at, credited_amount = n.credited_amount, \
                credit_used_amount = n.credit_used_amount, unapplied_amount = n.unapplied_amount, \
                credited_items = n.credited_items, ready_at = n.ready_at, \
                invoice_number = n.invoice_number \
         FROM (SELECT unnest($2::int8[]) AS id, unnest($3::text[]) AS status, unnest($4::text[]) AS payment_status, \
                      unnest($5::timestamptz[]) AS paid_at, unnest($6::text[]) AS payment_reference, \
                      unnest($7::int8[]) AS received_amount, unnest($8::int8[]) AS refunded_amount, \
                      unnest($9::text[]) AS tracking_number, unnest($10::text[]) AS notes, \
                      unnest($11::timestamptz[]) AS updated_at, unnest($12::int8[]) AS credited_amount, \
                      unnest($13::int8[]) AS credit_used_amount, unnest($14::int8[]) AS unapplied_amount, \
                      unnest($15::int8[]) AS credited_items, \
                      unnest($16::timestamptz[]) AS ready_at, unnest($17::text[]) AS invoice_number LIMIT $18) n \
         WHERE o.store_id = $1 AND o.id = n.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(changed.iter().map(|order| order.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(changed.iter().map(|order| order.status).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(changed.iter().map(|order| order.payment_status).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(changed.iter().map(|order| order.paid_at).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(texts(changed, |order| order.payment_reference.as_deref()))
    .bind::<Array<BigInt>, _>(changed.iter().map(|order| order.received_amount).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(changed.iter().map(|order| order.refunded_amount).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(texts(changed, |order| order.tracking_number.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(texts(changed, |order| order.notes.as_deref()))
    .bind::<Array<Timestamptz>, _>(changed.iter().map(|order| order.updated_at).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(changed.iter().map(|order| order.credited_amount).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(changed.iter().map(|order| order.credit_used_amount).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(changed.iter().map(|order| order.unapplied_amount).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(changed.iter().map(|order| order.credited_items).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(changed.iter().map(|order| order.ready_at).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(texts(changed, |order| order.invoice_number.as_deref()))
    .bind::<BigInt, _>(rows)
    .execute(conn)?;
    db::expect_rows(updated, changed.len(), "orders were written")
}

/// Writes the lines that new orders did not get in full. They are written after the stock, because their alternatives
/// depend on it.
pub fn set_unfulfilled(
    conn: &mut PgConnection,
    store: StoreId,
    new: &[(OrderId, &Unfulfilled)],
) -> Result<(), Failure> {
    let (ids, unfulfilled): (Vec<OrderId>, Vec<&Unfulfilled>) = new.iter().copied().unzip();
    let updated = db::sql(
        "UPDATE orders o SET unfulfilled = n.unfulfilled \
         FROM (SELECT unnest($2::int8[]) AS id, unnest($3::jsonb[]) AS unfulfilled LIMIT $4) n \
         WHERE o.store_id = $1 AND o.id = n.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<Jsonb>, _>(unfulfilled)
    .bind::<BigInt, _>(db::count(new.len()))
    .execute(conn)?;
    db::expect_rows(updated, new.len(), "orders were written")
}

/// A change of an order's status.
#[derive(Clone, Debug)]
pub struct StatusChange {
    pub order: OrderId,
    pub from: Option<OrderStatus>,
    pub to: OrderStatus,
    pub reason: Option<String>,
    pub actor: String,
}

/// Appends status changes to the histories of orders. Returns the ids of the entries.
pub fn append_history(
    conn: &mut PgConnection,
    store: StoreId,
    changes: &[StatusChange],
    at: DateTime<Utc>,
) -> QueryResult<HashMap<(OrderId, OrderStatus), i64>> {
    let entries = db::sql(
        "INSERT INTO order_history (store_id, order_id, from_status, to_status, reason, actor, created_at) \
         SELECT $1, unnest($3::int8[]), unnest($4::text[]), unnest($5::text[]), unnest($6::text[]), unnest($7::text[]), $2 \
         RETURNING id, order_id, to_status",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(changes.iter().map(|change| change.order).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(changes.iter().map(|change| change.from).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(changes.iter().map(|change| change.to).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(changes.iter().map(|change| change.reason.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(changes.iter().map(|change| change.actor.as_str()).collect::<Vec<_>>())
    .columns::<(BigInt, BigInt, Text)>()
    .load::<(i64, OrderId, OrderStatus)>(conn)?;
    outbox::note(store, |appended| appended.entries.extend(entries.iter().map(|(id, _, _)| id)));
    Ok(entries.into_iter().map(|(id, order, to)| ((order, to), id)).collect())
}
