//! The SQL of payments and refunds. Append-only. Sets of rows come in as arrays, which the DSL can not insert.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use crate::db;
use crate::db::schema::order_payments;
use crate::kernel::id::{OrderId, StoreId};
use crate::kernel::money::Money;
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The direction of money.
    #[strum(serialize_all = "snake_case")]
    pub enum Kind {
        Payment,
        Refund,
    }
}

/// Money of an order, in or out. The reference is the provider's.
#[derive(Clone, Debug)]
pub struct NewPayment {
    pub order: OrderId,
    pub kind: Kind,
    pub reference: Option<String>,
    pub amount: Money,
    pub actor: String,
}

pub fn append(conn: &mut PgConnection, store: StoreId, new: &[NewPayment], at: DateTime<Utc>) -> QueryResult<()> {
    db::sql(
        "INSERT INTO order_payments (store_id, order_id, kind, reference, amount, actor, created_at) \
         SELECT $1, unnest($3::int8[]), unnest($4::text[]), unnest($5::text[]), unnest($6::int8[]), unnest($7::text[]), $2",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(new.iter().map(|payment| payment.order).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|payment| payment.kind).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(new.iter().map(|payment| payment.reference.as_deref()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(new.iter().map(|payment| payment.amount).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|payment| payment.actor.as_str()).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

/// The recorded payments and refunds of orders that have a reference. Read them under the orders' locks.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    orders: &[OrderId],
) -> QueryResult<Vec<(OrderId, Kind, String, Money)>> {
    order_payments::table
        .filter(order_payments::store_id.eq(store))
        .filter(order_payments::order_id.eq_any(orders))
        .filter(order_payments::reference.is_not_null())
        .select((
            order_payments::order_id,
            order_payments::kind,
            order_payments::reference.assume_not_null(),
            order_payments::amount,
        ))
        .load(conn)
}
