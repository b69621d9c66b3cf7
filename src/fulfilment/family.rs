//! The orders that share money by exchanges: a credit of one order has paid for another one, and so on.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{PgConnection, QueryResult};

use crate::kernel::id::{OrderId, StoreId};
use crate::kernel::money::Money;
use crate::orders::order::Order;
use crate::payments::queries::exchanges::{self, PassedMoney};

/// The largest number of orders of a family: of those that have the payment with the orders that their money came from,
/// and of those that money has passed to. Others are left out, so that no refund locks too many orders.
pub const MAX_ORDERS: usize = 100;

/// The orders that have a payment, the orders that their money came from, and all orders that money of them has passed
/// to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// The orders that have the payment, the first use first.
    payers: Vec<OrderId>,
    pub orders: BTreeSet<OrderId>,
    /// Trees: an order takes money from at most one other order.
    passed: Vec<PassedMoney>,
}

/// Finds the family of the orders that have a payment. Takes no lock, so read it again under the locks of its orders. Most
/// orders have no exchange, and cause no statement.
pub fn find(conn: &mut PgConnection, store: StoreId, payers: &[&Order]) -> QueryResult<Family> {
    let ids: Vec<OrderId> = payers.iter().map(|order| order.id).collect();
    let mut family = Family { orders: ids.iter().copied().collect(), payers: ids, passed: Vec::new() };
    let mut roots = BTreeSet::new();
    for order in payers.iter().filter(|order| order.exchange_of.is_some() || order.credit_used_amount > Money(0)) {
        roots.insert(family.add_sources(conn, store, order.id)?);
    }
    let mut level: Vec<OrderId> = roots.iter().copied().collect();
    while !level.is_empty() {
        let passed = exchanges::list_passed(conn, store, &level)?;
        level = passed.into_iter().filter_map(|passed| family.add(&roots, passed)).collect();
    }
    Ok(family)
}

impl Family {
    /// Adds the orders that the money of an order came from. Returns the last one, or the order itself.
    fn add_sources(&mut self, conn: &mut PgConnection, store: StoreId, order: OrderId) -> QueryResult<OrderId> {
        let (mut root, mut seen) = (order, BTreeSet::from([order]));
        while self.orders.len() < MAX_ORDERS
            && let Some(source) = exchanges::find_source(conn, store, root)?
            && seen.insert(source)
        {
            self.orders.insert(source);
            root = source;
        }
        Ok(root)
    }

    /// Adds money that an order of the family has passed to another one. Returns the other order if it is new.
    fn add(&mut self, roots: &BTreeSet<OrderId>, passed: PassedMoney) -> Option<OrderId> {
        let PassedMoney { from, to, amount } = passed;
        if let Some(known) = self.passed.iter_mut().find(|known| known.to == to) {
            // Each receipt of a return has a credit of its own.
            if known.from == from {
                known.amount = Money(known.amount.0.saturating_add(amount.0));
            }
            return None;
        }
        if roots.contains(&to) || self.passed.len() >= MAX_ORDERS {
            return None;
        }
        self.orders.insert(to);
        self.passed.push(passed);
        Some(to)
    }

    /// Lowers the passed amounts by an earlier refund of the payment that an order has given back. The money of an order
    /// with the payment is its own.
    pub fn lower_passed(&mut self, order: OrderId, refunded: Money) {
        let (mut order, mut visited) = (order, BTreeSet::new());
        while !self.payers.contains(&order)
            && visited.insert(order)
            && let Some(passed) = self.passed.iter_mut().find(|passed| passed.to == order)
        {
            passed.amount = Money(passed.amount.0.saturating_sub(refunded.0).max(0));
            order = passed.from;
        }
    }

    /// Shares a refund of the payment: first over the money that is due, then over the other money that is held. Each time
    /// the orders with the payment are in their order, each with the orders that its money has passed to, up to the
    /// passed amounts. Returns the orders with their parts, which may be less than the refund.
    #[must_use]
    pub fn share(&self, amount: Money, held: &BTreeMap<OrderId, Held>) -> Vec<(OrderId, Money)> {
        let mut sharing = Sharing { held, passed: self.passed.clone(), parts: Vec::new() };
        let mut rest = amount;
        let kinds: [fn(Held) -> Money; 2] = [|held| held.due, |held| held.all];
        for given_by in kinds {
            for payer in &self.payers {
                let taken = sharing.take(*payer, rest, given_by);
                rest = Money(rest.0.saturating_sub(taken.0));
            }
        }
        sharing.parts
    }
}

/// The money of an order that a refund can give back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The part that is due back.
    pub due: Money,
    pub all: Money,
}

/// A refund while it is shared.
struct Sharing<'a> {
    held: &'a BTreeMap<OrderId, Held>,
    /// The money that the refund may still follow to other orders.
    passed: Vec<PassedMoney>,
    parts: Vec<(OrderId, Money)>,
}

