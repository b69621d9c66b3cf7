//! Orders about to change: locked with all that hangs on them, changed in memory, written set by set.
//!
//! The same three parts as placing has: `lock` loads, the methods change what was loaded and ask the
//! database nothing, `write` writes it. The number of statements does not depend on the number of orders.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::expire::payment_expired;
use crate::auth::principal::SYSTEM;
use crate::db::{self, Failure};
use crate::inventory::hold::{Ending, Hold, Holder};
use crate::inventory::level::{Figures, MovementKind};
use crate::inventory::queries::holds;
use crate::inventory::shelf::{Note, Shelf};
use crate::kernel::id::{HoldId, OrderId, StoreId, VariantId};
use crate::kernel::money::Money;
use crate::orders::order::{Allocation, Order, OrderItem};
use crate::orders::queries::history::{self, NewStep};
use crate::orders::queries::items;
use crate::orders::queries::orders;
use crate::orders::status::{OrderStatus, PaymentStatus};
use crate::payments::queries::payments::{self, Kind, NewPayment};

/// What an order is locked for, and so what is loaded with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    Pay,
    Cancel,
}

/// Who changes an order, and why.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    pub actor: &'a str,
    pub reason: Option<&'a str>,
}

pub struct Standing {
    store: StoreId,
    /// Read after all locks: no wait comes between a deadline and what is done about it.
    now: DateTime<Utc>,
    orders: HashMap<OrderId, Order>,
    /// What is kept for orders under payment.
    holds: HashMap<OrderId, Vec<Hold>>,
    /// The lines of sold orders, with where their units came from.
    sold: HashMap<OrderId, Vec<OrderItem>>,
    /// Recorded payments by their references.
    paid: HashMap<(OrderId, String), Money>,
    shelf: Shelf,
    changed: BTreeSet<OrderId>,
    ended: Vec<(Ending, HoldId)>,
    steps: Vec<Step>,
    payments: Vec<Payment>,
}

struct Step {
    order: OrderId,
    from: OrderStatus,
    to: OrderStatus,
    reason: Option<String>,
    actor: String,
}

struct Payment {
    order: OrderId,
    reference: String,
    amount: Money,
    actor: String,
}

impl Standing {
    /// Locks orders that exist, then the stock rows that they hold or came from: the order of all locks.
    pub fn lock(conn: &mut PgConnection, store: StoreId, wanted: &[(OrderId, Intent)]) -> Result<Self, Failure> {
        let ids: BTreeSet<OrderId> = wanted.iter().map(|(id, _)| *id).collect();
        let locked = orders::lock_for_update(conn, store, &ids.into_iter().collect::<Vec<_>>())?;
        let wants = |order: &Order, intent| wanted.contains(&(order.id, intent));
        let kept = locked.iter().filter(|order| order.status == OrderStatus::UnderPaying);
        let kept: Vec<Holder> = kept.map(|order| Holder::Order(order.id)).collect();
        // Sold already, or maybe by a payment of this slice that comes before the cancel.
        let sold = locked.iter().filter(|order| {
            let may_be_sold = order.status != OrderStatus::UnderPaying || wants(order, Intent::Pay);
            may_be_sold && order.status.can_become(OrderStatus::Cancelled) && wants(order, Intent::Cancel)
        });
        let sold: Vec<OrderId> = sold.map(|order| order.id).collect();
        let paying: Vec<OrderId> =
            locked.iter().filter(|order| wants(order, Intent::Pay)).map(|order| order.id).collect();
        let paid = if paying.is_empty() { Vec::new() } else { payments::list_paid(conn, store, &paying)? };
        let kept = if kept.is_empty() { Vec::new() } else { holds::list_active(conn, store, &kept)? };
        let sold = if sold.is_empty() { HashMap::new() } else { items::list(conn, store, &sold)? };
        let of_sold = sold.values().flatten().map(|item| item.variant_id);
        let variants: Vec<VariantId> = kept.iter().map(|hold| hold.variant).chain(of_sold).collect();
        let shelf = Shelf::lock(conn, store, &variants)?;
        let mut standing = Self {
            store,
            now: db::clock(conn)?,
            orders: locked.into_iter().map(|order| (order.id, order)).collect(),
            holds: HashMap::new(),
            sold,
            paid: paid.into_iter().map(|(order, reference, amount)| ((order, reference), amount)).collect(),
            shelf,
            changed: BTreeSet::new(),
            ended: Vec::new(),
            steps: Vec::new(),
            payments: Vec::new(),
        };
        for hold in kept {
            if let Holder::Order(order) = hold.holder {
                standing.holds.entry(order).or_default().push(hold);
            }
        }
        Ok(standing)
    }

