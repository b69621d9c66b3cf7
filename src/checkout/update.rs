//! What staff change of an order: its status, its payment, notes and tracking number.

use diesel::PgConnection;

use super::cancel;
use super::settle;
use super::settle_orders::settle_one;
use super::standing::{By, Intent, Standing};
use crate::audit::queries::{self as audit, NewEntry};
use crate::auth::Scope;
use crate::db;
use crate::error::{ApiError, Code, Halt};
use crate::kernel::id::OrderId;
use crate::orders::order::Order;
use crate::orders::queries::history::{self, NewStep};
use crate::orders::queries::orders;
use crate::orders::status::{OrderStatus, PaymentStatus};

/// What is to change; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub status: Option<OrderStatus>,
    pub payment_status: Option<PaymentStatus>,
    pub notes: Option<Option<String>>,
    pub tracking_number: Option<Option<String>>,
}

/// Changes an order that exists, or nothing of it.
pub fn update(conn: &mut PgConnection, scope: &Scope, order: OrderId, change: &Change) -> Result<Order, Halt> {
    let actor = scope.actor();
    let mut order = match change.status {
        Some(OrderStatus::Cancelled) => {
            let by = By { actor: &actor, reason: None };
            let cancel = |standing: &mut Standing| cancel::cancel(standing, order, by);
            settle_one(conn, scope.store, order, Intent::Cancel, cancel)?
        }
        _ => orders::get_for_update(conn, scope.store, order)?,
    };
    let at = db::clock(conn)?;
    if let Some(status) = change.status.filter(|status| *status != OrderStatus::Cancelled) {
        let from = order.status;
        if !from.can_become(status) {
            return Err(illegal_status(from, status).into());
        }
        order.status = status;
        let step = NewStep { order: order.id, from: Some(from), to: status, reason: None, actor: &actor };
        history::append(conn, scope.store, &[step], at)?;
    }
    if let Some(status) = change.payment_status {
        check_payment(&order, status)?;
        settle::mark_paid(conn, &mut order, &actor, at)?;
    }
    let notes = change.notes.as_ref().filter(|notes| **notes != order.notes);
    let tracking = change.tracking_number.as_ref().filter(|number| **number != order.tracking_number);
    if notes.is_some() || tracking.is_some() {
        let changed: Vec<&str> =
            [notes.map(|_| "notes"), tracking.map(|_| "tracking_number")].into_iter().flatten().collect();
        let detail = format!("Order {}: {} changed", order.order_number, changed.join(", "));
        let entry = NewEntry { entity: "Order", entity_id: order.id.0, action: "UPDATE", detail };
        audit::append(conn, scope, &entry, at)?;
    }
    let is_changed =
        change.status.is_some() || change.payment_status.is_some() || notes.is_some() || tracking.is_some();
    if let Some(notes) = notes {
        order.notes.clone_from(notes);
    }
    if let Some(number) = tracking {
        order.tracking_number.clone_from(number);
    }
    if is_changed {
        order.updated_at = at;
        orders::update(conn, scope.store, &[&order])?;
    }
    Ok(order)
}

fn illegal_status(from: OrderStatus, to: OrderStatus) -> ApiError {
    let legal: Vec<&str> = from.next().iter().map(|status| status.as_str()).collect();
    let legal = if legal.is_empty() { "nothing".to_owned() } else { legal.join(" or ") };
    let detail = format!("An order that is '{}' can't become '{}'; it can become {legal}.", from.as_str(), to.as_str());
    ApiError::new(Code::InvalidTransition, detail)
}

/// By hand a payment goes one way only: from pending to paid, of a live order that was sold at checkout.
fn check_payment(order: &Order, to: PaymentStatus) -> Result<(), ApiError> {
    let is_live = order.status != OrderStatus::Cancelled && !order.is_sold_at_payment();
    if is_live && order.payment_status == PaymentStatus::Pending && to == PaymentStatus::Paid {
        return Ok(());
    }
    let legal = if is_live && order.payment_status == PaymentStatus::Pending { "paid" } else { "nothing" };
    let detail = format!(
        "A payment that is '{}' can't be set to '{}'; it can be set to {legal}.",
        order.payment_status.as_str(),
        to.as_str()
    );
    Err(ApiError::new(Code::InvalidTransition, detail))
}
