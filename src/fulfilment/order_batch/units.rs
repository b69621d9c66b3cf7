//! Units of a locked order: restored, shipped, or rerouted.

use super::{By, CreditedUnits, OrderBatch};
use crate::db::Failure;
use crate::fulfilment::ship::NewShipment;
use crate::inventory::hold::Holder;
use crate::inventory::hold_set::ReroutedUnits;
use crate::inventory::locked_stock::MovementContext;
use crate::kernel::id::OrderId;
use crate::orders::order::OrderItem;
use crate::orders::status::OrderStatus;

impl OrderBatch {
    /// Restores all units of an order without shipments.
    pub(super) fn restore_all(&mut self, id: OrderId, context: MovementContext<'_>) -> Result<(), Failure> {
        let items = self.items.get_mut(&id).ok_or_else(|| items_missing(id))?;
        for item in items {
            for (location, quantity) in item.take_unshipped(item.quantity) {
                self.holds.restore(item.variant_id, (location, quantity), context)?;
            }
        }
        Ok(())
    }

    /// Restores units that are not shipped. The caller has checked that these units are left, and credits them.
    pub fn restore(&mut self, id: OrderId, units: &[CreditedUnits], by: By<'_>) -> Result<(), Failure> {
        let number = self.order(id)?.order_number.clone();
        let context = MovementContext { reference: &number, reason: by.reason, actor: by.actor };
        let items = self.items.get_mut(&id).ok_or_else(|| items_missing(id))?;
        for units in units {
            for item in items.iter_mut().filter(|item| item.variant_id == units.variant) {
                for part in item.take_unshipped(units.quantity) {
                    self.holds.restore(units.variant, part, context)?;
                }
            }
        }
        Ok(())
    }

    /// The items of an order that was locked to be shipped, rerouted, cancelled or credited, with all changes up to now.
    pub fn items(&self, id: OrderId) -> Result<&[OrderItem], Failure> {
        self.items.get(&id).map(Vec::as_slice).ok_or_else(|| items_missing(id))
    }

    /// Ships units of an order. The first shipment sets it to processing, and the last one to shipped. A shipment that the
    /// buyer collects is delivered at once.
    pub fn ship(&mut self, shipment: NewShipment, by: By<'_>) -> Result<(), Failure> {
        let id = shipment.order;
        let context = MovementContext { reference: &shipment.shipment_number, reason: by.reason, actor: by.actor };
        let items = self.items.get_mut(&id).ok_or_else(|| items_missing(id))?;
        for units in &shipment.lines {
            self.holds.ship(units.variant, (units.location, units.quantity), context)?;
            for item in items.iter_mut().filter(|item| item.variant_id == units.variant) {
                item.mark_shipped(units.quantity, Some(units.location));
            }
            self.changed_items.insert((id, units.variant));
        }
        if self.order(id)?.status == OrderStatus::Pending {
            self.set_status(id, OrderStatus::Processing, by)?;
        }
        let order = self.change(id)?;
        if shipment.tracking_number.is_some() {
            order.tracking_number.clone_from(&shipment.tracking_number);
        }
        self.shipments.push(shipment);
        self.finish_shipping(id, by)
    }

    /// Takes units of an order from another place: held ones of an order under payment, else sold ones.
    pub fn reroute(&mut self, id: OrderId, units: ReroutedUnits, by: By<'_>) -> Result<(), Failure> {
        let order = self.order(id)?;
        let (is_held, number) = (order.status == OrderStatus::UnderPaying, order.order_number.clone());
        let context = MovementContext { reference: &number, reason: by.reason, actor: by.actor };
        match is_held {
            true => self.holds.reroute_held(Holder::Order(id), units, context)?,
            false => self.holds.reroute_sold(units, context)?,
        }
        let items = self.items.get_mut(&id).ok_or_else(|| items_missing(id))?;
        for item in items.iter_mut().filter(|item| item.variant_id == units.variant) {
            item.allocations.reallocate((units.from, units.to), units.quantity);
        }
        self.changed_items.insert((id, units.variant));
        self.change(id).map(drop)
    }
}

pub(super) fn items_missing(id: OrderId) -> Failure {
    Failure::Internal(format!("the items of order {id} are missing"))
}
