//! The data of events, made from the rows that they are about. The number of statements does not depend on the number of
//! events.

use std::collections::{BTreeSet, HashMap};

use diesel::PgConnection;
use serde::Serialize;
use serde_json::{Value, json};

use super::page::{Fact, FeedEvent};
use super::queries::{self, Refund, StatusStep};
use crate::db::Failure;
use crate::error::Abort;
use crate::events::{self, EventType, RecordedEvent, SubjectKind};
use crate::fulfilment::api::CreditResponse;
use crate::fulfilment::credits::queries::{self as credits, StoredCredit, StoredLine};
use crate::inventory::api::reservations::ReservationResponse;
use crate::inventory::queries::movements::{self, LedgerRow};
use crate::inventory::queries::reservations;
use crate::kernel::id::{CreditId, MovementId, OrderId, ReservationId, ShipmentId, StoreId};
use crate::kernel::money::Money;
use crate::orders::allocation::Allocations;
use crate::orders::order::{Order, OrderItem, StockReduction};
use crate::orders::queries::shipments::Shipment;
use crate::orders::queries::{items, orders, shipments};
use crate::orders::response::{OrderResponse, ShipmentResponse};
use crate::orders::status::PaymentStatus;

/// The rows of a page of events.
#[derive(Default)]
pub struct Rows {
    pub movements: HashMap<i64, LedgerRow>,
    orders: HashMap<OrderId, Order>,
    items: HashMap<OrderId, Vec<OrderItem>>,
    /// By order number.
    reductions: HashMap<String, Vec<StockReduction>>,
    steps: HashMap<i64, StatusStep>,
    refunds: HashMap<i64, Refund>,
    credits: HashMap<i64, (StoredCredit, Vec<StoredLine>)>,
    shipments: HashMap<i64, Shipment>,
    reservations: HashMap<i64, Value>,
}

/// The ids of the rows that events need.
#[derive(Default)]
struct Needed {
    movements: Vec<MovementId>,
    orders: BTreeSet<OrderId>,
    /// The orders whose items are shown.
    with_items: BTreeSet<OrderId>,
    placed: BTreeSet<OrderId>,
    steps: Vec<i64>,
    refunds: Vec<i64>,
    credits: Vec<CreditId>,
    shipments: Vec<ShipmentId>,
    reservations: Vec<ReservationId>,
}

impl Needed {
    fn of_events(events: &[FeedEvent]) -> Self {
        let mut needed = Self::default();
        for event in events {
            match &event.fact {
                Fact::Movement(id) => needed.movements.push(MovementId(*id)),
                Fact::Recorded(event) => needed.add(event),
            }
        }
        needed
    }

    fn add(&mut self, event: &RecordedEvent) {
        match event.event_type.subject() {
            SubjectKind::Order => {
                self.orders.insert(OrderId(event.subject));
            }
            SubjectKind::Shipment => self.shipments.push(ShipmentId(event.subject)),
            SubjectKind::Reservation => self.reservations.push(ReservationId(event.subject)),
            _ => {}
        }
        let Some(source) = event.source else { return };
        match event.event_type {
            EventType::OrderLinesCancelled | EventType::OrderCredited => self.credits.push(CreditId(source)),
            EventType::OrderRefundRecorded => self.refunds.push(source),
            EventType::OrderPlaced => {
                self.steps.push(source);
                self.placed.insert(OrderId(event.subject));
                self.with_items.insert(OrderId(event.subject));
            }
            _ => self.steps.push(source),
        }
    }
}

impl Rows {
    pub fn load(conn: &mut PgConnection, store: StoreId, events: &[FeedEvent]) -> Result<Self, Abort> {
        let mut needed = Needed::of_events(events);
        let mut rows = Self::default();
        if !needed.movements.is_empty() {
            let found = movements::list_by_id(conn, store, &needed.movements)?;
            rows.movements = found.into_iter().map(|row| (row.id.0, row)).collect();
        }
        if !needed.shipments.is_empty() {
            let found = shipments::list_by_id(conn, store, &needed.shipments)?;
            needed.with_items.extend(found.iter().map(|shipment| shipment.order));
            rows.shipments = found.into_iter().map(|shipment| (shipment.id.0, shipment)).collect();
        }
        needed.orders.extend(&needed.with_items);
        rows.load_orders(conn, store, &needed)?;
        rows.load_acts(conn, store, &needed)?;
        Ok(rows)
    }

    fn load_orders(&mut self, conn: &mut PgConnection, store: StoreId, needed: &Needed) -> Result<(), Failure> {
        if needed.orders.is_empty() {
            return Ok(());
        }
        let ids: Vec<OrderId> = needed.orders.iter().copied().collect();
        let found = orders::list_by_id(conn, store, &ids)?;
        self.orders = found.into_iter().map(|order| (order.id, order)).collect();
        if !needed.with_items.is_empty() {
            let ids: Vec<OrderId> = needed.with_items.iter().copied().collect();
            self.items = items::list(conn, store, &ids)?;
        }
        if !needed.placed.is_empty() {
            let placed: Vec<&Order> = needed.placed.iter().filter_map(|id| self.orders.get(id)).collect();
            self.reductions = items::list_reductions(conn, store, &placed)?;
        }
        Ok(())
    }

