//! The figures of sales that follow from their sums.

use super::queries::customers::Customers;
use super::queries::reading::Sums;
use crate::kernel::money::{Amount, Currency};

impl Sums {
    pub fn add(&mut self, other: &Self) {
        let Self { orders, units, credited_units, gross, discounts, tax, shipping, refunds, credits, costed_net, cost } =
            other;
        self.orders = self.orders.saturating_add(*orders);
        self.units = self.units.saturating_add(*units);
        self.credited_units = self.credited_units.saturating_add(*credited_units);
        self.gross.0 += gross.0;
        self.discounts.0 += discounts.0;
        self.tax.0 += tax.0;
        self.shipping.0 += shipping.0;
        self.refunds.0 += refunds.0;
        self.credits.0 += credits.0;
        self.costed_net.0 += costed_net.0;
        self.cost.0 += cost.0;
    }

    /// The income from the goods, without taxes and delivery.
    #[must_use]
    pub const fn net(&self) -> i128 {
        self.gross.0 - self.discounts.0 - self.credits.0
    }

    /// The net sales divided by the orders, rounded half up. 0 without orders.
    #[must_use]
    pub fn average_order_value(&self) -> i128 {
        if self.orders <= 0 {
            return 0;
        }
        let orders = i128::from(self.orders);
        (2 * self.net() + orders).div_euclid(2 * orders)
    }

    /// The net sales less their cost, of the sales whose cost is known. None if it is known of none.
    #[must_use]
    pub fn margin(&self) -> Option<i128> {
        (self.costed_net.0 != 0 || self.cost.0 != 0).then(|| self.costed_net.0 - self.cost.0)
    }
}

/// The sums of days, added up.
#[must_use]
pub fn total<'a>(sums: impl IntoIterator<Item = &'a Sums>) -> Sums {
    let mut total = Sums::default();
    sums.into_iter().for_each(|one| total.add(one));
    total
}

/// The sales and the customers of a row of a report.
#[derive(Clone, Debug)]
pub struct Summary {
    pub sums: Sums,
    pub customers: Option<Customers>,
}

impl Summary {
    #[must_use]
    pub const fn new(sums: Sums, customers: Option<Customers>) -> Self {
        Self { sums, customers }
    }

    #[must_use]
    pub fn margin(&self, currency: &Currency) -> Option<Amount> {
        self.sums.margin().map(|minor| currency.total(minor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::sum::Sum;

    fn sums(orders: i64, gross: i128, credits: i128) -> Sums {
        Sums { orders, gross: Sum(gross), credits: Sum(credits), ..Sums::default() }
    }

    #[test]
    fn an_average_is_rounded_half_up() {
        assert_eq!(sums(2, 5, 0).average_order_value(), 3);
        assert_eq!(sums(3, 10, 0).average_order_value(), 3);
        assert_eq!(sums(3, 11, 0).average_order_value(), 4);
        assert_eq!(sums(2, 5, 10).average_order_value(), -2);
        assert_eq!(sums(0, 0, 10).average_order_value(), 0);
    }

    #[test]
    fn a_margin_is_only_known_with_a_cost() {
        assert_eq!(sums(1, 100, 0).margin(), None);
        let known = Sums { costed_net: Sum(100), cost: Sum(60), ..sums(1, 100, 0) };
        assert_eq!(known.margin(), Some(40));
        assert_eq!(total([&known, &sums(1, 50, 0)]).margin(), Some(40));
        assert_eq!(total([&known, &sums(1, 50, 0)]).net(), 150);
    }
}
