//! The SQL of payments and refunds. Sets of rows are bound as arrays, which the DSL cannot insert.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};

use crate::db::schema::order_payments;
use crate::db::{self, Failure, outbox};
use crate::kernel::id::{CreditId, OrderId, StoreId};
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
    /// The part of a payment that the order does not accept, or the part of a refund that gives such money back.
    pub unapplied: Money,
    /// True for a payment whose reference was recorded for another order before.
    pub is_reused: bool,
    /// The credit of a refund.
    pub credit: Option<CreditId>,
    pub actor: String,
}

/// Appends payments. Fails with [`Failure::Retry`] if another transaction recorded a reference for another order
/// meanwhile. The references are inserted in one order, so that such transactions do not deadlock.
///
/// Returns their ids with their orders and kinds.
pub fn append(
    conn: &mut PgConnection,
    store: StoreId,
    new: &[NewPayment],
    at: DateTime<Utc>,
) -> Result<Vec<(i64, OrderId, Kind)>, Failure> {
    let mut new: Vec<&NewPayment> = new.iter().collect();
    new.sort_by(|a, b| a.reference.cmp(&b.reference));
    let appended = db::sql(
        "INSERT INTO order_payments (store_id, order_id, kind, reference, amount, actor, unapplied_amount, is_reused, \
                credit_id, created_at) \
         SELECT $1, unnest($3::int8[]), unnest($4::text[]), unnest($5::text[]), unnest($6::int8[]), unnest($7::text[]), \
                unnest($8::int8[]), unnest($9::bool[]), unnest($10::int8[]), $2 \
         RETURNING id, order_id, kind",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(new.iter().map(|payment| payment.order).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|payment| payment.kind).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(new.iter().map(|payment| payment.reference.as_deref()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(new.iter().map(|payment| payment.amount).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|payment| payment.actor.as_str()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(new.iter().map(|payment| payment.unapplied).collect::<Vec<_>>())
    .bind::<Array<Bool>, _>(new.iter().map(|payment| payment.is_reused).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(new.iter().map(|payment| payment.credit).collect::<Vec<_>>())
    .columns::<(BigInt, BigInt, Text)>()
    .load::<(i64, OrderId, Kind)>(conn)
    .map_err(Failure::from)
    .map_err(|failure| match failure.violates("order_payments_first_use_key") {
        true => Failure::Retry(failure.to_string()),
        false => failure,
    })?;
    outbox::note(store, |noted| noted.entries.extend(appended.iter().map(|(id, _, _)| id)));
    Ok(appended)
}

/// Accepts payments that were recorded with a reused reference. Their orders must have been locked in this transaction.
pub fn accept(conn: &mut PgConnection, store: StoreId, payments: &[(OrderId, String)]) -> Result<(), Failure> {
    let (orders, references): (Vec<OrderId>, Vec<&str>) =
        payments.iter().map(|(order, reference)| (*order, reference.as_str())).unzip();
    let updated = db::sql(
        "UPDATE order_payments p SET unapplied_amount = 0 \
         FROM (SELECT unnest($2::int8[]) AS order_id, unnest($3::text[]) AS reference LIMIT $4) n \
         WHERE p.store_id = $1 AND p.order_id = n.order_id AND p.kind = 'payment' AND p.reference = n.reference \
           AND p.is_reused AND p.unapplied_amount = p.amount",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(orders)
    .bind::<Array<Text>, _>(references)
    .bind::<BigInt, _>(db::count(payments.len()))
    .execute(conn)?;
    db::expect_rows(updated, payments.len(), "payments were accepted")
}

/// A recorded payment or refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub amount: Money,
    pub unapplied: Money,
    /// The credit of a refund.
    pub credit: Option<CreditId>,
}

/// The recorded payments and refunds of orders that have a reference. Read them under the orders' locks.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    orders: &[OrderId],
) -> QueryResult<HashMap<(OrderId, Kind, String), Recorded>> {
    let rows: Vec<(OrderId, Kind, String, Money, Money, Option<CreditId>)> = order_payments::table
        .filter(order_payments::store_id.eq(store))
        .filter(order_payments::order_id.eq_any(orders))
        .filter(order_payments::reference.is_not_null())
        .select((
            order_payments::order_id,
            order_payments::kind,
            order_payments::reference.assume_not_null(),
            order_payments::amount,
            order_payments::unapplied_amount,
            order_payments::credit_id,
        ))
        .load(conn)?;
    let recorded = |(order, kind, reference, amount, unapplied, credit)| {
        ((order, kind, reference), Recorded { amount, unapplied, credit })
    };
    Ok(rows.into_iter().map(recorded).collect())
}

/// In the words of the partial index `order_payments_first_use_key`, so that the planner recognizes it.
pub(super) const FIRST_USE: &str = "order_payments.kind = 'payment' AND NOT order_payments.is_reused";

/// The orders for which references of payments were recorded first.
pub fn list_first_uses(
    conn: &mut PgConnection,
    store: StoreId,
    references: &[&str],
) -> QueryResult<HashMap<String, OrderId>> {
    let rows: Vec<(String, OrderId)> = order_payments::table
        .filter(order_payments::store_id.eq(store))
        .filter(order_payments::reference.eq_any(references))
        .filter(sql::<Bool>(FIRST_USE))
        .select((order_payments::reference.assume_not_null(), order_payments::order_id))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// In the words of the partial index `order_payments_reused_idx`.
const REUSED: &str = "order_payments.is_reused";

/// The orders that have a payment with this reference: the one for which it was recorded first, then the others, the
/// oldest payment first. At most this number.
pub fn list_orders(
    conn: &mut PgConnection,
    store: StoreId,
    reference: &str,
    limit: usize,
) -> QueryResult<Vec<OrderId>> {
    let mut found: Vec<OrderId> = list_first_uses(conn, store, &[reference])?.into_values().collect();
    let reused: Vec<OrderId> = order_payments::table
        .filter(order_payments::store_id.eq(store))
        .filter(order_payments::reference.eq(reference))
        .filter(sql::<Bool>(REUSED))
        .order(order_payments::id)
        .limit(db::count(limit))
        .select(order_payments::order_id)
        .load(conn)?;
    found.extend(reused);
    found.truncate(limit);
    Ok(found)
}