impl Sharing<'_> {
    /// Takes at most this amount: from the order, then from the orders that its money has passed to. Returns the taken
    /// amount.
    fn take(&mut self, order: OrderId, amount: Money, given_by: fn(Held) -> Money) -> Money {
        let mut taken = self.take_own(order, amount, given_by).0;
        for place in 0..self.passed.len() {
            let Some(PassedMoney { from, to, amount: limit }) = self.passed.get(place).copied() else { break };
            if from != order || taken >= amount.0 {
                continue;
            }
            let of_other = self.take(to, Money(amount.0.saturating_sub(taken)).min(limit), given_by);
            if let Some(passed) = self.passed.get_mut(place) {
                passed.amount = Money(limit.0.saturating_sub(of_other.0));
            }
            taken = taken.saturating_add(of_other.0);
        }
        Money(taken)
    }

    /// Takes at most this amount from the order itself, without what was taken from it before.
    fn take_own(&mut self, order: OrderId, amount: Money, given_by: fn(Held) -> Money) -> Money {
        let given = given_by(self.held.get(&order).copied().unwrap_or_default());
        let known = self.parts.iter_mut().find(|(id, _)| *id == order);
        let before = known.as_ref().map_or(Money(0), |(_, part)| *part);
        let own = Money(given.0.saturating_sub(before.0)).min(amount);
        if own <= Money(0) {
            return Money(0);
        }
        match known {
            Some((_, part)) => *part = Money(before.0.saturating_add(own.0)),
            None => self.parts.push((order, own)),
        }
        own
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
        let roots = BTreeSet::from([OrderId(1)]);
        let mut family = Family { payers: vec![OrderId(1)], orders: roots.clone(), passed: Vec::new() };
        for (from, to, amount) in passed {
            let (from, to, amount) = (OrderId(*from), OrderId(*to), Money(*amount));
            family.add(&roots, PassedMoney { from, to, amount });
        }
        family
    }

    /// Shares a refund of a payment of these orders. The due and the whole money of each order.
    fn share(passed: &[(i64, i64, i64)], payers: &[i64], amount: i64, held: &[(i64, i64, i64)]) -> Vec<(i64, i64)> {
        let family = Family { payers: payers.iter().copied().map(OrderId).collect(), ..family(passed) };
        let of_order =
            |(order, due, all): &(i64, i64, i64)| (OrderId(*order), Held { due: Money(*due), all: Money(*all) });
        let parts = family.share(Money(amount), &held.iter().map(of_order).collect());
        parts.into_iter().map(|(order, part)| (order.0, part.0)).collect()
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
            let held: Vec<_> = held.into_iter().map(|(order, all)| (order, 0, all)).collect();
            assert_eq!(share(passed, &[order], amount, &held), expected, "{name}");
        }
    }

    #[test]
    fn a_refund_takes_the_money_that_is_due_first() {
        let chain = [(1, 2, 2_000), (2, 3, 500)];
        // The due and the whole money of each order.
        for (name, passed, held, amount, expected) in [
            ("of the new order", &chain[..1], vec![(1, 0, 2_000), (2, 2_000, 2_000)], 2_000, vec![(2, 2_000)]),
            ("then the rest", &chain[..1], vec![(1, 0, 2_000), (2, 2_000, 2_000)], 3_000, vec![(2, 2_000), (1, 1_000)]),
            ("of both", &chain[..1], vec![(1, 500, 900), (2, 300, 400)], 1_000, vec![(1, 700), (2, 300)]),
            ("one limit for both", &chain[1..], vec![(2, 0, 100), (3, 400, 900)], 1_000, vec![(3, 500), (2, 100)]),
            ("at the end", &chain[..], vec![(1, 0, 50), (2, 0, 50), (3, 60, 60)], 100, vec![(3, 60), (1, 40)]),
        ] {
            assert_eq!(share(passed, &[held[0].0], amount, &held), expected, "{name}");
        }
    }

    #[test]
    fn a_refund_is_shared_over_all_orders_that_have_its_payment() {
        let chain = [(1, 2, 700)];
        for (name, passed, payers, held, amount, expected) in [
            ("the first use", &chain[..0], [1, 5], vec![(1, 0, 90), (5, 0, 90)], 100, vec![(1, 90), (5, 10)]),
            ("due money", &chain[..0], [1, 5], vec![(1, 0, 90), (5, 90, 90)], 100, vec![(5, 90), (1, 10)]),
            (
                "with an exchange",
                &chain[..],
                [5, 1],
                vec![(1, 0, 9), (2, 0, 9), (5, 0, 9)],
                20,
                vec![(5, 9), (1, 9), (2, 2)],
            ),
            ("of one family", &chain[..], [1, 2], vec![(1, 0, 0), (2, 0, 900)], 1_000, vec![(2, 900)]),
        ] {
            assert_eq!(share(passed, &payers, amount, &held), expected, "{name}");
        }
    }

    #[test]
    fn earlier_refunds_of_a_payment_lower_the_money_that_followed_it() {
        let mut family = family(&[(1, 2, 700), (2, 3, 500), (1, 4, 300)]);
        for (order, refunded) in [(3, 200), (2, 400), (1, 900), (4, 400), (9, 100)] {
            family.lower_passed(OrderId(order), Money(refunded));
        }
        let passed: Vec<_> = family.passed.iter().map(|one| (one.to.0, one.amount.0)).collect();
        assert_eq!(passed, [(2, 100), (3, 300), (4, 0)]);
    }

    #[test]
    fn the_money_of_several_credits_is_added_up_and_no_order_is_visited_twice() {
        let family = family(&[(1, 2, 100), (1, 2, 200), (2, 3, 50), (3, 2, 50), (3, 1, 50)]);
        assert_eq!(family.orders, BTreeSet::from([1, 2, 3].map(OrderId)));
        let passed: Vec<_> = family.passed.iter().map(|one| (one.from.0, one.to.0, one.amount.0)).collect();
        assert_eq!(passed, [(1, 2, 300), (2, 3, 50)]);
    }
}
