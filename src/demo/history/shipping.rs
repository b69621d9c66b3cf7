//! Shipments, deliveries and collections: the orders of a day together.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use diesel::PgConnection;

use super::Shop;
use super::agenda::Task;
use super::calendar;
use crate::db::Failure;
use crate::error::Abort;
use crate::fulfilment::order_batch::{By, Intent, OrderBatch};
use crate::fulfilment::papers::issue;
use crate::fulfilment::ship::{self, Dispatch};
use crate::fulfilment::{deliver, pay, pickup};
use crate::kernel::id::OrderId;
use crate::orders::status::PaymentStatus;

const CARRIERS: [(&str, &str); 4] = [("Delhivery", "DL"), ("Blue Dart", "BD"), ("India Post", "EE"), ("DTDC", "DT")];

/// The time for which an order waits before its shipment, so that the buyer can cancel it.
const MIN_WAIT: Duration = Duration::hours(2);

impl Shop {
    /// Ships the orders that are ready, and puts the goods aside that buyers collect.
    pub fn ship(&mut self, conn: &mut PgConnection, at: DateTime<Utc>, day: NaiveDate) -> Result<(), Abort> {
        let due: Vec<OrderId> =
            self.unshipped.iter().filter(|(_, since)| **since + MIN_WAIT <= at).map(|(order, _)| *order).collect();
        if due.is_empty() {
            return Ok(());
        }
        let actor = self.scope.actor();
        let by = By { actor: &actor, reason: None };
        let (collected, sent): (Vec<OrderId>, Vec<OrderId>) =
            due.iter().copied().partition(|order| self.orders.get(order).is_some_and(|sold| sold.is_collected));
        let mut batch = OrderBatch::lock(conn, self.scope.store, &with(&due, Intent::Ship))?;
        collected.iter().try_for_each(|order| pickup::make_ready(&mut batch, *order, by))?;
        for order in &sent {
            ship::ship(&mut batch, *order, &self.dispatch(), by)?;
        }
        batch.write(conn)?;
        self.unshipped.retain(|order, _| !due.contains(order));
        for order in &sent {
            if self.chance.percent(20) {
                issue::issue(conn, &self.scope, *order)?;
            }
        }
        self.plan_arrival(day, sent);
        self.agenda.add(calendar::at(day, 18, 15) + Duration::days(1), Task::Collect(collected));
        Ok(())
    }

    fn dispatch(&mut self) -> Dispatch {
        let carrier = self.chance.pick(&CARRIERS);
        let number = self.chance.between(100_000_000, 999_999_999);
        Dispatch {
            carrier: carrier.map(|(name, _)| (*name).to_owned()),
            tracking_number: carrier.map(|(_, prefix)| format!("{prefix}{number}IN")),
            ..Dispatch::default()
        }
    }

    /// Parcels arrive after one to four days.
    fn plan_arrival(&mut self, day: NaiveDate, sent: Vec<OrderId>) {
        let mut arriving: Vec<(i64, Vec<OrderId>)> = vec![(1, Vec::new()), (2, Vec::new()), (4, Vec::new())];
        for order in sent {
            let days = self.chance.weigh(&[(1, 50), (2, 38), (4, 12)], |days| days.1).map_or(1, |days| days.0);
            arriving.iter_mut().filter(|group| group.0 == days).for_each(|group| group.1.push(order));
        }
        for (days, orders) in arriving {
            self.agenda.add(calendar::at(day, 12, 40) + Duration::days(days), Task::Deliver(orders));
        }
    }

    /// Delivers parcels. The driver brings the money of those that are not paid.
    pub fn deliver(&mut self, conn: &mut PgConnection, at: DateTime<Utc>, orders: &[OrderId]) -> Result<(), Abort> {
        let hand_over = |batch: &mut OrderBatch, order, by: By<'_>| deliver::deliver_all(batch, order, by);
        self.hand_over(conn, (orders, Intent::Deliver), hand_over)?;
        for order in orders {
            let customer = self.orders.get(order).and_then(|sold| sold.customer);
            if customer == Some(0) {
                self.delivered_to_demo.push(*order);
            }
            if self.chance.percent(5) {
                let time = at + Duration::hours(self.chance.between(20, 140));
                self.agenda.add(time, Task::SendBack(*order));
            }
        }
        Ok(())
    }

    /// Buyers collect their goods at the counter.
    pub fn collect(&mut self, conn: &mut PgConnection, orders: &[OrderId]) -> Result<(), Abort> {
        let hand_over = |batch: &mut OrderBatch, order, by: By<'_>| pickup::collect(batch, order, by);
        self.hand_over(conn, (orders, Intent::Ship), hand_over)
    }

    fn hand_over(
        &mut self,
        conn: &mut PgConnection,
        (orders, intent): (&[OrderId], Intent),
        hand_over: impl Fn(&mut OrderBatch, OrderId, By<'_>) -> Result<(), Abort>,
    ) -> Result<(), Abort> {
        if orders.is_empty() {
            return Ok(());
        }
        let actor = self.scope.actor();
        let mut batch = OrderBatch::lock(conn, self.scope.store, &with(orders, intent))?;
        for order in orders {
            hand_over(&mut batch, *order, By { actor: &actor, reason: None })?;
            if is_unpaid(&batch, *order)? {
                pay::mark_paid(&mut batch, *order, &actor)?;
            }
            if let Some(sold) = self.orders.get_mut(order) {
                sold.is_paid = true;
            }
        }
        Ok(batch.write(conn)?)
    }
}

fn with(orders: &[OrderId], intent: Intent) -> Vec<(OrderId, Intent)> {
    orders.iter().map(|order| (*order, intent)).collect()
}

fn is_unpaid(batch: &OrderBatch, order: OrderId) -> Result<bool, Failure> {
    Ok(batch.order(order)?.payment_status == PaymentStatus::Pending)
}
