//! The events of the changes of a batch.

use std::collections::HashMap;

use super::{Kind, OrderBatch, StatusChange};
use crate::db::Failure;
use crate::events::{self, EventType, RecordedEvent};
use crate::fulfilment::credits::credit::CreditKind;
use crate::kernel::id::{OrderId, ShipmentId};
use crate::orders::status::{OrderStatus, PaymentStatus};

/// The ids of the rows that a batch has written.
pub struct Written {
    pub payments: Vec<(i64, OrderId, Kind)>,
    pub shipments: HashMap<String, ShipmentId>,
    pub credits: HashMap<String, i64>,
    pub history: HashMap<(OrderId, OrderStatus), i64>,
}

impl OrderBatch {
    /// Records the events of the batch: first what happened to money and goods, then the statuses that follow from it.
    pub(super) fn record_events(&self, written: &Written) -> Result<(), Failure> {
        let mut recorded = Vec::new();
        for (id, actor) in &self.paid {
            recorded.push(RecordedEvent::new(EventType::OrderPaid, id.0, actor, self.now));
        }
        self.add_shipments(&mut recorded, &written.shipments)?;
        self.add_credits(&mut recorded, &written.credits)?;
        self.add_refunds(&mut recorded, &written.payments);
        self.add_statuses(&mut recorded, &written.history)?;
        recorded.iter().try_for_each(|event| events::record(self.store, event))
    }

    fn add_shipments(
        &self,
        recorded: &mut Vec<RecordedEvent>,
        ids: &HashMap<String, ShipmentId>,
    ) -> Result<(), Failure> {
        let new = |event_type, id: ShipmentId, actor: &str| RecordedEvent::new(event_type, id.0, actor, self.now);
        for shipment in &self.shipments {
            let id = ids.get(&shipment.shipment_number).copied().ok_or_else(|| missing("a shipment"))?;
            recorded.push(new(EventType::ShipmentCreated, id, &shipment.actor));
            if shipment.delivered_at.is_some() {
                recorded.push(new(EventType::ShipmentDelivered, id, &shipment.actor));
            }
        }
        for (id, event_type, actor) in &self.ended_shipments {
            recorded.push(new(*event_type, *id, actor));
        }
        Ok(())
    }

    /// The credit of an ended order is a part of its end.
    fn add_credits(&self, recorded: &mut Vec<RecordedEvent>, ids: &HashMap<String, i64>) -> Result<(), Failure> {
        for credit in &self.credits {
            let id = ids.get(&credit.credit_number).copied().ok_or_else(|| missing("a credit"))?;
            let is_end = |change: &StatusChange| change.order == credit.order && change.to == OrderStatus::Cancelled;
            let event_type = match credit.kind {
                CreditKind::Cancel if self.status_changes.iter().any(is_end) => continue,
                CreditKind::Cancel => EventType::OrderLinesCancelled,
                CreditKind::Return | CreditKind::Goodwill | CreditKind::Shipping => EventType::OrderCredited,
            };
            recorded.push(RecordedEvent::new(event_type, credit.order.0, &credit.actor, self.now).with_source(id));
        }
        Ok(())
    }

    fn add_refunds(&self, recorded: &mut Vec<RecordedEvent>, written: &[(i64, OrderId, Kind)]) {
        for (id, order, kind) in written {
            let of_order = self.payments.iter().find(|new| new.order == *order && new.kind == Kind::Refund);
            if let (Kind::Refund, Some(refund)) = (kind, of_order) {
                let event = RecordedEvent::new(EventType::OrderRefundRecorded, order.0, &refund.actor, self.now);
                recorded.push(event.with_source(*id));
            }
        }
    }

    fn add_statuses(
        &self,
        recorded: &mut Vec<RecordedEvent>,
        ids: &HashMap<(OrderId, OrderStatus), i64>,
    ) -> Result<(), Failure> {
        for change in &self.status_changes {
            let Some(event_type) = event_of_status(change, self.order(change.order)?.payment_status) else { continue };
            let id = ids.get(&(change.order, change.to)).copied().ok_or_else(|| missing("a status"))?;
            recorded.push(RecordedEvent::new(event_type, change.order.0, &change.actor, self.now).with_source(id));
        }
        Ok(())
    }
}

/// The event of a new status. A payment that sells the held units has an event of its own.
fn event_of_status(change: &StatusChange, payment: PaymentStatus) -> Option<EventType> {
    match (change.from, change.to, payment) {
        (Some(OrderStatus::UnderPaying), OrderStatus::Pending, _) => None,
        (_, OrderStatus::Cancelled, PaymentStatus::Failed) => Some(EventType::OrderPaymentFailed),
        (_, OrderStatus::Cancelled, PaymentStatus::Expired) => Some(EventType::OrderPaymentExpired),
        (_, OrderStatus::Cancelled, _) => Some(EventType::OrderCancelled),
        _ => Some(EventType::OrderStatusChanged),
    }
}

fn missing(row: &str) -> Failure {
    Failure::Internal(format!("{row} was not written"))
}
