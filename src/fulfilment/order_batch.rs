//! A set of orders to change. It is locked with its holds and stock rows, changed in memory, and written as a set.
//!
//! Every change of an existing order uses this type. `lock` reads, the methods in the middle change the data in
//! memory, and `write` writes it. The number of statements does not depend on the number of orders.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::PgConnection;

use super::queries as shipments;
use super::ship::NewShipment;
use crate::auth::principal::SYSTEM;
use crate::db::{self, Failure};
use crate::inventory::hold::Holder;
use crate::inventory::hold_set::HoldSet;
use crate::inventory::locked_stock::MovementContext;
use crate::kernel::id::{OrderId, StoreId, VariantId};
use crate::kernel::money::Money;
use crate::orders::order::{Order, OrderItem};
use crate::orders::queries::{items, orders};
use crate::orders::status::{OrderStatus, PaymentStatus};
use crate::payments::queries::payments;

mod units;

pub use crate::orders::queries::orders::StatusChange;
pub use crate::payments::queries::payments::{Kind, NewPayment};

/// The purpose of the lock. It decides what is read with the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    Pay,
    Cancel,
    Refund,
    Ship,
    Reroute,
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
    /// The items of orders that are to be shipped, rerouted or cancelled, with the locations of their units.
    items: HashMap<OrderId, Vec<OrderItem>>,
    /// The amounts of recorded payments and refunds.
    recorded: HashMap<(OrderId, Kind, String), Money>,
    holds: HoldSet,
    changed: BTreeSet<OrderId>,
    changed_items: BTreeSet<(OrderId, VariantId)>,
    shipments: Vec<NewShipment>,
    status_changes: Vec<StatusChange>,
    payments: Vec<NewPayment>,
}

impl OrderBatch {
    /// Locks existing orders, then the stock rows that they hold or were sold from. This is the global lock order.
    pub fn lock(conn: &mut PgConnection, store: StoreId, requested: &[(OrderId, Intent)]) -> Result<Self, Failure> {
        let ids: BTreeSet<OrderId> = requested.iter().map(|(id, _)| *id).collect();
        let locked = orders::lock_for_update(conn, store, &ids.into_iter().collect::<Vec<_>>())?;
        let has_intent = |order: &Order, intent| requested.contains(&(order.id, intent));
        let select = |is_selected: &dyn Fn(&Order) -> bool| -> Vec<OrderId> {
            locked.iter().filter(|order| is_selected(order)).map(|order| order.id).collect()
        };
        let holding = select(&|order| {
            order.status == OrderStatus::UnderPaying
                && [Intent::Pay, Intent::Cancel, Intent::Reroute].iter().any(|&intent| has_intent(order, intent))
        });
        // A payment of the same batch may sell an order before its cancellation.
        let moving = select(&|order| {
            let may_be_sold = order.status != OrderStatus::UnderPaying || has_intent(order, Intent::Pay);
            let is_moving = has_intent(order, Intent::Cancel) || has_intent(order, Intent::Ship);
            let is_moved = may_be_sold && is_moving || has_intent(order, Intent::Reroute);
            is_moved && order.status.can_become(OrderStatus::Cancelled)
        });
        let with_money = select(&|order| has_intent(order, Intent::Pay) || has_intent(order, Intent::Refund));
        let recorded = if with_money.is_empty() { Vec::new() } else { payments::list(conn, store, &with_money)? };
        let items = if moving.is_empty() { HashMap::new() } else { items::list(conn, store, &moving)? };
        let variants: Vec<VariantId> = items.values().flatten().map(|item| item.variant_id).collect();
        let holders: Vec<Holder> = holding.into_iter().map(Holder::Order).collect();
        let holds = HoldSet::lock(conn, store, &holders, &variants)?;
        let recorded = recorded.into_iter().map(|(order, kind, reference, amount)| ((order, kind, reference), amount));
        Ok(Self { items, recorded: recorded.collect(), ..Self::new(store, db::clock(conn)?, locked, holds) })
    }

    /// Creates a batch of locked orders with their holds.
    #[must_use]
    pub fn new(store: StoreId, now: DateTime<Utc>, orders: Vec<Order>, holds: HoldSet) -> Self {
        Self {
            store,
            now,
            orders: orders.into_iter().map(|order| (order.id, order)).collect(),
            items: HashMap::new(),
            recorded: HashMap::new(),
            holds,
            changed: BTreeSet::new(),
            changed_items: BTreeSet::new(),
            shipments: Vec::new(),
            status_changes: Vec::new(),
            payments: Vec::new(),
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

    /// The amount that is recorded under a reference.
    #[must_use]
    pub fn recorded(&self, id: OrderId, kind: Kind, reference: &str) -> Option<Money> {
        self.recorded.get(&(id, kind, reference.to_owned())).copied()
    }

    /// Cancels an order if its payment window has ended. Returns true if it did.
    pub fn expire_if_overdue(&mut self, id: OrderId) -> Result<bool, Failure> {
        let order = self.order(id)?;
        let (OrderStatus::UnderPaying, Some(deadline)) = (order.status, order.payment_expires_at) else {
            return Ok(false);
        };
        if self.now < deadline {
            return Ok(false);
        }
        let (number, holder) = (order.order_number.clone(), Holder::Order(id));
        let context = MovementContext { reference: &number, reason: None, actor: SYSTEM };
        self.holds.expire(holder, self.now, context, payment_expired)?;
        let by = By { actor: SYSTEM, reason: Some(&payment_expired(deadline)) };
        self.set_status(id, OrderStatus::Cancelled, by)?.payment_status = PaymentStatus::Expired;
        Ok(true)
    }

    /// Records a payment of an order, or a refund.
    pub fn record(
        &mut self,
        id: OrderId,
        kind: Kind,
        reference: Option<&str>,
        amount: Money,
        actor: &str,
    ) -> Result<&mut Order, Failure> {
        let reference = reference.map(ToOwned::to_owned);
        if let Some(reference) = reference.clone() {
            self.recorded.insert((id, kind, reference), amount);
        }
        self.payments.push(NewPayment { order: id, kind, reference, amount, actor: actor.to_owned() });
        let order = self.change(id)?;
        let sum = match kind {
            Kind::Payment => &mut order.received_amount,
            Kind::Refund => &mut order.refunded_amount,
        };
        let too_large = || Failure::Internal("the payments of an order are too large".to_owned());
        *sum = sum.checked_add(amount).ok_or_else(too_large)?;
        Ok(order)
    }

    /// Marks an order as paid, by the payment with that reference if there is one.
    pub fn mark_paid(&mut self, id: OrderId, reference: Option<&str>) -> Result<(), Failure> {
        let now = self.now;
        let order = self.change(id)?;
        order.payment_status = PaymentStatus::Paid;
        order.paid_at = Some(now);
        order.payment_reference = reference.map(ToOwned::to_owned);
        Ok(())
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
            _ => self.restore(id, context)?,
        }
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
        if !self.payments.is_empty() {
            payments::append(conn, store, &self.payments, now)?;
        }
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
        if !self.shipments.is_empty() {
            shipments::insert(conn, store, &self.shipments, now)?;
        }
        if !self.status_changes.is_empty() {
            orders::append_history(conn, store, &self.status_changes, now)?;
        }
        Ok(())
    }
}

/// The reason of an expired payment, in the order's history and in the ledger.
fn payment_expired(deadline: DateTime<Utc>) -> String {
    let deadline = deadline.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("Payment expired at {deadline}. Stock released automatically.")
}

#[cfg(test)]
mod tests;
