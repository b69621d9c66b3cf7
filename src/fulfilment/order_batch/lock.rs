//! Locks orders, and reads what their changes need.

use std::collections::{BTreeSet, HashMap};

use diesel::PgConnection;

use super::{Intent, OrderBatch, is_overdue};
use crate::db::{self, Failure};
use crate::fulfilment::credits::queries as credits;
use crate::fulfilment::queries as shipments;
use crate::inventory::hold::Holder;
use crate::inventory::hold_set::HoldSet;
use crate::kernel::id::{OrderId, StoreId, VariantId};
use crate::orders::order::Order;
use crate::orders::queries::{items, orders};
use crate::orders::status::OrderStatus;
use crate::payments::queries::payments;

impl OrderBatch {
    /// Locks existing orders, then the stock rows that they hold or were sold from. This is the global lock order.
    pub fn lock(conn: &mut PgConnection, store: StoreId, requested: &[(OrderId, Intent)]) -> Result<Self, Failure> {
        Self::lock_with(conn, store, requested, &[])
    }

    /// Locks the stock rows of further variants, too, in the same order: those of an order that is placed with the
    /// changes.
    pub fn lock_with(
        conn: &mut PgConnection,
        store: StoreId,
        requested: &[(OrderId, Intent)],
        further: &[VariantId],
    ) -> Result<Self, Failure> {
        let ids: BTreeSet<OrderId> = requested.iter().map(|(id, _)| *id).collect();
        let locked = orders::lock_for_update(conn, store, &ids.into_iter().collect::<Vec<_>>())?;
        let needs = Needs::from_requested(&locked, requested);
        let Needs { with_holds, with_sold_units, with_items, with_money, with_refunds } = &needs;
        let recorded = if with_money.is_empty() { HashMap::new() } else { payments::list(conn, store, with_money)? };
        let unspent =
            if with_refunds.is_empty() { HashMap::new() } else { credits::list_unspent(conn, store, with_refunds)? };
        let items = if with_items.is_empty() { HashMap::new() } else { items::list(conn, store, with_items)? };
        let sold = with_sold_units.iter().filter_map(|id| items.get(id)).flatten();
        let variants: Vec<VariantId> = sold.map(|item| item.variant_id).chain(further.iter().copied()).collect();
        let holders: Vec<Holder> = with_holds.iter().copied().map(Holder::Order).collect();
        let holds = HoldSet::lock(conn, store, &holders, &variants)?;
        let mut batch = Self { items, recorded, unspent, ..Self::new(store, db::clock(conn)?, locked, holds) };
        batch.load_credited(conn)?;
        batch.load_overdue(conn)?;
        batch.load_sent(conn, requested)?;
        Ok(batch)
    }

    /// Reads the items and the credits of the locked orders whose payment window has ended. Their rest is credited.
    pub fn load_overdue(&mut self, conn: &mut PgConnection) -> Result<(), Failure> {
        let overdue = self.orders.values().filter(|order| is_overdue(order, self.now));
        let missing: Vec<OrderId> = overdue.map(|order| order.id).filter(|id| !self.items.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.items.extend(items::list(conn, self.store, &missing)?);
        self.load_credited(conn)
    }

    /// Reads the shipments of orders that may become delivered: those whose shipments change, and those with shipped
    /// units whose last units may be shipped or cancelled. Other orders with items have no shipments.
    fn load_sent(&mut self, conn: &mut PgConnection, requested: &[(OrderId, Intent)]) -> Result<(), Failure> {
        let is_shipped =
            |id: &OrderId| self.items.get(id).is_some_and(|items| items.iter().any(|item| item.shipped_quantity > 0));
        let changing = requested.iter().filter(|(_, intent)| *intent == Intent::Deliver).map(|(id, _)| *id);
        let shipped = self.items.keys().copied().filter(is_shipped);
        let ids: BTreeSet<OrderId> = changing.chain(shipped).collect();
        if !ids.is_empty() {
            self.sent = shipments::list_sent(conn, self.store, &ids.into_iter().collect::<Vec<_>>())?;
        }
        for id in self.items.keys() {
            self.sent.entry(*id).or_default();
        }
        Ok(())
    }

    /// Reads the sums of the credits of orders with items, if they have credits.
    fn load_credited(&mut self, conn: &mut PgConnection) -> Result<(), Failure> {
        let has_credits = |order: &&Order| order.credited_amount.0 > 0 || order.credited_items > 0;
        let with_items = self.orders.values().filter(|order| self.items.contains_key(&order.id));
        let ids: Vec<OrderId> = with_items.filter(has_credits).map(|order| order.id).collect();
        if !ids.is_empty() {
            self.credited = credits::sums(conn, self.store, &ids)?;
        }
        Ok(())
    }
}

/// The orders of a batch by what their changes need.
struct Needs {
    /// Their holds may end.
    with_holds: Vec<OrderId>,
    /// Their sold units may leave their places, or change them.
    with_sold_units: Vec<OrderId>,
    with_items: Vec<OrderId>,
    with_money: Vec<OrderId>,
    with_refunds: Vec<OrderId>,
}

impl Needs {
    fn from_requested(locked: &[Order], requested: &[(OrderId, Intent)]) -> Self {
        let has_any =
            |order: &Order, intents: &[Intent]| intents.iter().any(|intent| requested.contains(&(order.id, *intent)));
        let select = |is_selected: &dyn Fn(&Order) -> bool| -> Vec<OrderId> {
            locked.iter().filter(|order| is_selected(order)).map(|order| order.id).collect()
        };
        let changes_sold_units = |order: &Order| {
            if !order.status.can_become(OrderStatus::Cancelled) {
                return false;
            }
            // A payment of the same batch may sell an order before its cancellation.
            let is_sold = order.status != OrderStatus::UnderPaying || has_any(order, &[Intent::Pay]);
            has_any(order, &[Intent::Reroute]) || is_sold && has_any(order, &[Intent::Cancel, Intent::Ship])
        };
        let changes_holds = |order: &Order| {
            order.status == OrderStatus::UnderPaying
                && has_any(order, &[Intent::Pay, Intent::Cancel, Intent::Reroute, Intent::Credit])
        };
        let may_be_credited = |order: &Order| match order.status {
            OrderStatus::UnderPaying => has_any(order, &[Intent::Cancel, Intent::Credit]),
            _ => has_any(order, &[Intent::Credit]),
        };
        Self {
            with_holds: select(&changes_holds),
            with_sold_units: select(&changes_sold_units),
            with_items: select(&|order| changes_sold_units(order) || may_be_credited(order)),
            with_money: select(&|order| has_any(order, &[Intent::Pay, Intent::Refund])),
            with_refunds: select(&|order| has_any(order, &[Intent::Refund])),
        }
    }
}
