//! A set of orders to change. It is locked with its holds and stock rows, changed in memory, and written as a set.
//!
//! Every change of an existing order uses this type. `lock` reads the data, `write` writes it, and all other methods
//! change it in memory. The number of statements does not depend on the number of orders.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::PgConnection;

use super::credits::credit::Credit;
use super::credits::queries as credits;
use super::credits::rest::CreditedSums;
use super::queries::{self as shipments, SentShipment};
use super::ship::NewShipment;
use crate::auth::principal::SYSTEM;
use crate::db::Failure;
use crate::events::EventType;
use crate::inventory::hold::Holder;
use crate::inventory::hold_set::HoldSet;
use crate::inventory::locked_stock::MovementContext;
use crate::kernel::id::{CreditId, OrderId, ShipmentId, StoreId, VariantId};
use crate::kernel::money::Money;
use crate::orders::order::{Order, OrderItem};
use crate::orders::queries::{items, orders};
use crate::orders::status::{OrderStatus, PaymentStatus};
use events::Written;

mod credit;
mod events;
mod lock;
mod money;
mod returned;
mod sent;
mod units;

pub use crate::orders::queries::orders::StatusChange;
pub use crate::payments::queries::payments::{Kind, NewPayment, Recorded};
pub use credit::{CreditTerms, CreditedUnits};
pub use returned::{ReturnPlaces, ReturnedUnits};

/// The purpose of the lock. It decides what is read with the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    Pay,
    Cancel,
    Refund,
    Ship,
    Reroute,
    /// A change of shipments that were sent before.
    Deliver,
    /// A credit of amounts, or of units that were shipped. It moves no units that are left.
    Credit,
    Update,
}

/// The actor of a change, and its reason.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    pub actor: &'a str,
    pub reason: Option<&'a str>,
}

pub struct OrderBatch {
    store: StoreId,
    /// The time of all changes. It is read after all locks, so that no wait for a lock comes between it and a
    /// deadline.
    now: DateTime<Utc>,
    orders: BTreeMap<OrderId, Order>,
    /// The items of orders that are to be shipped, rerouted, cancelled or credited, with the locations of their units.
    items: HashMap<OrderId, Vec<OrderItem>>,
    /// The sums of the credits of these orders, with those of this batch.
    credited: HashMap<OrderId, CreditedSums>,
    /// The unspent parts of the credits of orders that are to be refunded.
    unspent: HashMap<(OrderId, CreditId), Money>,
    recorded: HashMap<(OrderId, Kind, String), Recorded>,
    /// The orders for which references of payments were recorded first.
    first_uses: HashMap<String, OrderId>,
    holds: HoldSet,
    changed: BTreeSet<OrderId>,
    changed_items: BTreeSet<(OrderId, VariantId)>,
    shipments: Vec<NewShipment>,
    /// The earlier shipments of orders that may be delivered.
    sent: HashMap<OrderId, Vec<SentShipment>>,
    changed_shipments: BTreeSet<(OrderId, ShipmentId)>,
    status_changes: Vec<StatusChange>,
    payments: Vec<NewPayment>,
    /// The payments with a reused reference that are accepted now.
    accepted: Vec<(OrderId, String)>,
    credits: Vec<Credit>,
    /// The orders that became paid, with the actor.
    paid: Vec<(OrderId, String)>,
    /// The earlier shipments that were delivered or lost, with the event and the actor.
    ended_shipments: Vec<(ShipmentId, EventType, String)>,
}

impl OrderBatch {
    /// Creates a batch of locked orders with their holds.
    #[must_use]
    pub fn new(store: StoreId, now: DateTime<Utc>, orders: Vec<Order>, holds: HoldSet) -> Self {
        Self {
            store,
            now,
            orders: orders.into_iter().map(|order| (order.id, order)).collect(),
            items: HashMap::new(),
            credited: HashMap::new(),
            unspent: HashMap::new(),
            recorded: HashMap::new(),
            first_uses: HashMap::new(),
            holds,
            changed: BTreeSet::new(),
            changed_items: BTreeSet::new(),
            shipments: Vec::new(),
            sent: HashMap::new(),
            changed_shipments: BTreeSet::new(),
            status_changes: Vec::new(),
            payments: Vec::new(),
            accepted: Vec::new(),
            credits: Vec::new(),
            paid: Vec::new(),
            ended_shipments: Vec::new(),
        }
    }

    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    pub fn holds_mut(&mut self) -> &mut HoldSet {
        &mut self.holds
    }

    /// An order with all changes up to now.
    pub fn order(&self, id: OrderId) -> Result<&Order, Failure> {
        self.orders.get(&id).ok_or_else(|| Failure::Internal(format!("order {id} is missing")))
    }

    /// Adds an order that this transaction has placed. All changes have its time.
    pub fn adopt(&mut self, order: Order) {
        self.now = order.created_at;
        self.orders.insert(order.id, order);
    }

    /// The number of the last credit of an order in this batch.
    #[must_use]
    pub fn last_credit(&self, id: OrderId) -> Option<&str> {
        let of_order = self.credits.iter().rfind(|credit| credit.order == id);
        of_order.map(|credit| credit.credit_number.as_str())
    }

