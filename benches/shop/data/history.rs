//! The history of the shop as a sequence of orders. It is not stored: each table computes it again.

use chrono::{DateTime, TimeDelta, Utc};

use super::Size;
use super::hash::{below, hash, skewed};

/// The orders from the opening of the shop until now.
pub struct History {
    pub size: Size,
    pub opened_at: DateTime<Utc>,
    pub now: DateTime<Utc>,
    /// The time between two orders.
    gap: TimeDelta,
}

/// The course of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// Sold at checkout, then shipped.
    Sold,
    /// Sold at checkout, and cancelled soon after.
    Cancelled,
    /// Held at checkout, and paid soon after.
    PaidInWindow,
}

/// One line. A product and its variant have the same id.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub product: i64,
    pub quantity: i64,
    pub price: i64,
}

/// A step of an order: old status, new status, and time.
pub type Step = (Option<&'static str>, &'static str, DateTime<Utc>);

/// One order with everything that belongs to it.
pub struct Order {
    pub id: i64,
    pub store: i64,
    pub user: i64,
    pub at: DateTime<Utc>,
    /// The time of its cancellation or payment.
    pub changed_at: DateTime<Utc>,
    pub kind: OrderKind,
    pub lines: Vec<Line>,
    pub steps: Vec<Step>,
    /// The first ids of this order. Ids ascend in the order of events.
    pub first_item: i64,
    pub first_hold: i64,
    pub first_ledger: i64,
}

/// The next free ids.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    pub item: i64,
    pub hold: i64,
    pub ledger: i64,
}