    /// An order as it is by now.
    pub fn order(&self, id: OrderId) -> Result<&Order, Failure> {
        self.orders.get(&id).ok_or_else(|| Failure::Internal(format!("order {id} is gone")))
    }

    /// The amount of the payment that was recorded under that reference.
    #[must_use]
    pub fn recorded(&self, id: OrderId, reference: &str) -> Option<Money> {
        self.paid.get(&(id, reference.to_owned())).copied()
    }

    /// Whether anything is to be written.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Ends an order whose payment window has passed, before the job comes to it.
    pub fn expire_if_over(&mut self, id: OrderId) -> Result<bool, Failure> {
        let order = self.order(id)?;
        let (OrderStatus::UnderPaying, Some(deadline)) = (order.status, order.payment_expires_at) else {
            return Ok(false);
        };
        if self.now < deadline {
            return Ok(false);
        }
        let reason = payment_expired(deadline);
        let by = By { actor: SYSTEM, reason: Some(&reason) };
        self.release(id, Ending::Expired, by)?;
        self.turn(id, OrderStatus::Cancelled, by)?.payment_status = PaymentStatus::Expired;
        Ok(true)
    }

    /// Records money of an order.
    pub fn pay(&mut self, id: OrderId, reference: &str, amount: Money, actor: &str) -> Result<(), Failure> {
        let order = self.change(id)?;
        let sum = order.received_amount.checked_add(amount);
        order.received_amount =
            sum.ok_or_else(|| Failure::Internal("the payments of an order are too large".to_owned()))?;
        self.paid.insert((id, reference.to_owned()), amount);
        self.payments.push(Payment { order: id, reference: reference.to_owned(), amount, actor: actor.to_owned() });
        Ok(())
    }

    /// Marks an order as paid by the money of that reference.
    pub fn mark_paid(&mut self, id: OrderId, reference: &str) -> Result<(), Failure> {
        let now = self.now;
        let order = self.change(id)?;
        order.payment_status = PaymentStatus::Paid;
        order.paid_at = Some(now);
        order.payment_reference = Some(reference.to_owned());
        Ok(())
    }

    /// What was kept is sold, and the order pending. Returns the units.
    pub fn sell(&mut self, id: OrderId, actor: &str) -> Result<i64, Failure> {
        let by = By { actor, reason: None };
        let units = self.let_go(id, Ending::Sold, MovementKind::Fulfil, Figures::fulfil, by)?;
        self.turn(id, OrderStatus::Pending, by)?;
        Ok(units)
    }

    /// Cancels an order that can be cancelled: sold units go back to their own rows, kept ones are let go.
    pub fn give_back(&mut self, id: OrderId, by: By<'_>) -> Result<&mut Order, Failure> {
        match self.order(id)?.status {
            OrderStatus::UnderPaying => self.release(id, Ending::Released, by)?,
            _ => self.restore(id, by)?,
        }
        self.turn(id, OrderStatus::Cancelled, by)
    }

    fn release(&mut self, id: OrderId, ending: Ending, by: By<'_>) -> Result<(), Failure> {
        self.let_go(id, ending, MovementKind::Release, Figures::release, by).map(drop)
    }

