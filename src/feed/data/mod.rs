//! The data of events, read from the rows that they are about. The number of statements does not depend on the number of
//! events.

use std::collections::{BTreeSet, HashMap};

use diesel::PgConnection;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::page::{Fact, FeedEvent};
use super::queries::{self, Refund, StatusStep};
use crate::db::Failure;
use crate::error::Abort;
use crate::events::{EventType, RecordedEvent, SubjectKind};
use crate::fulfilment::api::CreditResponse;
use crate::fulfilment::credits::queries::{self as credits, StoredCredit, StoredLine};
use crate::inventory::api::reservations::ReservationResponse;
use crate::inventory::queries::movements::{self, LedgerRow};
use crate::inventory::queries::reservations;
use crate::inventory::reservation::{Reservation, ReservedItem, State};
use crate::kernel::id::{CreditId, MovementId, OrderId, ReservationId, ShipmentId, StoreId, UserId};
use crate::kernel::money::Money;
use crate::orders::allocation::Allocations;
use crate::orders::order::{Order, OrderItem, StockReduction};
use crate::orders::queries::shipments::Shipment;
use crate::orders::queries::{items, orders, shipments};
use crate::orders::response::{OrderResponse, ShipmentResponse};
use crate::orders::shipment_state::ShipmentState;
use order::{OrderCreditData, OrderPaidData, OrderRefundData, OrderStatusData, RefundData};
use stored::OrderExtra;

mod order;
mod schema;
mod stored;