    fn load_acts(&mut self, conn: &mut PgConnection, store: StoreId, needed: &Needed) -> Result<(), Abort> {
        if !needed.steps.is_empty() {
            self.steps = queries::list_steps(conn, store, &needed.steps)?;
        }
        if !needed.refunds.is_empty() {
            self.refunds = queries::list_refunds(conn, store, &needed.refunds)?;
        }
        if !needed.credits.is_empty() {
            let found = credits::list_by_id(conn, store, &needed.credits)?;
            self.credits = found.into_iter().map(|(credit, lines)| (credit.id.0, (credit, lines))).collect();
        }
        if !needed.reservations.is_empty() {
            let found = reservations::list_by_id(conn, store, &needed.reservations)?;
            let mut items = reservations::list_items(conn, store, &needed.reservations)?;
            for reservation in found {
                let (id, of_reservation) = (reservation.id.0, items.remove(&reservation.id).unwrap_or_default());
                self.reservations.insert(id, to_value(&ReservationResponse::new(reservation, of_reservation))?);
            }
        }
        Ok(())
    }

    /// The number of the object that a recorded event is about.
    pub fn number(&self, event: &RecordedEvent) -> Option<String> {
        match event.event_type.subject() {
            SubjectKind::Order => Some(self.orders.get(&OrderId(event.subject))?.order_number.clone()),
            SubjectKind::Shipment => Some(self.shipments.get(&event.subject)?.shipment_number.clone()),
            _ => Some(event.data.as_ref()?.get("number")?.as_str()?.to_owned()),
        }
    }

    pub fn data(&self, event: &RecordedEvent) -> Result<Value, Failure> {
        match &event.data {
            Some(data) if event.event_type != EventType::OrderPlaced => return Ok(data.clone()),
            _ => {}
        }
        let missing = || Failure::Internal(format!("a row of the event {} is missing", event.event_type.as_str()));
        match event.event_type.subject() {
            SubjectKind::Order => {
                let order = self.orders.get(&OrderId(event.subject)).ok_or_else(missing)?;
                self.data_of_order(event, order)?.ok_or_else(missing)
            }
            SubjectKind::Shipment => {
                let shipment = self.shipments.get(&event.subject).ok_or_else(missing)?;
                let order = self.orders.get(&shipment.order).ok_or_else(missing)?;
                let none = Vec::new();
                let items = self.items.get(&order.id).unwrap_or(&none);
                to_value(&ShipmentResponse::new(order, items, shipment))
            }
            SubjectKind::Reservation => self.reservations.get(&event.subject).cloned().ok_or_else(missing),
            _ => Err(missing()),
        }
    }

    /// None if a row is missing.
    fn data_of_order(&self, event: &RecordedEvent, order: &Order) -> Result<Option<Value>, Failure> {
        let source = event.source.unwrap_or_default();
        let more = match event.event_type {
            EventType::OrderPlaced => return self.placed_order(order, source, event.data.as_ref()),
            EventType::OrderPaid => {
                json!({"payment_reference": order.payment_reference, "paid_at": order.paid_at})
            }
            EventType::OrderLinesCancelled | EventType::OrderCredited => {
                let Some((credit, lines)) = self.credits.get(&source) else { return Ok(None) };
                json!({"credit": CreditResponse::new(credit.clone(), lines.clone(), &order.currency)})
            }
            EventType::OrderRefundRecorded => {
                let Some(Refund { reference, amount, credit_id }) = self.refunds.get(&source) else { return Ok(None) };
                let amount = order.currency.amount(*amount);
                json!({"refund": {"reference": reference, "amount": amount, "credit_id": credit_id}})
            }
            _ => {
                let Some(StatusStep { from, to, reason }) = self.steps.get(&source) else { return Ok(None) };
                json!({"from_status": from, "to_status": to, "reason": reason})
            }
        };
        Ok(Some(events::merged(summary(order), more)))
    }

    /// The order as it was placed. `places` are the first places of the units of each item.
    fn placed_order(&self, order: &Order, step: i64, places: Option<&Value>) -> Result<Option<Value>, Failure> {
        let Some(step) = self.steps.get(&step) else { return Ok(None) };
        let is_paid = order.paid_at == Some(order.created_at) && order.total_amount == Money(0);
        let placed = Order {
            status: step.to,
            payment_status: if is_paid { PaymentStatus::Paid } else { PaymentStatus::Pending },
            paid_at: order.paid_at.filter(|_| is_paid),
            payment_reference: None,
            received_amount: Money(0),
            refunded_amount: Money(0),
            unapplied_amount: Money(0),
            credited_amount: Money(0),
            credit_used_amount: Money(0),
            credited_items: 0,
            tracking_number: None,
            invoice_number: None,
            ready_at: None,
            updated_at: order.created_at,
            ..order.clone()
        };
        let mut items = self.items.get(&order.id).cloned().unwrap_or_default();
        for (index, item) in items.iter_mut().enumerate() {
            (item.shipped_quantity, item.cancelled_quantity, item.returned_quantity) = (0, 0, 0);
            let of_item = places.and_then(|places| places.get(index)).cloned();
            if let Some(parts) = of_item.and_then(|parts| serde_json::from_value(parts).ok()) {
                item.allocations = Allocations(parts);
            }
        }
        let none = Vec::new();
        let reductions = self.reductions.get(&order.order_number).filter(|_| !order.is_sold_at_payment());
        Ok(Some(to_value(&OrderResponse::new(&placed, &items, reductions.unwrap_or(&none), &[]))?))
    }
}

/// The fields that all events of an order have.
fn summary(order: &Order) -> Value {
    json!({
        "order_id": order.id,
        "order_number": order.order_number,
        "user_id": order.user_id,
        "customer_name": order.customer_name,
        "payment_method": order.payment_method,
        "currency": order.currency.code(),
        "total_amount": order.currency.amount(order.total_amount),
    })
}

pub fn to_value(row: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(row).map_err(|error| Failure::Internal(format!("the data of an event: {error}")))
}