    /// Cancels an order if its payment window has ended. Returns true if it did.
    pub fn expire_if_overdue(&mut self, id: OrderId) -> Result<bool, Failure> {
        let order = self.order(id)?;
        let Some(deadline) = order.payment_expires_at.filter(|_| is_overdue(order, self.now)) else {
            return Ok(false);
        };
        let (number, holder) = (order.order_number.clone(), Holder::Order(id));
        let context = MovementContext { reference: &number, reason: None, actor: SYSTEM };
        self.holds.expire(holder, self.now, context, payment_expired)?;
        let by = By { actor: SYSTEM, reason: Some(&payment_expired(deadline)) };
        self.end(id, by)?.payment_status = PaymentStatus::Expired;
        Ok(true)
    }

    /// Sells the units that an order holds, and sets the order to pending. Returns the number of units.
    pub fn sell(&mut self, id: OrderId, actor: &str) -> Result<i64, Failure> {
        let number = self.order(id)?.order_number.clone();
        let context = MovementContext { reference: &number, reason: None, actor };
        let units = self.holds.sell(Holder::Order(id), context)?;
        self.set_status(id, OrderStatus::Pending, By { actor, reason: None })?;
        Ok(units)
    }

    /// Cancels an order that can be cancelled: releases its held units, or restores its sold units.
    pub fn cancel(&mut self, id: OrderId, by: By<'_>) -> Result<&mut Order, Failure> {
        let order = self.order(id)?;
        let (status, number) = (order.status, order.order_number.clone());
        let context = MovementContext { reference: &number, reason: by.reason, actor: by.actor };
        match status {
            OrderStatus::UnderPaying => self.holds.release(Holder::Order(id), context).map(drop)?,
            _ => self.restore_all(id, context)?,
        }
        self.end(id, by)
    }

    /// Ends an order whose units are released or restored: credits the rest of it, with the delivery.
    fn end(&mut self, id: OrderId, by: By<'_>) -> Result<&mut Order, Failure> {
        self.credit_rest(id, by)?;
        self.set_status(id, OrderStatus::Cancelled, by)
    }

    /// Changes the status, and adds a row to the order's history.
    pub fn set_status(&mut self, id: OrderId, to: OrderStatus, by: By<'_>) -> Result<&mut Order, Failure> {
        let from = self.order(id)?.status;
        let (actor, reason) = (by.actor.to_owned(), by.reason.map(ToOwned::to_owned));
        self.status_changes.push(StatusChange { order: id, from: Some(from), to, reason, actor });
        let order = self.change(id)?;
        order.status = to;
        Ok(order)
    }

    /// Returns an order to change, and marks it for writing.
    pub fn change(&mut self, id: OrderId) -> Result<&mut Order, Failure> {
        let order = self.orders.get_mut(&id).ok_or_else(|| Failure::Internal(format!("order {id} is missing")))?;
        order.updated_at = self.now;
        self.changed.insert(id);
        Ok(order)
    }

    /// Writes the changes.
    pub fn write(&self, conn: &mut PgConnection) -> Result<(), Failure> {
        let (store, now) = (self.store, self.now);
        let payments = self.write_money(conn)?;
        self.holds.write(conn, now)?;
        let changed: Vec<&Order> = self.changed.iter().filter_map(|id| self.orders.get(id)).collect();
        if !changed.is_empty() {
            orders::update(conn, store, &changed)?;
        }
        if !self.changed_items.is_empty() {
            let is_changed = |item: &&OrderItem| self.changed_items.contains(&(item.order_id, item.variant_id));
            let changed: Vec<&OrderItem> = self.items.values().flatten().filter(is_changed).collect();
            items::update(conn, store, &changed)?;
        }
        let shipments = self.write_shipments(conn)?;
        let credits =
            if self.credits.is_empty() { HashMap::new() } else { credits::insert(conn, store, &self.credits, now)? };
        let history = match self.status_changes.is_empty() {
            true => HashMap::new(),
            false => orders::append_history(conn, store, &self.status_changes, now)?,
        };
        self.record_events(&Written { payments, shipments, credits, history })
    }

    /// Writes the new and the changed shipments. Returns the ids of the new ones by their numbers.
    fn write_shipments(&self, conn: &mut PgConnection) -> Result<HashMap<String, ShipmentId>, Failure> {
        if !self.changed_shipments.is_empty() {
            let is_changed = |sent: &&SentShipment| self.changed_shipments.contains(&(sent.order_id, sent.id));
            let changed: Vec<&SentShipment> = self.sent.values().flatten().filter(is_changed).collect();
            shipments::update(conn, self.store, &changed)?;
        }
        match self.shipments.is_empty() {
            true => Ok(HashMap::new()),
            false => Ok(shipments::insert(conn, self.store, &self.shipments, self.now)?),
        }
    }
}

/// True if the payment window of an order has ended.
fn is_overdue(order: &Order, now: DateTime<Utc>) -> bool {
    order.status == OrderStatus::UnderPaying && order.payment_expires_at.is_some_and(|deadline| now >= deadline)
}

/// The reason of an expired payment, in the order's history and in the ledger.
fn payment_expired(deadline: DateTime<Utc>) -> String {
    let deadline = deadline.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("Payment expired at {deadline}. Stock released automatically.")
}

#[cfg(test)]
mod tests;
