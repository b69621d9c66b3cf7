//! The SQL of payments and refunds. Append-only.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

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

pub fn append(conn: &mut PgConnection, store: StoreId, new: NewPayment<'_>, at: DateTime<Utc>) -> QueryResult<()> {
    let NewPayment { order, kind, reference, amount, actor } = new;
    diesel::insert_into(order_payments::table)
        .values((
            order_payments::store_id.eq(store),
            order_payments::order_id.eq(order),
            order_payments::kind.eq(kind.as_str()),
            order_payments::reference.eq(reference),
            order_payments::amount.eq(amount),
            order_payments::actor.eq(actor),
            order_payments::created_at.eq(at),
        ))
        .execute(conn)
        .map(drop)
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
