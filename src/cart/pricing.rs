//! The price of lines in a store.

use super::taxes::{TaxRules, TaxedAmount, Taxes};
use crate::kernel::money::{MAX_MONEY, Money};
use crate::kernel::split::Split;
use crate::stores::queries::Store;
use crate::stores::tax_rates::{Destination, RatesAt, TaxRate};

/// The cost of the lines of an order or a cart, in minor units. It is exact, even if it is too large for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Totals<A = Money> {
    pub subtotal: A,
    /// The tax that is added to the prices.
    pub tax: A,
    /// The tax that the prices contain.
    pub included_tax: A,
    pub shipping: A,
    pub discount: A,
    pub total: A,
}

/// Refuses an order whose total is too large for an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the total is too large")]
pub struct TooLarge;

/// The price of a line, and the category of its product.
#[derive(Clone, Copy, Debug)]
pub struct LinePrice<'a> {
    pub total: i128,
    pub category: Option<&'a str>,
}

/// The inputs to the price of an order, apart from its lines.
#[derive(Clone, Copy, Debug)]
pub struct PriceInputs<'a> {
    pub store: &'a Store,
    pub tax_rates: &'a [TaxRate],
    pub destination: Destination<'a>,
    pub shipping: Money,
    /// At most the sum of the lines.
    pub discount: Money,
}

/// The price of an order.
#[derive(Debug)]
pub struct Price<'a> {
    pub totals: Totals<i128>,
    pub taxes: Taxes<'a>,
    /// The share of each line in the discount.
    discounts: Vec<i128>,
}

/// The share of a line in the amounts of its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineShares {
    pub discount: Money,
    pub tax: Money,
    pub included_tax: Money,
    /// The place of its rate among the tax lines of the order. None if it is not listed.
    pub tax_line: Option<i64>,
}

/// The price of a line.
#[must_use]
pub fn line_total(unit_price: Money, quantity: i64) -> i128 {
    i128::from(unit_price.0).saturating_mul(i128::from(quantity))
}

impl<'a> Price<'a> {
    /// The discount is shared over the lines by their totals. Taxes are rounded once for each rate. Without lines the
    /// total is zero.
    #[must_use]
    pub fn new(inputs: &PriceInputs<'a>, lines: &[LinePrice<'_>]) -> Self {
        let subtotal = lines.iter().fold(0, |sum: i128, line| sum.saturating_add(line.total));
        let discount = i128::from(inputs.discount.0);
        let shipping = if lines.is_empty() { 0 } else { i128::from(inputs.shipping.0) };
        let mut split = Split::new(discount, subtotal);
        let discounts: Vec<i128> = lines.iter().map(|line| split.take(line.total)).collect();
        let taxed = lines.iter().zip(&discounts).map(|(line, discount)| TaxedAmount {
            amount: line.total.saturating_sub(*discount),
            category: line.category,
        });
        let taxed: Vec<TaxedAmount<'_>> = taxed.collect();
        let taxes = Taxes::new(&tax_rules(inputs), &taxed, shipping);
        let (tax, included_tax) = if inputs.store.prices_include_tax { (0, taxes.total()) } else { (taxes.total(), 0) };
        let total = subtotal.saturating_add(tax).saturating_add(shipping).saturating_sub(discount);
        Self { totals: Totals { subtotal, tax, included_tax, shipping, discount, total }, taxes, discounts }
    }

    /// The shares of the lines, in their order. The delivery has the rest of the taxes.
    pub fn shares(&self) -> Result<Vec<LineShares>, TooLarge> {
        let is_included = self.totals.included_tax != 0;
        let lines = self.discounts.iter().zip(self.taxes.shares()).zip(self.taxes.places());
        let shares = lines.map(|((discount, tax), place)| {
            let (discount, tax) = (amount(*discount)?, amount(tax)?);
            let tax_line = place.and_then(|place| i64::try_from(place).ok());
            Ok(match is_included {
                true => LineShares { discount, tax: Money(0), included_tax: tax, tax_line },
                false => LineShares { discount, tax, included_tax: Money(0), tax_line },
            })
        });
        shares.collect()
    }
}

fn tax_rules<'a>(inputs: &PriceInputs<'a>) -> TaxRules<'a> {
    let Store { tax_rate, prices_include_tax, shipping_tax, .. } = *inputs.store;
    TaxRules { rates: RatesAt::new(inputs.tax_rates, tax_rate, inputs.destination), prices_include_tax, shipping_tax }
}

impl Totals<i128> {
    /// The totals as amounts of money, if they are in the allowed range.
    pub fn to_money(&self) -> Result<Totals, TooLarge> {
        let Self { subtotal, tax, included_tax, shipping, discount, total } = *self;
        Ok(Totals {
            total: amount(total)?,
            subtotal: amount(subtotal)?,
            tax: amount(tax)?,
            included_tax: amount(included_tax)?,
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
    use crate::kernel::language::Language;
    use crate::kernel::money::Currency;
    use crate::kernel::rate::Rate;
    use crate::stores::payment_methods::PaymentMethods;
    use crate::stores::routing_policy::RoutingPolicy;
    use crate::stores::tax_rates::ShippingTax;

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
            prices_include_tax: false,
            shipping_tax: ShippingTax::None,
            return_window_days: None,
            time_zone: "UTC".into(),
            language: Language::default(),
            order_mails: true,
            service_level: 95,
            created_at: at,
            updated_at: at,
        }
    }

    fn price(store: &Store, discount: i64, lines: &[i128]) -> Totals<i128> {
        let lines: Vec<LinePrice<'_>> = lines.iter().map(|total| LinePrice { total: *total, category: None }).collect();
        let (destination, shipping) = (Destination::default(), store.shipping_flat_rate);
        Price::new(&PriceInputs { store, tax_rates: &[], destination, shipping, discount: Money(discount) }, &lines)
            .totals
    }

    #[test]
    fn two_at_14_with_5_percent_and_20_shipping_cost_49_40() {
        let totals = price(&store(Rate(50_000), 2_000), 0, &[line_total(Money(1_400), 2)]).to_money().unwrap();
        assert_eq!((totals.subtotal, totals.tax, totals.total), (Money(2_800), Money(140), Money(4_940)));
        assert_eq!(price(&store(Rate(50_000), 2_000), 0, &[]), Totals::default());
    }

    #[test]
    fn a_discount_lowers_the_tax() {
        let totals = price(&store(Rate(50_000), 2_000), 800, &[2_800]);
        assert_eq!((totals.discount, totals.tax, totals.total), (800, 100, 4_100));
        let included = Store { prices_include_tax: true, ..store(Rate(190_000), 0) };
        let totals = price(&included, 0, &[2_997]);
        assert_eq!((totals.tax, totals.included_tax, totals.total), (0, 479, 2_997));
    }

    #[test]
    fn totals_that_are_too_large_are_exact_and_refused_by_orders() {
        let line = line_total(Money(MAX_MONEY), 10_000);
        let totals = price(&store(Rate(50_000), 1), 0, &[line; 100]);
        assert_eq!(totals.total, 1_050_000_000_000_000_000_001);
        assert_eq!(totals.to_money(), Err(TooLarge));
        assert_eq!(price(&store(Rate(0), 1), 0, &[i128::from(MAX_MONEY)]).to_money(), Err(TooLarge));
        assert!(price(&store(Rate(0), 1), 0, &[i128::from(MAX_MONEY - 1)]).to_money().is_ok());
    }
}
