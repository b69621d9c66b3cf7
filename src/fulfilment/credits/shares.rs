//! Shares of units in the amounts of an order.
//!
//! The share of the first units of a line is rounded, and the share of further units is the difference of two such
//! shares. So any sequence of parts adds up to exactly the whole.

use crate::kernel::money::Money;

/// The share of the units `from..to` of a line of `quantity` units in an amount that is not negative.
#[must_use]
pub fn share(amount: Money, quantity: i64, from: i64, to: i64) -> Money {
    let upto = |units: i64| rounded_share(amount, quantity, units);
    Money(upto(to).saturating_sub(upto(from)))
}

/// `amount × units / quantity`, rounded half up.
fn rounded_share(amount: Money, quantity: i64, units: i64) -> i64 {
    let (amount, quantity) = (i128::from(amount.0), i128::from(quantity));
    let doubled = amount.saturating_mul(i128::from(units)).saturating_mul(2).saturating_add(quantity);
    let share = doubled.checked_div(quantity.saturating_mul(2)).unwrap_or_default();
    i64::try_from(share).unwrap_or(i64::MAX)
}

/// The amounts of an order item or of a delivery, or a part of them. None is negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// The price before discount and added tax.
    pub subtotal: Money,
    pub discount: Money,
    /// The tax that is added to the price.
    pub tax: Money,
    /// The tax that the price contains. The total has it in the subtotal already.
    pub included_tax: Money,
}

impl Shares {
    #[must_use]
    pub const fn total(self) -> Money {
        Money(self.subtotal.0.saturating_sub(self.discount.0).saturating_add(self.tax.0))
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.with(other, |a, b| Money(a.0.saturating_add(b.0)))
    }

    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.with(other, |a, b| Money(a.0.saturating_sub(b.0)))
    }

    /// The shares of the units `from..to` of `quantity` units.
    #[must_use]
    pub fn of_units(self, quantity: i64, from: i64, to: i64) -> Self {
        self.map(|amount| share(amount, quantity, from, to))
    }

    /// The part of these shares with this total, which is at most their own one. All amounts are taken in proportion.
    #[must_use]
    pub fn part(self, total: Money) -> Self {
        // Goods that cost nothing have amounts, too: a price and a discount of the same size.
        if total == Money(0) {
            return Self::default();
        }
        let whole = self.total();
        if total >= whole {
            return self;
        }
        let in_proportion = |amount: Money| share(amount, whole.0, 0, total.0);
        let (discount, tax) = (in_proportion(self.discount), in_proportion(self.tax));
        let subtotal = Money(total.0.saturating_add(discount.0).saturating_sub(tax.0));
        Self { subtotal, discount, tax, included_tax: in_proportion(self.included_tax) }
    }

    /// True if no amount is larger than the one of the other shares.
    #[must_use]
    pub fn fits(self, rest: Self) -> bool {
        self.subtotal <= rest.subtotal
            && self.discount <= rest.discount
            && self.tax <= rest.tax
            && self.included_tax <= rest.included_tax
    }

    fn map(self, change: impl Fn(Money) -> Money) -> Self {
        let Self { subtotal, discount, tax, included_tax } = self;
        Self {
            subtotal: change(subtotal),
            discount: change(discount),
            tax: change(tax),
            included_tax: change(included_tax),
        }
    }

    fn with(self, other: Self, combine: impl Fn(Money, Money) -> Money) -> Self {
        Self {
            subtotal: combine(self.subtotal, other.subtotal),
            discount: combine(self.discount, other.discount),
            tax: combine(self.tax, other.tax),
            included_tax: combine(self.included_tax, other.included_tax),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::money::MAX_MONEY;
    use proptest::prelude::*;

    #[test]
    fn a_share_is_the_difference_of_rounded_shares() {
        // The amount, the units of the line, and the share of each of them.
        for (amount, quantity, units) in [
            (5, 3, vec![2, 1, 2]),
            (100, 3, vec![33, 34, 33]),
            (1, 2, vec![1, 0]),
            (0, 4, vec![0, 0, 0, 0]),
            (2_997, 3, vec![999, 999, 999]),
            (479, 3, vec![160, 159, 160]),
        ] {
            let shares: Vec<i64> = (0..quantity).map(|unit| share(Money(amount), quantity, unit, unit + 1).0).collect();
            assert_eq!(shares, units, "{amount} of {quantity}");
        }
        assert_eq!(share(Money(MAX_MONEY), 10_000, 0, 9_999), Money(999_900_000_000_000));
    }

    #[test]
    fn a_part_takes_all_amounts_in_proportion() {
        let whole = |subtotal, discount, tax, included_tax| Shares {
            subtotal: Money(subtotal),
            discount: Money(discount),
            tax: Money(tax),
            included_tax: Money(included_tax),
        };
        let shares = whole(1_000, 100, 45, 0);
        assert_eq!(shares.total(), Money(945));
        assert_eq!(shares.part(Money(189)), whole(200, 20, 9, 0));
        assert_eq!(shares.part(Money(945)), shares);
        assert_eq!(shares.part(Money(0)), Shares::default());
        assert_eq!(whole(1_190, 0, 0, 190).part(Money(119)), whole(119, 0, 0, 19));
    }

    fn some_shares() -> impl Strategy<Value = Shares> {
        (0..100_000_i64, 0..=100_i64, 0..30_000_i64).prop_map(|(subtotal, percent, tax)| {
            let discount = Money(subtotal * percent / 100);
            Shares { subtotal: Money(subtotal), discount, tax: Money(tax), included_tax: Money(subtotal / 7) }
        })
    }

    proptest! {
        #[test]
        fn parts_leave_shares_that_are_not_negative(whole in some_shares(), parts in proptest::collection::vec(0..20_000_i64, 0..20)) {
            let mut rest = whole;
            let mut taken = Shares::default();
            for part in parts {
                let part = rest.part(Money(part));
                prop_assert!(part.fits(rest) && Shares::default().fits(part), "{part:?} of {rest:?}");
                rest = rest.minus(part);
                taken = taken.plus(part);
            }
            prop_assert_eq!(taken.plus(rest), whole);
        }

        #[test]
        fn units_in_any_steps_add_up_to_the_whole(whole in some_shares(), steps in proptest::collection::vec(1..50_i64, 1..20)) {
            let quantity: i64 = steps.iter().sum();
            let (mut from, mut sum) = (0, Shares::default());
            for step in steps {
                let part = whole.of_units(quantity, from, from + step);
                prop_assert!(Shares::default().fits(part));
                sum = sum.plus(part);
                from += step;
            }
            prop_assert_eq!(sum, whole);
        }
    }
}
