//! Changes of shipments that were sent: they arrive, get lost, or get another carrier or tracking number.

use diesel::PgConnection;
use serde_json::{Value, json};

use super::change_orders::change_one;
use super::order_batch::{By, Intent, OrderBatch};
use super::queries::SentShipment;
use crate::audit::document::{Document, Target};
use crate::audit::queries::{self as audit, NewAuditEntry};
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::db::Failure;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{OrderId, ShipmentId};
use crate::orders::order::Order;
use crate::orders::queries::shipments;
use crate::orders::status::{OrderStatus, ShipmentStatus};

impl Document for SentShipment {
    fn title(&self) -> String {
        format!("Shipment {}", self.shipment_number)
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn audited_entity(&self) -> (Entity, i64) {
        (Entity::Order, self.order_id.0)
    }

    fn event_data(&self) -> Value {
        let Self { shipment_number, order_id, version, carrier, tracking_number, tracking_url, lost_reason, .. } = self;
        json!({"shipment_number": shipment_number, "order_id": order_id, "status": self.status().as_str(),
               "version": version, "carrier": carrier, "tracking_number": tracking_number,
               "tracking_url": tracking_url, "lost_reason": lost_reason})
    }
}

#[derive(Clone, Debug)]
pub enum ShipmentChange {
    Delivered,
    Lost { reason: String },
    Details(ShipmentDetails),
}

/// The new values. None leaves a value unchanged.
#[derive(Clone, Debug, Default)]
pub struct ShipmentDetails {
    pub carrier: Option<Option<String>>,
    pub tracking_number: Option<Option<String>>,
    pub tracking_url: Option<Option<String>>,
}

/// Changes a shipment under the lock of its order. Returns the order and the id of the shipment.
pub fn change_shipment(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<ShipmentId>,
    change: &ShipmentChange,
) -> Result<(Order, ShipmentId), Abort> {
    let (id, order) = shipments::find(conn, scope.store, &target.name)?.ok_or_else(not_found)?;
    let actor = scope.actor();
    let by = By { actor: &actor, reason: None };
    let (order, done) = change_one(conn, scope.store, order, Intent::Deliver, |batch| {
        target.require_version(batch.shipment(order, id)?)?;
        match change {
            ShipmentChange::Delivered => deliver(batch, (order, id), by),
            ShipmentChange::Lost { reason } => lose(batch, (order, id), reason, by),
            ShipmentChange::Details(details) => set_details(batch, (order, id), details),
        }
    })?;
    if let Some(Done { action, detail }) = done {
        let entry = NewAuditEntry { entity: Entity::Order, entity_id: order.id.0, action, detail };
        audit::append(conn, scope, &entry, order.updated_at)?;
    }
    Ok((order, id))
}

/// A change for the audit. None if nothing has changed.
struct Done {
    action: Action,
    detail: String,
}

fn deliver(batch: &mut OrderBatch, (order, id): (OrderId, ShipmentId), by: By<'_>) -> Result<Option<Done>, Abort> {
    require_in_transit(batch, (order, id), ShipmentStatus::Delivered)?;
    let shipment = batch.deliver_shipment(order, id, by)?;
    let detail = format!("Shipment {} was delivered", shipment.shipment_number);
    batch.change(order)?;
    batch.finish_delivery(order, by)?;
    Ok(Some(Done { action: Action::UpdateStatus, detail }))
}

/// A lost shipment stays shipped: its units do not return.
fn lose(
    batch: &mut OrderBatch,
    (order, id): (OrderId, ShipmentId),
    reason: &str,
    by: By<'_>,
) -> Result<Option<Done>, Abort> {
    require_in_transit(batch, (order, id), ShipmentStatus::Lost)?;
    let shipment = batch.lose_shipment(order, id, reason, by)?;
    let detail = format!("Shipment {} was lost: {reason}", shipment.shipment_number);
    batch.change(order)?;
    batch.finish_delivery(order, by)?;
    Ok(Some(Done { action: Action::UpdateStatus, detail }))
}

/// Marks all shipments of a shipped order as delivered that are not lost, and the order itself.
pub fn deliver_all(batch: &mut OrderBatch, order: OrderId, by: By<'_>) -> Result<(), Abort> {
    let open = batch.sent(order)?.iter().filter(|sent| sent.status() == ShipmentStatus::InTransit);
    for id in open.map(|sent| sent.id).collect::<Vec<_>>() {
        batch.deliver_shipment(order, id, by)?;
    }
    batch.finish_delivery(order, by)?;
    if batch.order(order)?.status != OrderStatus::Delivered {
        let detail = "An order can't become 'delivered' if all of its shipments are lost.";
        return Err(ApiError::new(Code::InvalidTransition, detail).into());
    }
    Ok(())
}

/// Changes the carrier and the tracking of a shipment. The order has the tracking number of its latest shipment with one.
fn set_details(
    batch: &mut OrderBatch,
    (order, id): (OrderId, ShipmentId),
    details: &ShipmentDetails,
) -> Result<Option<Done>, Abort> {
    let shipment = batch.shipment(order, id)?;
    let number = shipment.shipment_number.clone();
    let mut changed = shipment.clone();
    let fields = [
        ("carrier", &mut changed.carrier, &details.carrier),
        ("tracking_number", &mut changed.tracking_number, &details.tracking_number),
        ("tracking_url", &mut changed.tracking_url, &details.tracking_url),
    ];
    let mut names = Vec::new();
    for (name, field, new) in fields {
        if let Some(new) = new
            && new != field
        {
            field.clone_from(new);
            names.push(name);
        }
    }
    if names.is_empty() {
        return Ok(None);
    }
    let shipment = batch.change_shipment(order, id)?;
    (shipment.carrier, shipment.tracking_number) = (changed.carrier, changed.tracking_number);
    shipment.tracking_url = changed.tracking_url;
    let latest = batch.sent(order)?.iter().rev().find_map(|sent| sent.tracking_number.clone());
    let of_order = batch.change(order)?;
    if names.contains(&"tracking_number") {
        of_order.tracking_number = latest;
    }
    let detail = format!("Shipment {number}: {} changed", names.join(", "));
    Ok(Some(Done { action: Action::Update, detail }))
}

/// Gives the latest shipment of an order the tracking number of the order.
pub fn set_latest_tracking(batch: &mut OrderBatch, order: OrderId, number: Option<&str>) -> Result<(), Failure> {
    let latest = batch.sent(order)?.last();
    let Some(id) = latest.filter(|latest| latest.tracking_number.as_deref() != number).map(|latest| latest.id) else {
        return Ok(());
    };
    batch.change_shipment(order, id)?.tracking_number = number.map(ToOwned::to_owned);
    Ok(())
}

fn require_in_transit(batch: &OrderBatch, (order, id): (OrderId, ShipmentId), to: ShipmentStatus) -> Result<(), Abort> {
    let status = batch.shipment(order, id)?.status();
    if status == ShipmentStatus::InTransit {
        return Ok(());
    }
    let detail = format!(
        "A shipment that is '{}' can't become '{}'. Only a shipment that is 'in_transit' can.",
        status.as_str(),
        to.as_str()
    );
    Err(ApiError::new(Code::InvalidTransition, detail).into())
}

/// The 404 error for a shipment.
#[must_use]
pub fn not_found() -> ApiError {
    ApiError::new(Code::ShipmentNotFound, "There is no such shipment.")
}
