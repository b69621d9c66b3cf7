//! The SQL that reads the rows of events, and the objects that streams name. The DSL has no LATERAL and no indexes of
//! elements in arrays.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use super::subject::Subject;
use crate::db;
use crate::db::schema::{order_history, order_payments};
use crate::events::SubjectKind;
use crate::kernel::id::{CreditId, ProductId, ProductRef, StoreId, UserId};
use crate::kernel::money::Money;
use crate::kernel::text::code_key;
use crate::orders::status::OrderStatus;

/// A step in the history of an order.
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

/// The orders of a customer, with their shipments and returns.
pub fn list_subjects_of(conn: &mut PgConnection, store: StoreId, customer: UserId) -> QueryResult<HashSet<Subject>> {
    let rows: Vec<(SubjectKind, i64)> = db::sql(
        "WITH own AS MATERIALIZED (SELECT id FROM orders WHERE store_id = $1 AND user_id = $2) \
         SELECT 'order' AS kind, id FROM own \
         UNION ALL SELECT 'shipment', s.id FROM own CROSS JOIN LATERAL \
              (SELECT id FROM shipments WHERE store_id = $1 AND order_id = own.id OFFSET 0) s \
         UNION ALL SELECT 'return', r.id FROM own CROSS JOIN LATERAL \
              (SELECT id FROM returns WHERE store_id = $1 AND order_id = own.id OFFSET 0) r",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(customer)
    .columns::<(Text, BigInt)>()
    .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The ids of named products, in the order of the names. None for a SKU that the store does not have. An id may be unknown.
pub fn find_products(
    conn: &mut PgConnection,
    store: StoreId,
    names: &[ProductRef],
) -> QueryResult<Vec<Option<ProductId>>> {
    let names = names.iter().map(|name| match name {
        ProductRef::Id(id) => (Some(*id), None),
        ProductRef::Sku(sku) => (None, Some(code_key(sku))),
    });
    let (ids, skus): (Vec<Option<ProductId>>, Vec<Option<Cow<'_, str>>>) = names.unzip();
    db::sql(
        "SELECT COALESCE(n.id, c.product_id) AS id \
         FROM unnest($2::int8[], $3::text[]) WITH ORDINALITY AS n (id, sku, ordinal) \
         LEFT JOIN LATERAL (SELECT product_id FROM product_codes \
              WHERE store_id = $1 AND kind = 'sku' AND code_key = n.sku OFFSET 0) c ON true ORDER BY n.ordinal",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<Nullable<BigInt>>, _>(ids)
    .bind::<Array<Nullable<Text>>, _>(skus)
    .columns::<Nullable<BigInt>>()
    .load(conn)
}