/// A change of a stock row: kind, stock, reserved, sold, committed.
pub type Change = (&'static str, i64, i64, i64, i64);

const DAYS: i64 = 730;

impl History {
    #[must_use]
    pub fn new(size: Size, now: DateTime<Utc>) -> Self {
        let days = TimeDelta::days(DAYS);
        let gap = TimeDelta::seconds(days.num_seconds() / (size.orders + 1));
        Self { size, opened_at: now - days, now, gap }
    }

    /// The first ids of orders. In the ledger, the creation and the first delivery of every product come before.
    #[must_use]
    pub fn first_ids(&self) -> Ids {
        Ids { item: 1, hold: 1, ledger: 2 * self.size.products + 1 }
    }

    /// All orders, oldest first, each with the next free ids after it.
    pub fn orders(&self) -> impl Iterator<Item = (Order, Ids)> {
        (1..=self.size.orders).scan(self.first_ids(), |ids, id| {
            let order = self.order(id, *ids);
            ids.item += order.count();
            ids.hold += if order.kind == OrderKind::PaidInWindow { order.count() } else { 0 };
            ids.ledger = order.payment_id() + 1;
            Some((order, *ids))
        })
    }

    fn order(&self, id: i64, ids: Ids) -> Order {
        let size = &self.size;
        let at = self.opened_at + TimeDelta::seconds(self.gap.num_seconds() * id);
        let changed_at = at + (self.gap / 2).min(TimeDelta::seconds(20));
        let kind = match below(hash([id, 1, 0]), 100) {
            0..3 => OrderKind::Cancelled,
            3..13 => OrderKind::PaidInWindow,
            _ => OrderKind::Sold,
        };
        let elsewhere = size.stores > 1 && below(hash([id, 2, 0]), 10) > 0;
        let store = if elsewhere { 2 + below(hash([id, 3, 0]), size.stores - 1) } else { 1 };
        Order {
            id,
            store,
            user: 1 + below(hash([id, 4, 0]), size.customers()),
            at,
            changed_at,
            kind,
            lines: self.lines(id, store),
            steps: self.steps(at, changed_at, kind),
            first_item: ids.item,
            first_hold: ids.hold,
            first_ledger: ids.ledger,
        }
    }

    /// Lines of different products. Some products sell far better than others.
    fn lines(&self, order: i64, store: i64) -> Vec<Line> {
        let (first, number) = self.size.products_of(store);
        let count = 1 + below(hash([order, 5, 0]), 2 * self.size.lines_per_order - 1);
        let mut products: Vec<i64> = (0..count).map(|line| first + skewed(hash([order, 6, line]), number)).collect();
        products.sort_unstable();
        products.dedup();
        let line = |(index, product)| Line {
            product,
            quantity: 1 + below(hash([order, 7, i64::try_from(index).unwrap_or(0)]), 3),
            price: price(product),
        };
        products.into_iter().enumerate().map(line).collect()
    }

    fn steps(&self, at: DateTime<Utc>, changed_at: DateTime<Utc>, kind: OrderKind) -> Vec<Step> {
        let mut steps = match kind {
            OrderKind::Sold => vec![(None, "pending", at)],
            OrderKind::Cancelled => return vec![(None, "pending", at), (Some("pending"), "cancelled", changed_at)],
            OrderKind::PaidInWindow => vec![(None, "under_paying", at), (Some("under_paying"), "pending", changed_at)],
        };
        let later = [("pending", "processing", 1), ("processing", "shipped", 2), ("shipped", "delivered", 5)];
        let later = later.map(|(from, to, days)| (Some(from), to, at + TimeDelta::days(days)));
        steps.extend(later.into_iter().filter(|(_, _, when)| *when < self.now));
        steps
    }
}

impl Order {
    #[must_use]
    pub fn count(&self) -> i64 {
        i64::try_from(self.lines.len()).unwrap_or(0)
    }

    #[must_use]
    pub fn total(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity * line.price).sum()
    }

    #[must_use]
    pub fn number(&self) -> String {
        let letters = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let code = hash([self.id, 8, 0]);
        let code = (0..10).map(|index| char::from(letters[usize::try_from((code >> (5 * index)) & 31).unwrap_or(0)]));
        format!("ORD-{}-{}", self.at.format("%Y%m%d"), code.collect::<String>())
    }

    #[must_use]
    pub fn last_step(&self) -> Step {
        self.steps[self.steps.len() - 1]
    }

    /// Paid within the payment window, or on delivery.
    #[must_use]
    pub fn paid_at(&self) -> Option<DateTime<Utc>> {
        match (self.kind, self.last_step()) {
            (OrderKind::PaidInWindow, _) => Some(self.changed_at),
            (_, (_, "delivered", at)) => Some(at),
            _ => None,
        }
    }

    /// The changes of stock by a line, each with its time.
    #[must_use]
    pub fn changes(&self, quantity: i64) -> Vec<(Change, DateTime<Utc>)> {
        let q = quantity;
        // Shipped orders are as the migration leaves those of older versions: they were never committed.
        let c = if self.is_shipped() { 0 } else { q };
        match self.kind {
            OrderKind::Sold => vec![(("fulfil", -q, 0, q, c), self.at)],
            OrderKind::Cancelled => {
                vec![(("fulfil", -q, 0, q, c), self.at), (("restore", q, 0, -q, -c), self.changed_at)]
            }
            OrderKind::PaidInWindow => {
                vec![(("reserve", 0, q, 0, 0), self.at), (("fulfil", -q, -q, q, c), self.changed_at)]
            }
        }
    }

    #[must_use]
    pub fn is_shipped(&self) -> bool {
        matches!(self.last_step(), (_, "shipped" | "delivered", _))
    }

    /// The ledger id of a step. An order's steps come first, then its movements, then its payment.
    #[must_use]
    pub fn step_id(&self, step: usize) -> i64 {
        self.first_ledger + i64::try_from(step).unwrap_or(0)
    }

    #[must_use]
    pub fn first_movement_id(&self) -> i64 {
        self.step_id(self.steps.len())
    }

    /// A cancelled order has no payment.
    #[must_use]
    pub fn credit_id(&self) -> i64 {
        self.payment_id()
    }

    #[must_use]
    pub fn payment_id(&self) -> i64 {
        let changes = if self.kind == OrderKind::Sold { 1 } else { 2 };
        self.first_movement_id() + changes * self.count()
    }
}

/// The price of a product in minor units.
#[must_use]
pub fn price(product: i64) -> i64 {
    1_000 + below(hash([product, 9, 0]), 99_000)
}
