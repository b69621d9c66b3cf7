//! What a placement costs, or why it does not cost what was expected.

use super::load::Terms;
use super::placement::{Placement, Source, Wanted};
use super::plan::Stop;
use super::refusal::Refusal;
use crate::cart::pricing::{self, TooLarge, Totals};
use crate::catalogue::queries::sellables::Sellable;
use crate::db::Failure;
use crate::error::FieldError;
use crate::kernel::money::Money;

/// A line of a product that can be sold, with its price.
pub struct Priced<'a> {
    pub wanted: &'a Wanted,
    pub sellable: &'a Sellable,
    pub total: Money,
}

/// Refuses amounts that the currency cannot hold. They are not the price of anything, now or before.
pub fn check_amounts(terms: &Terms, placement: &Placement) -> Result<(), Refusal> {
    let currency = &terms.store.currency;
    let items = match &placement.source {
        Source::Cart(_) => &[],
        Source::Items(items) => items.as_slice(),
    };
    let prices = items.iter().enumerate().map(|(index, item)| (format!("items[{index}].unit_price"), item.unit_price));
    let total = std::iter::once(("expected_total".to_owned(), placement.expected_total));
    let errors: Vec<FieldError> = prices
        .chain(total)
        .filter_map(|(field, amount)| Some(FieldError::new(field, amount?.in_currency(currency).err()?)))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Refusal::Fields(errors)) }
}

/// Refuses archived products before changed prices.
pub fn price_lines<'a>(terms: &'a Terms, wanted: &'a [Wanted]) -> Result<Vec<Priced<'a>>, Stop> {
    let mut lines = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        let Some(sellable) = terms.sellables.get(&wanted.variant) else {
            return Err(Stop::Failed(Failure::Internal(format!("variant {} is gone", wanted.variant))));
        };
        if !sellable.is_active {
            return Err(Refusal::ProductUnavailable { product_name: sellable.product_name.clone() }.into());
        }
        let total = pricing::line_total(sellable.unit_price, wanted.quantity);
        let total = pricing::amount(total).map_err(too_large)?;
        lines.push(Priced { wanted, sellable, total });
    }
    for line in &lines {
        let now = line.sellable.unit_price;
        if line.wanted.unit_prices.iter().any(|guard| guard.in_currency(&terms.store.currency) != Ok(now)) {
            let now = terms.store.currency.amount(now);
            return Err(Refusal::UnitPriceChanged { product_name: line.sellable.product_name.clone(), now }.into());
        }
    }
    Ok(lines)
}

/// Totals of the lines, unlike the expected ones refused.
pub fn price_order(terms: &Terms, placement: &Placement, lines: &[Priced<'_>]) -> Result<Totals, Refusal> {
    let of_lines: Vec<i128> = lines.iter().map(|line| i128::from(line.total.0)).collect();
    let totals = pricing::price(&terms.store, &of_lines).of_order().map_err(too_large)?;
    match placement.expected_total {
        Some(expected) if expected.in_currency(&terms.store.currency) != Ok(totals.total) => {
            Err(Refusal::TotalChanged { now: terms.store.currency.amount(totals.total) })
        }
        _ => Ok(totals),
    }
}

fn too_large(error: TooLarge) -> Refusal {
    Refusal::Fields(vec![FieldError::new("items", error.to_string())])
}
