//! Shipments of a locked order: sent, changed, delivered or lost.

use super::{By, OrderBatch};
use crate::db::Failure;
use crate::events::EventType;
use crate::fulfilment::queries::SentShipment;
use crate::kernel::id::{OrderId, ShipmentId};
use crate::orders::status::{FulfilmentStatus, OrderStatus, ShipmentStatus};

impl OrderBatch {
    /// The shipments of an order that were sent before this batch, with all changes up to now.
    pub fn sent(&self, id: OrderId) -> Result<&[SentShipment], Failure> {
        match self.sent.get(&id) {
            Some(sent) => Ok(sent),
            None => Err(Failure::Internal(format!("the shipments of order {id} are missing"))),
        }
    }

    /// A shipment of an order, with all changes up to now.
    pub fn shipment(&self, order: OrderId, id: ShipmentId) -> Result<&SentShipment, Failure> {
        let found = self.sent(order)?.iter().find(|sent| sent.id == id);
        found.ok_or_else(|| Failure::Internal(format!("shipment {id} of order {order} is missing")))
    }

    /// Returns a shipment to change, and marks it for writing. Its version rises once.
    pub fn change_shipment(&mut self, order: OrderId, id: ShipmentId) -> Result<&mut SentShipment, Failure> {
        let is_first = self.changed_shipments.insert((order, id));
        let found = self.sent.get_mut(&order).and_then(|sent| sent.iter_mut().find(|sent| sent.id == id));
        let sent = found.ok_or_else(|| Failure::Internal(format!("shipment {id} of order {order} is missing")))?;
        if is_first {
            sent.version = sent.version.saturating_add(1);
        }
        Ok(sent)
    }

    /// Marks a shipment as delivered.
    pub fn deliver_shipment(&mut self, order: OrderId, id: ShipmentId, by: By<'_>) -> Result<&SentShipment, Failure> {
        self.ended_shipments.push((id, EventType::ShipmentDelivered, by.actor.to_owned()));
        let now = self.now;
        let shipment = self.change_shipment(order, id)?;
        shipment.delivered_at = Some(now);
        Ok(shipment)
    }

    /// Marks a shipment as lost.
    pub fn lose_shipment(
        &mut self,
        order: OrderId,
        id: ShipmentId,
        reason: &str,
        by: By<'_>,
    ) -> Result<&SentShipment, Failure> {
        self.ended_shipments.push((id, EventType::ShipmentLost, by.actor.to_owned()));
        let now = self.now;
        let shipment = self.change_shipment(order, id)?;
        (shipment.lost_at, shipment.lost_reason) = (Some(now), Some(reason.to_owned()));
        Ok(shipment)
    }

    /// Sets an order without units that are left to ship to shipped, and further to delivered if all its shipments have
    /// arrived.
    pub fn finish_shipping(&mut self, id: OrderId, by: By<'_>) -> Result<(), Failure> {
        if FulfilmentStatus::from_items(self.items(id)?) != FulfilmentStatus::Full {
            return Ok(());
        }
        self.set_status(id, OrderStatus::Shipped, by)?;
        self.finish_delivery(id, by)
    }

    /// Sets a shipped order to delivered if each of its shipments is delivered or lost, and at least one is delivered.
    pub fn finish_delivery(&mut self, id: OrderId, by: By<'_>) -> Result<(), Failure> {
        let new = self.shipments.iter().filter(|new| new.order == id);
        let new = new.map(|new| ShipmentStatus::from_times(new.delivered_at, None));
        let statuses: Vec<ShipmentStatus> = new.chain(self.sent(id)?.iter().map(SentShipment::status)).collect();
        let is_open = statuses.contains(&ShipmentStatus::InTransit);
        if self.order(id)?.status == OrderStatus::Shipped && !is_open && statuses.contains(&ShipmentStatus::Delivered) {
            self.set_status(id, OrderStatus::Delivered, by)?;
        }
        Ok(())
    }
}
