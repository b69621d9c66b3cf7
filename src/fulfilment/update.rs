//! Changes that staff make to an order: its status, payment, notes and tracking number.

use diesel::PgConnection;

use super::cancel;
use super::change_orders::change_one;
use super::deliver;
use super::order_batch::{By, Intent, OrderBatch};
use super::pay;
use super::ship::{self, Dispatch};
use crate::audit::queries::{self as audit, NewAuditEntry};
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::OrderId;
use crate::orders::order::Order;
use crate::orders::status::{OrderStatus, PaymentStatus};

/// The new values. None leaves a value unchanged.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub status: Option<OrderStatus>,
    pub payment_status: Option<PaymentStatus>,
    pub notes: Option<Option<String>>,
    pub tracking_number: Option<Option<String>>,
}

/// Makes all changes of an existing order, or none.
pub fn update(conn: &mut PgConnection, scope: &Scope, order: OrderId, change: &Change) -> Result<Order, Abort> {
    let actor = scope.actor();
    let intent = match change.status {
        Some(OrderStatus::Cancelled) => Intent::Cancel,
        Some(OrderStatus::Shipped) => Intent::Ship,
        Some(OrderStatus::Delivered) => Intent::Deliver,
        _ if change.tracking_number.is_some() => Intent::Deliver,
        _ => Intent::Update,
    };
    let decide = |batch: &mut OrderBatch| {
        set_status(batch, order, change, &actor)?;
        if let Some(status) = change.payment_status {
            check_payment(batch.order(order)?, status)?;
            pay::mark_paid(batch, order, &actor)?;
        }
        set_texts(batch, order, change)
    };
    let (order, texts) = change_one(conn, scope.store, order, intent, decide)?;
    if !texts.is_empty() {
        let detail = format!("Order {}: {} changed", order.order_number, texts.join(", "));
        let entry = NewAuditEntry { entity: Entity::Order, entity_id: order.id.0, action: Action::Update, detail };
        audit::append(conn, scope, &entry, order.updated_at)?;
    }
    Ok(order)
}

/// Shipped means that all units that are left are shipped, and delivered that all shipments are.
fn set_status(batch: &mut OrderBatch, id: OrderId, change: &Change, actor: &str) -> Result<(), Abort> {
    let by = By { actor, reason: None };
    match change.status {
        None => Ok(()),
        Some(OrderStatus::Cancelled) => cancel::cancel(batch, id, by),
        Some(status) => {
            let from = batch.order(id)?.status;
            if !from.can_become(status) {
                return Err(illegal_status(from, status).into());
            }
            if status == OrderStatus::Shipped {
                let tracking_number = change.tracking_number.clone().flatten();
                return ship::ship(batch, id, &Dispatch { tracking_number, ..Dispatch::default() }, by).map(drop);
            }
            if status == OrderStatus::Delivered {
                return deliver::deliver_all(batch, id, by);
            }
            batch.set_status(id, status, by)?;
            Ok(())
        }
    }
}

/// Sets notes and tracking number, which is that of the latest shipment, too. Returns the names of the changed fields.
fn set_texts(batch: &mut OrderBatch, id: OrderId, change: &Change) -> Result<Vec<&'static str>, Abort> {
    let mut changed = Vec::new();
    if let Some(notes) = &change.notes
        && *notes != batch.order(id)?.notes
    {
        batch.change(id)?.notes.clone_from(notes);
        changed.push("notes");
    }
    if let Some(number) = &change.tracking_number
        && *number != batch.order(id)?.tracking_number
    {
        batch.change(id)?.tracking_number.clone_from(number);
        if change.status != Some(OrderStatus::Shipped) {
            deliver::set_latest_tracking(batch, id, number.as_deref())?;
        }
        changed.push("tracking_number");
    }
    Ok(changed)
}

fn illegal_status(from: OrderStatus, to: OrderStatus) -> ApiError {
    let legal: Vec<&str> = from.next().iter().map(|status| status.as_str()).collect();
    let next = match legal.is_empty() {
        true => "this status is final".to_owned(),
        false => format!("it can become {}", legal.join(" or ")),
    };
    let detail = format!("An order that is '{}' can't become '{}'; {next}.", from.as_str(), to.as_str());
    ApiError::new(Code::InvalidTransition, detail)
}

/// Staff can change a payment only from pending to paid, for an active order that was sold at checkout.
fn check_payment(order: &Order, to: PaymentStatus) -> Result<(), ApiError> {
    let is_live = order.status != OrderStatus::Cancelled && !order.is_sold_at_payment();
    let is_open = is_live && order.payment_status == PaymentStatus::Pending;
    if is_open && to == PaymentStatus::Paid {
        return Ok(());
    }
    let next = if is_open { "it can be set to paid" } else { "this call can't change it" };
    let (from, to) = (order.payment_status.as_str(), to.as_str());
    let detail = format!("A payment that is '{from}' can't be set to '{to}'; {next}.");
    Err(ApiError::new(Code::InvalidTransition, detail))
}
