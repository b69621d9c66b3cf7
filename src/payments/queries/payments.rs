//! The SQL of payments and refunds. Append-only.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use crate::db;
use crate::db::schema::order_payments;
use crate::kernel::id::{OrderId, StoreId};
use crate::kernel::money::Money;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Payment,
    Refund,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Refund => "refund",
        }
    }
}

/// Money of an order, in or out. The reference is the provider's.
#[derive(Clone, Copy, Debug)]
pub struct NewPayment<'a> {
    pub order: OrderId,
    pub kind: Kind,
    pub reference: Option<&'a str>,
    pub amount: Money,
    pub actor: &'a str,
}

pub fn append(conn: &mut PgConnection, store: StoreId, new: &[NewPayment<'_>], at: DateTime<Utc>) -> QueryResult<()> {
    db::sql(
        "INSERT INTO order_payments (store_id, order_id, kind, reference, amount, actor, created_at) \
         SELECT $1, unnest($3::int8[]), unnest($4::text[]), unnest($5::text[]), unnest($6::int8[]), unnest($7::text[]), $2",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(new.iter().map(|payment| payment.order).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|payment| payment.kind.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(new.iter().map(|payment| payment.reference).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(new.iter().map(|payment| payment.amount).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|payment| payment.actor).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

/// Orders, and references and amounts of their recorded payments. Read it under the orders' locks.
pub fn list_paid(
    conn: &mut PgConnection,
    store: StoreId,
    orders: &[OrderId],
) -> QueryResult<Vec<(OrderId, String, Money)>> {
    order_payments::table
        .filter(order_payments::store_id.eq(store))
        .filter(order_payments::order_id.eq_any(orders))
        .filter(order_payments::kind.eq(Kind::Payment.as_str()))
        .filter(order_payments::reference.is_not_null())
        .select((order_payments::order_id, order_payments::reference.assume_not_null(), order_payments::amount))
        .load(conn)
}

/// The amount recorded under a reference. Read it under the order's lock.
pub fn find_amount(
    conn: &mut PgConnection,
    store: StoreId,
    order: OrderId,
    kind: Kind,
    reference: &str,
) -> QueryResult<Option<Money>> {
    order_payments::table
        .filter(order_payments::store_id.eq(store))
        .filter(order_payments::order_id.eq(order))
        .filter(order_payments::kind.eq(kind.as_str()))
        .filter(order_payments::reference.eq(reference))
        .select(order_payments::amount)
        .first(conn)
        .optional()
}
