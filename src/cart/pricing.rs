//! What lines cost in a store.

use crate::identity::store::stores::Store;
use crate::kernel::money::Money;

/// The totals of an order or a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Totals {
    pub subtotal: Money,
    pub tax: Money,
    pub shipping: Money,
    pub discount: Money,
    pub total: Money,
}

/// A total that is larger than amounts may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the total is too large")]
pub struct TooLarge;

/// The price of a line.
pub fn line_total(unit_price: Money, quantity: i64) -> Result<Money, TooLarge> {
    unit_price.checked_mul(quantity).ok_or(TooLarge)
}

/// Subtotal, the store's tax rounded half up once, and its flat shipping. Without lines nothing is due.
pub fn price(store: &Store, line_totals: &[Money]) -> Result<Totals, TooLarge> {
    if line_totals.is_empty() {
        return Ok(Totals::default());
    }
    let subtotal = line_totals.iter().try_fold(Money(0), |sum, line| sum.checked_add(*line)).ok_or(TooLarge)?;
    let tax = store.tax_rate.of(subtotal).ok_or(TooLarge)?;
    let shipping = store.shipping_flat_rate;
    let total = subtotal.checked_add(tax).and_then(|sum| sum.checked_add(shipping)).ok_or(TooLarge)?;
    Ok(Totals { subtotal, tax, shipping, discount: Money(0), total })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::payment_methods::PaymentMethods;
    use crate::kernel::id::StoreId;
    use crate::kernel::money::{Currency, MAX_MONEY};
    use crate::kernel::rate::Rate;

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
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn two_at_14_with_5_percent_and_20_shipping_cost_49_40() {
        let line = line_total(Money(1_400), 2).unwrap();
        let totals = price(&store(Rate(50_000), 2_000), &[line]).unwrap();
        assert_eq!((totals.subtotal, totals.tax, totals.total), (Money(2_800), Money(140), Money(4_940)));
    }

    #[test]
    fn totals_that_are_too_large_are_refused_and_not_wrapped() {
        assert_eq!(line_total(Money(MAX_MONEY), 2), Err(TooLarge));
        assert_eq!(price(&store(Rate(0), 1), &[Money(MAX_MONEY)]), Err(TooLarge));
    }
}
