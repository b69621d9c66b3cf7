//! The orders that share money by exchanges: a credit of one order has paid for another one, and so on.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{PgConnection, QueryResult};

use crate::kernel::id::{OrderId, StoreId};
use crate::kernel::money::Money;
use crate::orders::order::Order;
use crate::payments::queries::exchanges::{self, PassedMoney};

/// The largest number of orders of a family, with the ancestors of an order counted apart. Others are left out, so that
/// no refund locks too many orders.
const MAX_ORDERS: usize = 100;

/// An order, the orders that its money came from, and all orders that money of them has passed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    pub orders: BTreeSet<OrderId>,
    /// A tree: an order takes money from at most one other order.
    passed: Vec<PassedMoney>,
}

/// Finds the family of an order. Takes no lock, so read it again under the locks of its orders. Most orders have no
/// exchange, and cause no statement.
pub fn find(conn: &mut PgConnection, store: StoreId, order: &Order) -> QueryResult<Family> {
    let mut family = Family { orders: BTreeSet::from([order.id]), passed: Vec::new() };
    if order.exchange_of.is_none() && order.credit_used_amount == Money(0) {
        return Ok(family);
    }
    let mut root = order.id;
    while family.orders.len() < MAX_ORDERS
        && let Some(source) = exchanges::find_source(conn, store, root)?
        && family.orders.insert(source)
    {
        root = source;
    }
    let mut level = vec![root];
    while !level.is_empty() {
        let passed = exchanges::list_passed(conn, store, &level)?;
        level = passed.into_iter().filter_map(|passed| family.add(root, passed)).collect();
    }
    Ok(family)
}

impl Family {
    /// Adds money that an order of the family has passed to another one. Returns the other order if it is new.
    fn add(&mut self, root: OrderId, passed: PassedMoney) -> Option<OrderId> {
        let PassedMoney { from, to, amount } = passed;
        if let Some(known) = self.passed.iter_mut().find(|known| known.to == to) {
            // Each receipt of a return has a credit of its own.
            if known.from == from {
                known.amount = Money(known.amount.0.saturating_add(amount.0));
            }
            return None;
        }
        if to == root || self.passed.len() >= MAX_ORDERS {
            return None;
        }
        self.orders.insert(to);
        self.passed.push(passed);
        Some(to)
    }

    /// Shares a refund of a payment of an order over the money that is held: first by that order, then by the orders
    /// that its money has passed to, up to the passed amounts. Returns the orders with their parts, which may be less
    /// than the refund.
    #[must_use]
    pub fn share(&self, order: OrderId, amount: Money, held: &BTreeMap<OrderId, Money>) -> Vec<(OrderId, Money)> {
        let own = held.get(&order).copied().unwrap_or_default().min(amount);
        let mut parts = Vec::new();
        if own > Money(0) {
            parts.push((order, own));
        }
        let mut rest = amount.0.saturating_sub(own.0);
        for passed in self.passed.iter().filter(|passed| passed.from == order) {
            if rest == 0 {
                break;
            }
            let of_order = self.share(passed.to, Money(rest).min(passed.amount), held);
            rest = rest.saturating_sub(sum_of(&of_order).0);
            parts.extend(of_order);
        }
        parts
    }
}

/// The sum of the parts of a refund.
#[must_use]
pub fn sum_of(parts: &[(OrderId, Money)]) -> Money {
    Money(parts.iter().fold(0, |sum: i64, (_, part)| sum.saturating_add(part.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(passed: &[(i64, i64, i64)]) -> Family {
        let mut family = Family { orders: BTreeSet::from([OrderId(1)]), passed: Vec::new() };
        for (from, to, amount) in passed {
            let (from, to, amount) = (OrderId(*from), OrderId(*to), Money(*amount));
            family.add(OrderId(1), PassedMoney { from, to, amount });
        }
        family
    }

    #[test]
    fn a_refund_follows_the_money_to_the_orders_of_exchanges() {
        let chain = [(1, 2, 700), (2, 3, 500)];
        let siblings = [(1, 2, 300), (1, 3, 400)];
        for (name, passed, held, (order, amount), expected) in [
            ("no exchange", &chain[..0], vec![(1, 2_000)], (1, 2_000), vec![(1, 2_000)]),
            ("more than is held", &chain[..0], vec![(1, 1_000)], (1, 3_000), vec![(1, 1_000)]),
            ("nothing is held", &chain[..0], vec![(1, 0)], (1, 100), vec![]),
            ("the old order first", &chain[..1], vec![(1, 1_300), (2, 700)], (1, 1_000), vec![(1, 1_000)]),
            ("then the new one", &chain[..1], vec![(1, 1_300), (2, 700)], (1, 2_000), vec![(1, 1_300), (2, 700)]),
            ("only the passed money", &chain[..1], vec![(1, 0), (2, 2_500)], (1, 2_000), vec![(2, 700)]),
            ("a chain", &chain[..], vec![(1, 0), (2, 200), (3, 500)], (1, 700), vec![(2, 200), (3, 500)]),
            ("a chain has one limit", &chain[..], vec![(1, 0), (2, 600), (3, 500)], (1, 900), vec![(2, 600), (3, 100)]),
            ("a payment of the new order", &chain[..], vec![(1, 900), (2, 0), (3, 100)], (2, 300), vec![(3, 100)]),
            ("two exchanges", &siblings[..], vec![(1, 0), (2, 300), (3, 400)], (1, 500), vec![(2, 300), (3, 200)]),
        ] {
            let held: BTreeMap<OrderId, Money> =
                held.into_iter().map(|(order, held)| (OrderId(order), Money(held))).collect();
            let parts = family(passed).share(OrderId(order), Money(amount), &held);
            let parts: Vec<(i64, i64)> = parts.into_iter().map(|(order, part)| (order.0, part.0)).collect();
            assert_eq!(parts, expected, "{name}");
        }
    }

    #[test]
    fn the_money_of_several_credits_is_added_up_and_no_order_is_visited_twice() {
        let family = family(&[(1, 2, 100), (1, 2, 200), (2, 3, 50), (3, 2, 50), (3, 1, 50)]);
        assert_eq!(family.orders, BTreeSet::from([1, 2, 3].map(OrderId)));
        let passed: Vec<_> = family.passed.iter().map(|one| (one.from.0, one.to.0, one.amount.0)).collect();
        assert_eq!(passed, [(1, 2, 300), (2, 3, 50)]);
    }
}
