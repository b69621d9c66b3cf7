//! Pays, fails and cancels one order or a batch of orders.
//!
//! As in checkout, the caller opens one transaction. Each request has its own outcome. A refused request changes
//! nothing, except that a late payment or an expiry is recorded.

use diesel::PgConnection;

use super::cancel;
use super::order_batch::{By, Intent, OrderBatch};
use super::pay::{self, Accept, Paid};
use crate::batching::Batcher;
use crate::db::Failure;
use crate::error::Abort;
use crate::idempotency::{Answer, Done, Outcome};
use crate::kernel::id::{OrderId, StoreId};
use crate::kernel::money::AmountInput;
use crate::orders::order::Order;
use crate::orders::queries::list;
use crate::settings::Checkout;

/// A request to change an existing order.
#[derive(Clone, Debug)]
pub struct OrderChange {
    pub order: OrderId,
    /// The number of lines of the order.
    pub lines: usize,
    pub actor: String,
    pub kind: ChangeKind,
}

#[derive(Clone, Debug)]
pub enum ChangeKind {
    Confirm { reference: String, amount: Option<AmountInput>, accept: Accept },
    Fail { reason: Option<String> },
    Cancel { reason: Option<String> },
}

impl OrderChange {
    fn intent(&self) -> Intent {
        match self.kind {
            ChangeKind::Confirm { .. } => Intent::Pay,
            ChangeKind::Fail { .. } | ChangeKind::Cancel { .. } => Intent::Cancel,
        }
    }

    /// The reference of a payment.
    fn reference(&self) -> Option<&str> {
        match &self.kind {
            ChangeKind::Confirm { reference, .. } => Some(reference),
            ChangeKind::Fail { .. } | ChangeKind::Cancel { .. } => None,
        }
    }

    /// Changes the order in memory, or refuses. Returns the number of sold units.
    fn decide(&self, batch: &mut OrderBatch) -> Result<i64, Abort> {
        let actor = &self.actor;
        match &self.kind {
            ChangeKind::Confirm { reference, amount, accept } => {
                pay::confirm(batch, self.order, Paid { reference, amount: *amount, actor }, *accept)
            }
            ChangeKind::Fail { reason } => {
                cancel::fail_payment(batch, self.order, By { actor, reason: reason.as_deref() }).map(|()| 0)
            }
            ChangeKind::Cancel { reason } => {
                cancel::cancel(batch, self.order, By { actor, reason: reason.as_deref() }).map(|()| 0)
            }
        }
    }
}

/// The queue of order changes of all stores. The effect of a request is the number of units that it sold.
pub type OrderChanges = Batcher<OrderChange, i64>;

#[must_use]
pub fn batcher(settings: &Checkout) -> OrderChanges {
    Batcher::new("change_orders", |change| change.lines, change_orders, settings)
}

/// Changes orders of one store. Each request has its own outcome, in the order given.
pub fn change_orders(
    conn: &mut PgConnection,
    store: StoreId,
    changes: &[&OrderChange],
) -> Result<Vec<Outcome<i64>>, Failure> {
    let requested: Vec<(OrderId, Intent)> = changes.iter().map(|change| (change.order, change.intent())).collect();
    let mut batch = OrderBatch::lock(conn, store, &requested)?;
    let references: Vec<&str> = changes.iter().filter_map(|change| change.reference()).collect();
    batch.load_first_uses(conn, &references)?;
    let mut decided = Vec::with_capacity(changes.len());
    for change in changes {
        let units = change.decide(&mut batch);
        // The order is copied, so that a later change of the same order does not appear in this response.
        decided.push(units.and_then(|units| Ok((batch.order(change.order)?.clone(), units))));
    }
    batch.write(conn)?;
    answer(conn, store, decided)
}

/// Creates the responses that are sent and stored.
fn answer(
    conn: &mut PgConnection,
    store: StoreId,
    decided: Vec<Result<(Order, i64), Abort>>,
) -> Result<Vec<Outcome<i64>>, Failure> {
    let changed: Vec<&Order> = decided.iter().flatten().map(|(order, _)| order).collect();
    let mut responses = list::respond(conn, store, &changed)?.into_iter();
    let mut outcomes = Vec::with_capacity(decided.len());
    for change in decided {
        outcomes.push(match change {
            Ok((_, units_sold)) => {
                let response = responses.next().ok_or_else(|| Failure::Internal("an order is missing".to_owned()))?;
                Ok(Done { answer: Answer::ok(&response)?, effect: units_sold })
            }
            Err(abort) => Err(abort),
        });
    }
    Ok(outcomes)
}

/// Changes one order, for callers that are idempotent by other means. Returns the order and the result of `decide`.
pub fn change_one<T>(
    conn: &mut PgConnection,
    store: StoreId,
    order: OrderId,
    intent: Intent,
    decide: impl FnOnce(&mut OrderBatch) -> Result<T, Abort>,
) -> Result<(Order, T), Abort> {
    let mut batch = OrderBatch::lock(conn, store, &[(order, intent)])?;
    let decided = decide(&mut batch);
    if matches!(decided, Ok(_) | Err(Abort::Recorded(_))) {
        batch.write(conn)?;
    }
    Ok((batch.order(order)?.clone(), decided?))
}
