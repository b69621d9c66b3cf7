//! The events of the changes of a batch.

use std::collections::HashMap;

use serde_json::json;

use super::{Kind, OrderBatch, StatusChange};
use crate::db::Failure;
use crate::events::{self, EventType, RecordedEvent};
use crate::fulfilment::credits::credit::{Credit, CreditKind};
use crate::fulfilment::queries::SentShipment;
use crate::fulfilment::ship::NewShipment;
use crate::kernel::id::{OrderId, ShipmentId};
use crate::orders::shipment_state::ShipmentState;
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
            let received = json!({"received_amount": self.order(*id)?.received_amount.0});
            recorded.push(RecordedEvent::new(EventType::OrderPaid, id.0, actor, self.now).with_data(received));
        }
        self.add_shipments(&mut recorded, &written.shipments)?;
        self.add_credits(&mut recorded, &written.credits)?;
        self.add_refunds(&mut recorded, &written.payments);
        self.add_statuses(&mut recorded, written)?;
        recorded.iter().try_for_each(|event| events::record(self.store, event))
    }

    fn add_shipments(
        &self,
        recorded: &mut Vec<RecordedEvent>,
        ids: &HashMap<String, ShipmentId>,
    ) -> Result<(), Failure> {
        for shipment in &self.shipments {
            let id = ids.get(&shipment.shipment_number).copied().ok_or_else(|| missing("a shipment"))?;
            let state = self.state_of_new(shipment)?;
            recorded.push(self.of_shipment(EventType::ShipmentCreated, id, &shipment.actor, &state)?);
            if shipment.delivered_at.is_some() {
                recorded.push(self.of_shipment(EventType::ShipmentDelivered, id, &shipment.actor, &state)?);
            }
        }
        for (id, event_type, actor) in &self.ended_shipments {
            let sent = self.sent.values().flatten().find(|sent| sent.id == *id);
            let state = self.state_of_sent(sent.ok_or_else(|| missing("a shipment"))?)?;
            recorded.push(self.of_shipment(*event_type, *id, actor, &state)?);
        }
        Ok(())
    }

    fn of_shipment(
        &self,
        event_type: EventType,
        id: ShipmentId,
        actor: &str,
        state: &ShipmentState,
    ) -> Result<RecordedEvent, Failure> {
        let state = serde_json::to_value(state).map_err(|error| Failure::Internal(format!("a shipment: {error}")))?;
        Ok(RecordedEvent::new(event_type, id.0, actor, self.now).with_data(state))
    }

    fn state_of_new(&self, new: &NewShipment) -> Result<ShipmentState, Failure> {
        let NewShipment { order, carrier, tracking_number, tracking_url, delivered_at, .. } = new.clone();
        let order_status = self.order(order)?.status;
        let (version, lost_at, lost_reason) = (1, None, None);
        Ok(ShipmentState {
            order_status,
            version,
            carrier,
            tracking_number,
            tracking_url,
            delivered_at,
            lost_at,
            lost_reason,
        })
    }

    fn state_of_sent(&self, sent: &SentShipment) -> Result<ShipmentState, Failure> {
        let SentShipment { order_id, version, carrier, tracking_number, tracking_url, .. } = sent.clone();
        let order_status = self.order(order_id)?.status;
        let (delivered_at, lost_at, lost_reason) = (sent.delivered_at, sent.lost_at, sent.lost_reason.clone());
        Ok(ShipmentState {
            order_status,
            version,
            carrier,
            tracking_number,
            tracking_url,
            delivered_at,
            lost_at,
            lost_reason,
        })
    }

    /// The credit of an ended order is a part of its end.
    fn add_credits(&self, recorded: &mut Vec<RecordedEvent>, ids: &HashMap<String, i64>) -> Result<(), Failure> {
        for credit in &self.credits {
            let id = ids.get(&credit.credit_number).copied().ok_or_else(|| missing("a credit"))?;
            let event_type = match credit.kind {
                CreditKind::Cancel if self.status_changes.iter().any(|change| is_end(change, credit)) => continue,
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

    /// The event of an end names the credit of that end.
    fn add_statuses(&self, recorded: &mut Vec<RecordedEvent>, written: &Written) -> Result<(), Failure> {
        for change in &self.status_changes {
            let Some(event_type) = event_of_status(change, self.order(change.order)?.payment_status) else { continue };
            let id = written.history.get(&(change.order, change.to)).copied().ok_or_else(|| missing("a status"))?;
            let event = RecordedEvent::new(event_type, change.order.0, &change.actor, self.now).with_source(id);
            let credit = self.credits.iter().find(|credit| credit.kind == CreditKind::Cancel && is_end(change, credit));
            recorded.push(match credit.and_then(|credit| written.credits.get(&credit.credit_number)) {
                Some(credit) => event.with_data(json!({"credit_id": credit})),
                None => event,
            });
        }
        Ok(())
    }
}

/// True if the status is the end of the order of the credit.
fn is_end(change: &StatusChange, credit: &Credit) -> bool {
    change.order == credit.order && change.to == OrderStatus::Cancelled
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