    fn let_go(
        &mut self,
        id: OrderId,
        ending: Ending,
        kind: MovementKind,
        figures: fn(i64) -> Figures,
        by: By<'_>,
    ) -> Result<i64, Failure> {
        let holds = self.holds.remove(&id).ok_or_else(|| Failure::Internal(format!("order {id} holds nothing")))?;
        let number = self.order(id)?.order_number.clone();
        let note = Note { reference: &number, reason: by.reason, actor: by.actor };
        let mut units: i64 = 0;
        for hold in holds {
            self.shelf.book((hold.variant, hold.location), kind, figures(hold.quantity), note)?;
            self.ended.push((ending, hold.id));
            units = units.saturating_add(hold.quantity);
        }
        Ok(units)
    }

    fn restore(&mut self, id: OrderId, by: By<'_>) -> Result<(), Failure> {
        let items = self.sold.remove(&id).ok_or_else(|| Failure::Internal(format!("order {id} came from nowhere")))?;
        let number = self.order(id)?.order_number.clone();
        let note = Note { reference: &number, reason: by.reason, actor: by.actor };
        for item in items {
            for Allocation { location_id, quantity } in item.allocations {
                let place = (item.variant_id, location_id);
                self.shelf.book(place, MovementKind::Restore, Figures::restore(quantity), note)?;
            }
        }
        Ok(())
    }

    /// A step of the order's history.
    fn turn(&mut self, id: OrderId, to: OrderStatus, by: By<'_>) -> Result<&mut Order, Failure> {
        let from = self.order(id)?.status;
        let (actor, reason) = (by.actor.to_owned(), by.reason.map(ToOwned::to_owned));
        self.steps.push(Step { order: id, from, to, reason, actor });
        let order = self.change(id)?;
        order.status = to;
        Ok(order)
    }

    fn change(&mut self, id: OrderId) -> Result<&mut Order, Failure> {
        let order = self.orders.get_mut(&id).ok_or_else(|| Failure::Internal(format!("order {id} is gone")))?;
        order.updated_at = self.now;
        self.changed.insert(id);
        Ok(order)
    }

    /// Writes what was changed.
    pub fn write(&self, conn: &mut PgConnection) -> Result<(), Failure> {
        if !self.is_changed() {
            return Ok(());
        }
        let (store, now) = (self.store, self.now);
        let payments: Vec<NewPayment<'_>> = self.payments.iter().map(Payment::as_new).collect();
        if !payments.is_empty() {
            payments::append(conn, store, &payments, now)?;
        }
        self.shelf.write(conn, now)?;
        for ending in [Ending::Sold, Ending::Released, Ending::Expired] {
            let holds = self.ended.iter().filter(|(how, _)| *how == ending);
            let holds: Vec<HoldId> = holds.map(|(_, hold)| *hold).collect();
            if !holds.is_empty() {
                holds::end(conn, store, &holds, ending, now)?;
            }
        }
        let changed: Vec<&Order> = self.changed.iter().filter_map(|id| self.orders.get(id)).collect();
        orders::update(conn, store, &changed)?;
        let steps: Vec<NewStep<'_>> = self.steps.iter().map(Step::as_new).collect();
        if !steps.is_empty() {
            history::append(conn, store, &steps, now)?;
        }
        Ok(())
    }
}

impl Step {
    fn as_new(&self) -> NewStep<'_> {
        let Self { order, from, to, reason, actor } = self;
        NewStep { order: *order, from: Some(*from), to: *to, reason: reason.as_deref(), actor }
    }
}

impl Payment {
    fn as_new(&self) -> NewPayment<'_> {
        let Self { order, reference, amount, actor } = self;
        NewPayment { order: *order, kind: Kind::Payment, reference: Some(reference), amount: *amount, actor }
    }
}