pub use schema::EventData;

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
    reservations: HashMap<i64, (Reservation, Vec<ReservedItem>)>,
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
            SubjectKind::Return => self.orders.extend(stored::order(event)),
            SubjectKind::Reservation => self.reservations.push(ReservationId(event.subject)),
            _ => {}
        }
        if event.event_type.subject() == SubjectKind::Order {
            self.credits.extend(OrderExtra::new(event.data.as_ref()).credit_id.map(CreditId));
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
                let of_reservation = items.remove(&reservation.id).unwrap_or_default();
                self.reservations.insert(reservation.id.0, (reservation, of_reservation));
            }
        }
        Ok(())
    }

    /// The number of the object that a recorded event is about.
    pub fn number(&self, event: &RecordedEvent) -> Option<String> {
        match event.event_type.subject() {
            SubjectKind::Order => Some(self.orders.get(&OrderId(event.subject))?.order_number.clone()),
            SubjectKind::Shipment => Some(self.shipments.get(&event.subject)?.shipment_number.clone()),
            SubjectKind::Product | SubjectKind::Reservation => None,
            SubjectKind::Return | SubjectKind::Transfer | SubjectKind::PurchaseOrder | SubjectKind::Count => {
                stored::number(event.data.as_ref()?)
            }
        }
    }

    /// The customer of the order that an event is about.
    pub fn owner(&self, event: &FeedEvent) -> Option<UserId> {
        let Fact::Recorded(event) = &event.fact else { return None };
        let order = match event.event_type.subject() {
            SubjectKind::Order => OrderId(event.subject),
            SubjectKind::Shipment => self.shipments.get(&event.subject)?.order,
            SubjectKind::Return => stored::order(event)?,
            _ => return None,
        };
        self.orders.get(&order)?.user_id
    }

    /// The data as JSON text. So amounts keep their decimals.
    pub fn data(&self, event: &RecordedEvent) -> Result<Box<RawValue>, Failure> {
        let missing = || Failure::Internal(format!("a row of the event {} is missing", event.event_type.as_str()));
        match event.event_type.subject() {
            SubjectKind::Order => {
                let order = self.orders.get(&OrderId(event.subject)).ok_or_else(missing)?;
                self.data_of_order(event, order)?.ok_or_else(missing)
            }
            SubjectKind::Shipment => self.data_of_shipment(event)?.ok_or_else(missing),
            SubjectKind::Reservation => {
                let (reservation, items) = self.reservations.get(&event.subject).cloned().ok_or_else(missing)?;
                to_raw(&ReservationResponse::new(as_of(event, reservation), items))
            }
            _ => stored::to_wire(event.event_type, event.data.as_ref().ok_or_else(missing)?),
        }
    }

    /// None if a row is missing.
    fn data_of_shipment(&self, event: &RecordedEvent) -> Result<Option<Box<RawValue>>, Failure> {
        let Some(shipment) = self.shipments.get(&event.subject) else { return Ok(None) };
        let Some(order) = self.orders.get(&shipment.order) else { return Ok(None) };
        let items = self.items.get(&order.id).map(Vec::as_slice).unwrap_or_default();
        let now = ShipmentResponse::new(order, items, shipment);
        let state: Option<ShipmentState> = event.data.clone().and_then(|stored| serde_json::from_value(stored).ok());
        let then = match state {
            Some(state) => state.applied_to(now),
            None => now,
        };
        to_raw(&then).map(Some)
    }

    /// None if a row is missing.
    fn data_of_order(&self, event: &RecordedEvent, order: &Order) -> Result<Option<Box<RawValue>>, Failure> {
        let source = event.source.unwrap_or_default();
        match event.event_type {
            EventType::OrderPlaced => self.placed_order(order, source, event.data.as_ref()),
            EventType::OrderPaid => {
                let received = OrderExtra::new(event.data.as_ref()).received_amount;
                let received = received.map_or(order.received_amount, Money);
                let (reference, received) = (order.payment_reference.clone(), order.currency.amount(received));
                to_raw(&OrderPaidData::new(order, reference, order.paid_at, received)).map(Some)
            }
            EventType::OrderLinesCancelled | EventType::OrderCredited => {
                let Some(credit) = self.credit(source, order) else { return Ok(None) };
                to_raw(&OrderCreditData::new(order, credit)).map(Some)
            }
            EventType::OrderRefundRecorded => {
                let Some(Refund { reference, amount, credit_id }) = self.refunds.get(&source).cloned() else {
                    return Ok(None);
                };
                let refund = RefundData { reference, amount: order.currency.amount(amount), credit_id };
                to_raw(&OrderRefundData::new(order, refund)).map(Some)
            }
            _ => {
                let Some(StatusStep { from, to, reason }) = self.steps.get(&source).cloned() else { return Ok(None) };
                let credit = OrderExtra::new(event.data.as_ref()).credit_id.and_then(|id| self.credit(id, order));
                to_raw(&OrderStatusData::new(order, from, to, reason, credit)).map(Some)
            }
        }
    }

    fn credit(&self, id: i64, order: &Order) -> Option<CreditResponse> {
        let (credit, lines) = self.credits.get(&id).cloned()?;
        Some(CreditResponse::new(credit, lines, &order.currency))
    }

    /// The order as it was placed. `places` are the places to which the units of each item were routed first.
    fn placed_order(&self, order: &Order, step: i64, places: Option<&Value>) -> Result<Option<Box<RawValue>>, Failure> {
        let Some(step) = self.steps.get(&step) else { return Ok(None) };
        let items = self.items.get(&order.id).map(Vec::as_slice).unwrap_or_default();
        let placed = items.iter().enumerate().map(|(index, item)| {
            let parts = places.and_then(|places| places.get(index)).cloned();
            item.as_placed(parts.and_then(|parts| serde_json::from_value(parts).ok()).map(Allocations))
        });
        let none = Vec::new();
        let reductions = self.reductions.get(&order.order_number).filter(|_| !order.is_sold_at_payment());
        let (order, items) = (order.as_placed(step.to), placed.collect::<Vec<OrderItem>>());
        to_raw(&OrderResponse::new(&order, &items, reductions.unwrap_or(&none), &[])).map(Some)
    }
}

/// The reservation at the time of the event.
fn as_of(event: &RecordedEvent, now: Reservation) -> Reservation {
    match event.event_type {
        EventType::ReservationCreated => Reservation { state: State::Active, ended_at: None, ..now },
        _ => now,
    }
}

pub fn to_raw(row: &impl Serialize) -> Result<Box<RawValue>, Failure> {
    to_raw_value(row).map_err(|error| Failure::Internal(format!("the data of an event: {error}")))
}
