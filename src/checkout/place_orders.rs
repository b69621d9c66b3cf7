//! Places orders, for one request or for a batch of requests: the steps 1 to 7 of a checkout.
//!
//! The caller opens one transaction for all steps, and commits it, which is step 8. The number of statements depends
//! neither on the number of orders nor on their lines. A failure changes nothing.

use diesel::PgConnection;

use super::decide::Decider;
use super::load::{self, Carts, CheckoutContext, Locking};
use super::placement::Placement;
use super::plan::{IdAllocator, PlannedOrder};
use super::refusal::Refusal;
use super::write;
use crate::batching::Batcher;
use crate::db::Failure;
use crate::error::{Abort, Overdue};
use crate::idempotency::{Answer, Done, Outcome};
use crate::inventory::hold_set::HoldSet;
use crate::inventory::queries::holds;
use crate::kernel::id::{StoreId, VariantId};
use crate::settings::Checkout;

/// The queue of placements of all stores. The effect of a request is the number of units that it sold.
pub type Placements = Batcher<Placement, i64>;

#[must_use]
pub fn batcher(settings: &Checkout) -> Placements {
    Batcher::new("place_orders", Placement::weight, place_orders, settings)
}

/// Places orders of one store. Returns one outcome for each placement, in the order given.
pub fn place_orders(
    conn: &mut PgConnection,
    store: StoreId,
    placements: &[&Placement],
) -> Result<Vec<Outcome<i64>>, Failure> {
    // Step 1: the carts are locked and read. Step 3 begins with the locks of the stock rows.
    let carts = load::load_and_lock_carts(conn, store, placements, Locking::ForUpdate)?;
    let mut holds = load::lock_stock(conn, store, &carts, Locking::ForUpdate)?;
    let (context, mut ids) = load::read_context(conn, store, placements, &carts, &mut holds, Locking::ForUpdate)?;
    // Steps 1, 2 and 3 in memory: `check` validates and checks the availability, `take` reserves.
    let mut decider = Decider::new(&context, &carts, &mut holds, &mut ids);
    let mut decided = decide(&mut decider, placements, &carts)?;
    let ordered_carts = decider.into_ordered();
    let overdue = find_overdue(conn, store, &decided)?;

    // ---- Nothing is refused after this line: only the database itself may fail. ----
    let planned: Vec<&PlannedOrder> = decided.iter().flatten().collect();
    if !planned.is_empty() {
        write::create_orders(conn, store, &planned)?; // step 4
        write::create_order_items(conn, store, &planned)?; // step 5
        write::fulfil_stock(conn, &holds, context.now)?; // step 6
        write::clear_carts(conn, store, &ordered_carts, context.now)?; // step 7
        // Partial orders: after step 6, because the alternatives must still be available.
        write::write_unfulfilled(conn, store, &context, &mut decided)?;
    }
    decided.into_iter().map(|decided| outcome(decided, &overdue)).collect() // step 8: the caller commits
}

/// Decides on one placement without a cart. The caller has locked the stock rows, and writes the order.
pub fn decide_one(
    conn: &mut PgConnection,
    (context, carts): (&CheckoutContext, &Carts),
    holds: &mut HoldSet,
    ids: &mut IdAllocator,
    placement: &Placement,
) -> Result<PlannedOrder, Abort> {
    let mut decided = decide(&mut Decider::new(context, carts, holds, ids), &[placement], carts)?;
    let overdue = find_overdue(conn, context.store.id, &decided)?;
    let missing = || Failure::Internal("a placement has no outcome".to_owned());
    decided.pop().ok_or_else(missing)?.map_err(|refusal| refusal.into_abort(&overdue))
}

fn decide(
    decider: &mut Decider<'_>,
    placements: &[&Placement],
    carts: &Carts,
) -> Result<Vec<Result<PlannedOrder, Refusal>>, Failure> {
    let mut decided = Vec::with_capacity(placements.len());
    for (placement, resolved) in placements.iter().zip(&carts.resolved) {
        decided.push(match decider.check(placement, resolved) {
            Ok(checked) => Ok(PlannedOrder::new(decider.take(placement, checked)?, placement)),
            Err(refusal) => Err(refusal),
        });
    }
    Ok(decided)
}

/// The short variants that have overdue holds.
fn find_overdue(
    conn: &mut PgConnection,
    store: StoreId,
    decided: &[Result<PlannedOrder, Refusal>],
) -> Result<Overdue, Failure> {
    let short: Vec<VariantId> =
        decided.iter().filter_map(|decided| decided.as_ref().err()).flat_map(short_variants).collect();
    let variants = if short.is_empty() { short } else { holds::list_overdue_variants(conn, store, &short)? };
    Ok(Overdue { store, variants })
}

fn short_variants(refusal: &Refusal) -> Vec<VariantId> {
    match refusal {
        Refusal::InsufficientStock { variants, .. } => variants.clone(),
        _ => Vec::new(),
    }
}

/// Returns the response that is sent and stored, or the refusal with the overdue holds that cause it.
fn outcome(decided: Result<PlannedOrder, Refusal>, overdue: &Overdue) -> Result<Outcome<i64>, Failure> {
    match decided {
        Ok(planned) => {
            let mut answer = Answer::created(&planned.response())?;
            answer.order_id = Some(planned.plan.order.id.0);
            Ok(Ok(Done { answer, effect: planned.plan.units_sold() }))
        }
        Err(refusal) => Ok(Err(refusal.into_abort(overdue))),
    }
}
