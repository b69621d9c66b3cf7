//! Cancelling: the stock goes back to where it came from, exactly once.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::settle;
use crate::db::{self, Failure};
use crate::error::{ApiError, Code, Halt};
use crate::inventory::hold::{Ending, Holder};
use crate::inventory::level::{Figures, MovementKind};
use crate::inventory::shelf::{Note, Shelf};
use crate::inventory::store::holds;
use crate::kernel::id::{HoldId, OrderId, StoreId, VariantId};
use crate::orders::order::Order;
use crate::orders::status::{OrderStatus, PaymentStatus};
use crate::orders::store::history::{self, NewStep};
use crate::orders::store::items;
use crate::orders::store::orders;

/// Who cancels, and why.
#[derive(Clone, Copy, Debug)]
pub struct Cancellation<'a> {
    pub actor: &'a str,
    pub reason: Option<&'a str>,
}

/// Cancels an order that exists. Order first, then stock rows: the order of all locks.
pub fn cancel(
    conn: &mut PgConnection,
    store: StoreId,
    order: OrderId,
    cancellation: Cancellation<'_>,
) -> Result<Order, Halt> {
    let order = orders::get_for_update(conn, store, order)?;
    if is_over(conn, &order)? {
        let ended = settle::expire_now(conn, &order)?;
        return Err(Halt::Recorded(not_cancellable(ended.status)));
    }
    if !order.status.can_become(OrderStatus::Cancelled) {
        return Err(not_cancellable(order.status).into());
    }
    let payment_status = order.payment_status;
    Ok(give_back(conn, order, payment_status, cancellation)?)
}

/// Whether a locked order's payment window has passed. Its stock rows are locked before the clock is read,
/// so that no wait for them comes between the answer and what is done with it.
pub(super) fn is_over(conn: &mut PgConnection, order: &Order) -> Result<bool, Failure> {
    let (OrderStatus::UnderPaying, Some(deadline)) = (order.status, order.payment_expires_at) else {
        return Ok(false);
    };
    let kept = holds::list_active(conn, order.store_id, &[Holder::Order(order.id)])?;
    let variants: Vec<VariantId> = kept.iter().map(|hold| hold.variant).collect();
    Shelf::lock(conn, order.store_id, &variants)?;
    Ok(db::clock(conn)? >= deadline)
}

/// Ends a locked order that can be cancelled: sold units are restored, kept ones released.
pub(super) fn give_back(
    conn: &mut PgConnection,
    mut order: Order,
    payment_status: PaymentStatus,
    cancellation: Cancellation<'_>,
) -> Result<Order, Failure> {
    let Cancellation { actor, reason } = cancellation;
    let note = Note { reference: &order.order_number, reason, actor };
    let at = if order.status == OrderStatus::UnderPaying {
        release(conn, &order, note)?
    } else {
        restore(conn, &order, note)?
    };
    let from = order.status;
    order.status = OrderStatus::Cancelled;
    order.payment_status = payment_status;
    order.updated_at = at;
    orders::update(conn, &order)?;
    let step = NewStep { order: order.id, from: Some(from), to: order.status, reason, actor };
    history::append(conn, order.store_id, &[step], at)?;
    Ok(order)
}

/// 409 in the words of the shop's guide.
fn not_cancellable(status: OrderStatus) -> ApiError {
    let detail = format!(
        "Order with status '{}' cannot be cancelled. Only pending or processing orders can be cancelled.",
        status.as_str()
    );
    ApiError::new(Code::OrderNotCancellable, detail)
}

/// Gives every sold allocation back to its own row.
fn restore(conn: &mut PgConnection, order: &Order, note: Note<'_>) -> Result<DateTime<Utc>, Failure> {
    let allocations = items::list_allocations(conn, order.store_id, order.id)?;
    let variants: Vec<VariantId> = allocations.iter().map(|allocation| allocation.variant_id).collect();
    let mut shelf = Shelf::lock(conn, order.store_id, &variants)?;
    let at = db::clock(conn)?;
    for allocation in &allocations {
        let place = (allocation.variant_id, allocation.location_id);
        shelf.book(place, MovementKind::Restore, Figures::restore(allocation.quantity), note)?;
    }
    shelf.write(conn, at)?;
    Ok(at)
}

/// Lets everything go that is kept for the order.
fn release(conn: &mut PgConnection, order: &Order, note: Note<'_>) -> Result<DateTime<Utc>, Failure> {
    let kept = holds::list_active(conn, order.store_id, &[Holder::Order(order.id)])?;
    let variants: Vec<VariantId> = kept.iter().map(|hold| hold.variant).collect();
    let mut shelf = Shelf::lock(conn, order.store_id, &variants)?;
    let at = db::clock(conn)?;
    if order.payment_expires_at.is_some_and(|deadline| at >= deadline) {
        // The window passed since it was looked at: the next run finds it over.
        return Err(Failure::Retry(format!("the window of order {} has just passed", order.id)));
    }
    for hold in &kept {
        shelf.book((hold.variant, hold.location), MovementKind::Release, Figures::release(hold.quantity), note)?;
    }
    shelf.write(conn, at)?;
    let ids: Vec<HoldId> = kept.iter().map(|hold| hold.id).collect();
    holds::end(conn, order.store_id, &ids, Ending::Released, at)?;
    Ok(at)
}
