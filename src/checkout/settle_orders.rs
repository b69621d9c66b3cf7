//! Orders that are paid, whose payment failed, or that are cancelled: one of them, or a slice.
//!
//! As in placing, everything happens in one transaction, which the caller opens; each request has its own
//! outcome, and what is refused leaves no trace but money that came too late.

use diesel::PgConnection;

use super::cancel;
use super::settle::{self, Paid};
use super::standing::{By, Intent, Standing};
use crate::db::{End, Failure};
use crate::error::{ApiError, Halt};
use crate::idempotency::claims::{self, Conflict};
use crate::idempotency::{Answer, queries::Claim};
use crate::kernel::id::{OrderId, StoreId};
use crate::kernel::money::AmountInput;
use crate::orders::order::Order;
use crate::orders::queries::list;

/// A request to settle an order that exists.
#[derive(Clone, Debug)]
pub struct OrderChange {
    pub claim: Claim,
    pub order: OrderId,
    pub actor: String,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    Confirm { reference: String, amount: Option<AmountInput> },
    Fail { reason: Option<String> },
    Cancel { reason: Option<String> },
}

impl OrderChange {
    fn intent(&self) -> Intent {
        match self.what {
            What::Confirm { .. } => Intent::Pay,
            What::Fail { .. } | What::Cancel { .. } => Intent::Cancel,
        }
    }

    /// Changes the order in memory, or nothing. Returns the units that were sold.
    fn decide(&self, standing: &mut Standing) -> Result<i64, Halt> {
        let actor = &self.actor;
        match &self.what {
            What::Confirm { reference, amount } => {
                settle::confirm(standing, self.order, Paid { reference, amount: *amount, actor })
            }
            What::Fail { reason } => {
                cancel::fail(standing, self.order, By { actor, reason: reason.as_deref() }).map(|()| 0)
            }
            What::Cancel { reason } => {
                cancel::cancel(standing, self.order, By { actor, reason: reason.as_deref() }).map(|()| 0)
            }
        }
    }
}

/// What came of a change: the answer with the order as it left it, or why it was refused.
pub type Settlement = Result<Answer, ApiError>;

/// An order as its change left it.
struct Settled {
    order: Order,
    units_sold: i64,
}

/// Settles orders of one store. Each change has its own outcome, in the order given.
pub fn settle_orders(
    conn: &mut PgConnection,
    store: StoreId,
    changes: &[OrderChange],
) -> Result<End<Vec<Settlement>>, Failure> {
    let keys: Vec<&Claim> = changes.iter().map(|change| &change.claim).collect();
    let Some(claimed) = claims::claim(conn, store, keys)? else {
        return Ok(End::RollBack(vec![Err(Conflict::InProgress.into()); changes.len()]));
    };
    let fresh = claimed.fresh(changes);
    let wanted: Vec<(OrderId, Intent)> = fresh.iter().map(|change| (change.order, change.intent())).collect();
    let mut standing = Standing::lock(conn, store, &wanted)?;
    let decided = decide(&mut standing, &fresh)?;
    let is_refused = decided.iter().all(Result::is_err);
    standing.write(conn)?;
    let outcomes = answer(conn, store, decided)?;
    if is_refused && !standing.is_changed() {
        return Ok(End::RollBack(claimed.outcomes(outcomes)));
    }
    claimed.settle(conn, store, &outcomes)?;
    Ok(End::Commit(claimed.outcomes(outcomes)))
}

fn decide(standing: &mut Standing, changes: &[&OrderChange]) -> Result<Vec<Result<Settled, ApiError>>, Failure> {
    let mut decided = Vec::with_capacity(changes.len());
    for change in changes {
        decided.push(match change.decide(standing) {
            Ok(units_sold) => Ok(Settled { order: standing.order(change.order)?.clone(), units_sold }),
            Err(Halt::Refused(refusal) | Halt::Recorded(refusal) | Halt::Overdue(refusal, _)) => Err(refusal),
            Err(Halt::Failed(failure)) => return Err(failure),
        });
    }
    Ok(decided)
}

/// The answers that are sent, stored, and sent again.
fn answer(
    conn: &mut PgConnection,
    store: StoreId,
    decided: Vec<Result<Settled, ApiError>>,
) -> Result<Vec<Settlement>, Failure> {
    let settled: Vec<&Order> = decided.iter().flatten().map(|settled| &settled.order).collect();
    let mut responses = list::respond(conn, store, &settled)?.into_iter();
    let mut answers = Vec::with_capacity(decided.len());
    for settled in decided {
        answers.push(match settled {
            Ok(Settled { units_sold, .. }) => {
                let answer = responses.next().ok_or_else(|| Failure::Internal("an order is gone".to_owned()))?;
                Ok(Answer { units_sold, ..Answer::ok::<Failure>(&answer)? })
            }
            Err(refusal) => Err(refusal),
        });
    }
    Ok(answers)
}

/// Settles one order outside the promise of idempotency, for callers that keep it by other means.
pub fn settle_one<T>(
    conn: &mut PgConnection,
    store: StoreId,
    order: OrderId,
    intent: Intent,
    decide: impl FnOnce(&mut Standing) -> Result<T, Halt>,
) -> Result<Order, Halt> {
    let mut standing = Standing::lock(conn, store, &[(order, intent)])?;
    let decided = decide(&mut standing);
    if let Err(Halt::Failed(failure)) = decided {
        return Err(failure.into());
    }
    standing.write(conn)?;
    decided?;
    Ok(standing.order(order)?.clone())
}
