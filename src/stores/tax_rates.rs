//! The tax rates of a store, and the choice of the rate of a product.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kernel::folded_text::fold;
use crate::kernel::rate::Rate;
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The taxes of the delivery: none, or those of the goods, in proportion to their amounts.
    #[derive(Default, Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum ShippingTax {
        #[default]
        None,
        AsGoods,
    }
}

/// A tax rate with its conditions. It has a country or a category. A region belongs to a country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxRate {
    pub country: Option<String>,
    pub region: Option<String>,
    pub category: Option<String>,
    pub percent: Rate,
    pub name: String,
}

impl TaxRate {
    /// The conditions as they are compared: two rates of a store differ in them.
    #[must_use]
    pub fn conditions(&self) -> [Option<String>; 3] {
        [&self.country, &self.region, &self.category].map(|condition| condition.as_deref().map(fold))
    }
}

/// The address to which an order goes, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Destination<'a> {
    pub country: Option<&'a str>,
    pub region: Option<&'a str>,
}

/// The name of the tax of the store's `tax_rate`.
pub const DEFAULT_NAME: &str = "Tax";

/// The rate of a product. Products with the same name and percentage are taxed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppliedRate<'a> {
    pub name: &'a str,
    pub percent: Rate,
    /// False for the rate of the store that applies if no other rate does.
    pub is_configured: bool,
}

/// The rates that apply at a destination.
#[derive(Debug)]
pub struct RatesAt<'a> {
    /// The rates of the country or region, by folded category.
    of_country_and_category: HashMap<String, AppliedRate<'a>>,
    of_country: Option<AppliedRate<'a>>,
    /// The rates of every country, by folded category.
    of_category: HashMap<String, AppliedRate<'a>>,
    default: AppliedRate<'a>,
}

impl<'a> RatesAt<'a> {
    /// `default` is the store's `tax_rate`.
    #[must_use]
    pub fn new(rates: &'a [TaxRate], default: Rate, destination: Destination<'_>) -> Self {
        let default = AppliedRate { name: DEFAULT_NAME, percent: default, is_configured: false };
        let mut at =
            Self { of_country_and_category: HashMap::new(), of_country: None, of_category: HashMap::new(), default };
        let (country, region) = (destination.country.map(fold), destination.region.map(fold));
        let applies = |condition: &Option<String>, known: &Option<String>| {
            condition.as_deref().is_none_or(|condition| known.as_ref() == Some(&fold(condition)))
        };
        let applying = rates.iter().filter(|rate| applies(&rate.country, &country) && applies(&rate.region, &region));
        let mut applying: Vec<&TaxRate> = applying.collect();
        // The rates of a region replace those of its country.
        applying.sort_by_key(|rate| rate.region.is_some());
        for rate in applying {
            let applied = AppliedRate { name: &rate.name, percent: rate.percent, is_configured: true };
            match (&rate.country, &rate.category) {
                (Some(_), Some(category)) => drop(at.of_country_and_category.insert(fold(category), applied)),
                (None, Some(category)) => drop(at.of_category.insert(fold(category), applied)),
                (_, None) => at.of_country = Some(applied),
            }
        }
        at
    }

    /// The rate of a product: the most specific one. Category and country come before country, then category, then the
    /// store's rate.
    #[must_use]
    pub fn rate_for(&self, category: Option<&str>) -> AppliedRate<'a> {
        let needs_category = !(self.of_country_and_category.is_empty() && self.of_category.is_empty());
        let category = category.filter(|_| needs_category).map(fold).unwrap_or_default();
        let in_country = self.of_country_and_category.get(&category).copied().or(self.of_country);
        in_country.or_else(|| self.of_category.get(&category).copied()).unwrap_or(self.default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(country: &str, region: &str, category: &str, percent: i64) -> TaxRate {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        TaxRate {
            country: some(country),
            region: some(region),
            category: some(category),
            percent: Rate(percent * 10_000),
            name: format!("{percent} %"),
        }
    }

    #[test]
    fn the_most_specific_rate_wins() {
        let rates = [
            rate("", "", "Books", 1),
            rate("US", "", "", 2),
            rate("US", "", "Books", 3),
            rate("US", "Oregon", "", 4),
            rate("US", "Oregon", "Books", 5),
            rate("DE", "", "", 6),
        ];
        for (country, region, category, percent) in [
            (Some("US"), Some("Oregon"), Some("Books"), 5),
            (Some("US"), Some("Texas"), Some("Books"), 3),
            (Some("US"), Some("Oregon"), Some("Shoes"), 4),
            (Some("US"), Some("Texas"), Some("Shoes"), 2),
            (Some("US"), None, None, 2),
            // A country comes before a category.
            (Some("DE"), None, Some("Books"), 6),
            (Some("FR"), Some("Oregon"), Some("Books"), 1),
            (Some("FR"), None, Some("Shoes"), 9),
            (None, None, Some("Books"), 1),
            (None, Some("Oregon"), None, 9),
            (Some(" us "), Some("OREGON"), Some("bóoks"), 5),
        ] {
            for rates in [rates.to_vec(), rates.iter().rev().cloned().collect()] {
                let at = RatesAt::new(&rates, Rate(90_000), Destination { country, region });
                let applied = at.rate_for(category);
                assert_eq!(applied.percent, Rate(percent * 10_000), "{country:?} {region:?} {category:?}");
                assert_eq!(applied.is_configured, percent != 9);
            }
        }
    }

    #[test]
    fn without_rates_the_rate_of_the_store_applies() {
        let at = RatesAt::new(&[], Rate(50_000), Destination { country: Some("IN"), region: None });
        let expected = AppliedRate { name: DEFAULT_NAME, percent: Rate(50_000), is_configured: false };
        assert_eq!(at.rate_for(Some("Grocery")), expected);
    }
}
