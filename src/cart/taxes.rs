//! The taxes of an order. Each rate is rounded once, over all amounts that it taxes, and is then shared over them.

use crate::kernel::rate::Rate;
use crate::kernel::split::Split;
use crate::stores::tax_rates::{AppliedRate, RatesAt, ShippingTax};

/// The rules for the taxes of an order.
#[derive(Debug)]
pub struct TaxRules<'a> {
    pub rates: RatesAt<'a>,
    pub prices_include_tax: bool,
    pub shipping_tax: ShippingTax,
}

/// An amount after its discount, and the category of its product.
#[derive(Clone, Copy, Debug)]
pub struct TaxedAmount<'a> {
    pub amount: i128,
    pub category: Option<&'a str>,
}

/// The taxes of an order, in minor units. They are exact, even if they are too large for an order.
#[derive(Debug)]
pub struct Taxes<'a> {
    rates: Vec<RateTotal<'a>>,
    prices_include_tax: bool,
    /// The amounts of the lines, each with its index in `rates`.
    lines: Vec<(usize, i128)>,
}

/// All that one rate taxes.
#[derive(Debug)]
struct RateTotal<'a> {
    rate: AppliedRate<'a>,
    goods: i128,
    delivery: i128,
    tax: i128,
}

/// The tax of one rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateTax<'a> {
    pub name: &'a str,
    pub percent: Rate,
    /// The net amount that is taxed.
    pub base: i128,
    pub tax: i128,
    /// True if prices contain the tax.
    pub included: bool,
}

impl<'a> Taxes<'a> {
    #[must_use]
    pub fn new(rules: &TaxRules<'a>, lines: &[TaxedAmount<'_>], shipping: i128) -> Self {
        let mut taxes = Self {
            rates: Vec::with_capacity(1),
            prices_include_tax: rules.prices_include_tax,
            lines: Vec::with_capacity(lines.len()),
        };
        for line in lines {
            taxes.add_line(rules.rates.rate_for(line.category), line.amount);
        }
        if rules.shipping_tax == ShippingTax::AsGoods {
            taxes.share_delivery(shipping);
        }
        for total in &mut taxes.rates {
            let (percent, taxed) = (total.rate.percent, total.taxed());
            total.tax = if taxes.prices_include_tax { percent.part_within(taxed) } else { percent.share_of(taxed) };
        }
        taxes
    }

    /// Rates with the same name and percentage are one rate.
    fn add_line(&mut self, rate: AppliedRate<'a>, amount: i128) {
        let index = self.rates.iter().position(|total| total.is_of(rate)).unwrap_or_else(|| {
            self.rates.push(RateTotal { rate, goods: 0, delivery: 0, tax: 0 });
            self.rates.len().saturating_sub(1)
        });
        if let Some(total) = self.rates.get_mut(index) {
            total.goods = total.goods.saturating_add(amount);
        }
        self.lines.push((index, amount));
    }

    /// Shares the delivery over the rates by the amounts of their goods. Goods that cost nothing leave it to the first
    /// rate.
    fn share_delivery(&mut self, shipping: i128) {
        let goods = self.rates.iter().fold(0, |sum: i128, total| sum.saturating_add(total.goods));
        let mut split = Split::new(shipping, goods);
        for total in &mut self.rates {
            total.delivery = split.take(total.goods);
        }
        if let Some(first) = self.rates.first_mut().filter(|_| goods == 0) {
            first.delivery = shipping;
        }
    }

    /// The sum of all taxes, that of the delivery included.
    #[must_use]
    pub fn total(&self) -> i128 {
        self.rates.iter().fold(0, |sum: i128, total| sum.saturating_add(total.tax))
    }

    /// The tax of each rate. A store's rate of 0 % is not listed, unless it is one of its tax rates.
    pub fn by_rate(&self) -> impl Iterator<Item = RateTax<'a>> {
        let listed = self.rates.iter().filter(|total| total.is_listed());
        listed.map(|total| RateTax {
            name: total.rate.name,
            percent: total.rate.percent,
            base: if self.prices_include_tax { total.taxed().saturating_sub(total.tax) } else { total.taxed() },
            tax: total.tax,
            included: self.prices_include_tax,
        })
    }

    /// The place of the rate of each line among the listed ones. None if it is not listed.
    #[must_use]
    pub fn places(&self) -> Vec<Option<usize>> {
        let mut next = 0_usize;
        let of_rate = |total: &RateTotal<'_>| {
            let place = total.is_listed().then_some(next);
            next = next.saturating_add(usize::from(place.is_some()));
            place
        };
        let places: Vec<Option<usize>> = self.rates.iter().map(of_rate).collect();
        self.lines.iter().map(|(index, _)| places.get(*index).copied().flatten()).collect()
    }

    /// The share of each line in the taxes. The delivery has the rest of them. The amounts must be those of an order.
    #[must_use]
    pub fn shares(&self) -> Vec<i128> {
        let mut splits: Vec<Split> = self.rates.iter().map(|total| Split::new(total.tax, total.taxed())).collect();
        let shares =
            self.lines.iter().map(|(index, amount)| splits.get_mut(*index).map_or(0, |split| split.take(*amount)));
        shares.collect()
    }
}

impl RateTotal<'_> {
    fn is_of(&self, rate: AppliedRate<'_>) -> bool {
        (self.rate.name, self.rate.percent) == (rate.name, rate.percent)
    }

    fn is_listed(&self) -> bool {
        self.rate.is_configured || self.rate.percent != Rate(0)
    }

    const fn taxed(&self) -> i128 {
        self.goods.saturating_add(self.delivery)
    }
}

#[cfg(test)]
mod tests;
