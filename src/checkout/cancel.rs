//! Cancelling: the stock goes back to where it came from, exactly once.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use crate::db::{self, Failure};
use crate::error::{ApiError, Code, Halt};
use crate::inventory::level::{Level, Movement};
use crate::inventory::store::levels::{self, NewMovement};
use crate::kernel::id::{OrderId, StoreId, VariantId};
use crate::orders::order::Order;
use crate::orders::status::OrderStatus;
use crate::orders::store::history::{self, NewStep};
use crate::orders::store::items::{self, Allocation};
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
    let mut order = orders::get_for_update(conn, store, order)?;
    if !order.status.can_become(OrderStatus::Cancelled) {
        return Err(not_cancellable(order.status).into());
    }
    let allocations = items::list_allocations(conn, store, order.id)?;
    let variants: Vec<VariantId> = allocations.iter().map(|allocation| allocation.variant_id).collect();
    let mut rows = levels::lock_for_update(conn, store, &variants)?;
    let at = db::clock(conn)?;
    let movements = restore(&mut rows, &allocations)?;
    write_stock(conn, &order, &rows, &movements, cancellation, at)?;
    let from = order.status;
    order.status = OrderStatus::Cancelled;
    order.updated_at = at;
    orders::update(conn, &order)?;
    let Cancellation { actor, reason } = cancellation;
    let step = NewStep { order: order.id, from: Some(from), to: order.status, reason, actor };
    history::append(conn, store, &[step], at)?;
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

/// Gives every allocation back to its own row.
fn restore(rows: &mut [Level], allocations: &[Allocation]) -> Result<Vec<Movement>, Failure> {
    allocations
        .iter()
        .map(|allocation| {
            let Allocation { variant_id, location_id, quantity, .. } = *allocation;
            let row = rows.iter_mut().find(|row| row.variant == variant_id && row.location == location_id);
            let movement = row.map(|row| row.restore(quantity));
            match movement {
                Some(Ok(movement)) => Ok(movement),
                Some(Err(error)) => Err(Failure::Internal(format!("variant {variant_id}: {error}"))),
                None => Err(Failure::Internal(format!("variant {variant_id} has no stock row any more"))),
            }
        })
        .collect()
}

fn write_stock(
    conn: &mut PgConnection,
    order: &Order,
    rows: &[Level],
    movements: &[Movement],
    cancellation: Cancellation<'_>,
    at: DateTime<Utc>,
) -> Result<(), Failure> {
    let changed: Vec<&Level> = rows
        .iter()
        .filter(|row| movements.iter().any(|m| m.variant == row.variant && m.location == row.location))
        .collect();
    levels::update_levels(conn, order.store_id, &changed, at)?;
    let new: Vec<NewMovement<'_>> = movements
        .iter()
        .map(|movement| NewMovement {
            movement,
            reason: cancellation.reason,
            reference_id: Some(&order.order_number),
            actor: cancellation.actor,
        })
        .collect();
    levels::append_movements(conn, order.store_id, &new, at)?;
    Ok(())
}
