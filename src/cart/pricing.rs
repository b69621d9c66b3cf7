//! The price of lines in a store.

use crate::kernel::money::{MAX_MONEY, Money};
use crate::stores::queries::Store;

/// The cost of the lines of an order or a cart, in minor units. It is exact, even if it is too large for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Totals<A = Money> {
    pub subtotal: A,
    pub tax: A,
    pub shipping: A,
    pub discount: A,
    pub total: A,
}

/// Refuses an order whose total is too large for an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the total is too large")]
pub struct TooLarge;

/// The price of a line.
#[must_use]
pub fn line_total(unit_price: Money, quantity: i64) -> i128 {
    i128::from(unit_price.0).saturating_mul(i128::from(quantity))
}

/// Subtotal, the store's tax (rounded half up once), and its flat shipping. Without lines the total is zero.
#[must_use]
pub fn price(store: &Store, line_totals: &[i128]) -> Totals<i128> {
    if line_totals.is_empty() {
        return Totals::default();
    }
    let subtotal = line_totals.iter().fold(0, |sum: i128, line| sum.saturating_add(*line));
    let tax = store.tax_rate.share_of(subtotal);
    let shipping = i128::from(store.shipping_flat_rate.0);
    Totals { subtotal, tax, shipping, discount: 0, total: subtotal.saturating_add(tax).saturating_add(shipping) }
}

impl Totals<i128> {
    /// The totals of an order that the buyer collects.
    #[must_use]
    pub const fn without_shipping(self) -> Self {
        Self { shipping: 0, total: self.total.saturating_sub(self.shipping), ..self }
    }

    /// The totals of an order. As no part is negative, no part is larger than the total.
    pub fn of_order(&self) -> Result<Totals, TooLarge> {
        let Self { subtotal, tax, shipping, discount, total } = *self;
        Ok(Totals {
            total: amount(total)?,
            subtotal: amount(subtotal)?,
            tax: amount(tax)?,
            shipping: amount(shipping)?,
            discount: amount(discount)?,
        })
    }
}

/// Converts to an amount, if it is in the allowed range.
pub fn amount(minor: i128) -> Result<Money, TooLarge> {
    i64::try_from(minor).ok().filter(|minor| *minor <= MAX_MONEY).map(Money).ok_or(TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::StoreId;
    use crate::kernel::money::Currency;
    use crate::kernel::rate::Rate;
    use crate::stores::payment_methods::PaymentMethods;
    use crate::stores::routing_policy::RoutingPolicy;

    fn store(tax_rate: Rate, shipping: i64) -> Store {
        let at = "2026-11-21T00:00:00Z".parse().unwrap();
        Store {
            id: StoreId(1),
            code: "S".into(),
            name: "S".into(),
            currency: Currency::parse("INR").unwrap(),
            tax_rate,
            shipping_flat_rate: Money(shipping),
            guest_orders: false,
            hold_cart_items: false,
            payment_methods: PaymentMethods::default(),
            routing: RoutingPolicy::default(),
            count_tolerance_units: 0,
            count_tolerance_value: Money(0),
            over_receipt_percent: 0,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn two_at_14_with_5_percent_and_20_shipping_cost_49_40() {
        let totals = price(&store(Rate(50_000), 2_000), &[line_total(Money(1_400), 2)]).of_order().unwrap();
        assert_eq!((totals.subtotal, totals.tax, totals.total), (Money(2_800), Money(140), Money(4_940)));
        let collected = price(&store(Rate(50_000), 2_000), &[line_total(Money(1_400), 2)]).without_shipping();
        assert_eq!((collected.shipping, collected.total), (0, 2_940));
    }

    #[test]
    fn totals_that_are_too_large_are_exact_and_refused_by_orders() {
        let line = line_total(Money(MAX_MONEY), 10_000);
        let totals = price(&store(Rate(50_000), 1), &[line; 100]);
        assert_eq!(totals.total, 1_050_000_000_000_000_000_001);
        assert_eq!(totals.of_order(), Err(TooLarge));
        assert_eq!(price(&store(Rate(0), 1), &[i128::from(MAX_MONEY)]).of_order(), Err(TooLarge));
        assert!(price(&store(Rate(0), 1), &[i128::from(MAX_MONEY - 1)]).of_order().is_ok());
    }
}
