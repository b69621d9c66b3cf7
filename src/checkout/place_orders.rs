//! Placing orders: the eight steps, for one request or for a slice of them.
//!
//! Everything happens in one transaction, which the caller opens. The number of statements depends
//! neither on the number of orders nor on their lines. Any failure leaves no trace.

use diesel::PgConnection;

use super::decide::Decider;
use super::load::{self, Carts, Locking};
use super::placement::Placement;
use super::plan::Stop;
use super::refusal::Refusal;
use super::write::{self, Placed};
use crate::db::{End, Failure};
use crate::idempotency::claims::{self, Conflict};
use crate::idempotency::{Answer, queries::Claim};
use crate::inventory::queries::holds;
use crate::kernel::id::{StoreId, VariantId};

/// What came of a placement: the answer of the order that is placed, now or by an earlier request of the
/// same key.
pub type Outcome = Result<Answer, Refusal>;

/// Places orders of one store. Each placement has its own outcome, in the order given.
pub fn place_orders(
    conn: &mut PgConnection,
    store: StoreId,
    placements: &[Placement],
) -> Result<End<Vec<Outcome>>, Failure> {
    let keys: Vec<&Claim> = placements.iter().map(|placement| &placement.claim).collect();
    let Some(claimed) = claims::claim(conn, store, keys)? else {
        return Ok(End::RollBack(vec![Err(Conflict::InProgress.into()); placements.len()]));
    };
    let fresh = claimed.fresh(placements);

    // 1 validate the carts · 2 check availability · 3 reserve, under the locks on the stock rows
    let carts = load::validate_carts(conn, store, &fresh, Locking::ForUpdate)?;
    let mut shelf = load::lock_stock(conn, store, &carts, Locking::ForUpdate)?;
    let (terms, mut numbers) = load::read_terms(conn, store, &fresh, &carts, Locking::ForUpdate)?;
    let mut decided = decide(&mut Decider::new(&terms, &carts, &mut shelf, &mut numbers), &fresh, &carts)?;
    name_overdue(conn, store, &mut decided)?;

    // ---- Nothing is refused after this line: only the database itself may fail. ----
    let placed: Vec<&Placed> = decided.iter().filter_map(|placed| placed.as_ref().ok()).collect();
    if placed.is_empty() {
        return Ok(End::RollBack(claimed.outcomes(refusals(decided))));
    }
    write::create_orders(conn, store, &placed)?; // 4
    write::create_order_items(conn, store, &placed)?; // 5
    write::fulfil_stock(conn, store, &placed, &shelf)?; // 6
    write::clear_carts(conn, store, &placed)?; // 7
    let outcomes = decided.into_iter().map(answer).collect::<Result<Vec<_>, _>>()?;
    claimed.settle(conn, store, &outcomes)?;
    Ok(End::Commit(claimed.outcomes(outcomes))) // 8
}

fn decide(
    decider: &mut Decider<'_>,
    placements: &[&Placement],
    carts: &Carts,
) -> Result<Vec<Result<Placed, Refusal>>, Failure> {
    let mut decided = Vec::with_capacity(placements.len());
    for (placement, named) in placements.iter().zip(&carts.named) {
        decided.push(match decider.decide(placement, named) {
            Ok(plan) => Ok(Placed::new(plan, placement)),
            Err(Stop::Refused(refusal)) => Err(refusal),
            Err(Stop::Failed(failure)) => return Err(failure),
        });
    }
    Ok(decided)
}

/// Tells of short lines whether only holds past their deadline stand in the way.
fn name_overdue(
    conn: &mut PgConnection,
    store: StoreId,
    decided: &mut [Result<Placed, Refusal>],
) -> Result<(), Failure> {
    let short = |placed: &Result<Placed, Refusal>| match placed {
        Err(Refusal::InsufficientStock { variants, .. }) => variants.clone(),
        _ => Vec::new(),
    };
    let variants: Vec<VariantId> = decided.iter().flat_map(short).collect();
    if variants.is_empty() {
        return Ok(());
    }
    let found = holds::list_overdue_variants(conn, store, &variants)?;
    for placed in decided {
        if let Err(Refusal::InsufficientStock { variants, overdue, .. }) = placed {
            overdue.extend(variants.iter().filter(|variant| found.contains(variant)));
        }
    }
    Ok(())
}

fn refusals(decided: Vec<Result<Placed, Refusal>>) -> Vec<Outcome> {
    decided.into_iter().filter_map(|placed| placed.err().map(Err)).collect()
}

/// The answer that is sent, stored, and sent again.
fn answer(decided: Result<Placed, Refusal>) -> Result<Outcome, Failure> {
    let placed = match decided {
        Ok(placed) => placed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut answer = Answer::created::<Failure>(&placed.response())?;
    answer.order = Some(placed.plan.order.id.0);
    answer.units_sold = placed.plan.units_sold();
    Ok(Ok(answer))
}
