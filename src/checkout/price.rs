//! Prices lines and orders, and refuses unexpected prices.

use super::load::CheckoutContext;
use super::placement::{Placement, RequestedLine, Source};
use super::refusal::Refusal;
use crate::cart::pricing::{self, TooLarge, Totals};
use crate::catalogue::queries::sellables::Sellable;
use crate::db::Failure;
use crate::error::FieldError;
use crate::kernel::id::VariantId;
use crate::kernel::money::Money;

/// A requested line with its product and its price.
pub struct PricedLine<'a> {
    pub variant: VariantId,
    pub quantity: i64,
    pub sellable: &'a Sellable,
    pub total: Money,
}

impl PricedLine<'_> {
    /// The same line with fewer units.
    pub fn with_quantity(self, quantity: i64) -> Self {
        let total = Money(self.sellable.unit_price.0.saturating_mul(quantity));
        Self { quantity, total, ..self }
    }
}

/// Refuses amounts with more decimals than the currency has.
pub fn check_amounts(context: &CheckoutContext, placement: &Placement) -> Result<(), Refusal> {
    let currency = &context.store.currency;
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
pub fn price_lines<'a>(
    context: &'a CheckoutContext,
    requested: &[RequestedLine],
) -> Result<Vec<PricedLine<'a>>, Refusal> {
    let mut lines = Vec::with_capacity(requested.len());
    for RequestedLine { variant, quantity, .. } in requested {
        let (variant, quantity) = (*variant, *quantity);
        let Some(sellable) = context.sellables.get(&variant) else {
            return Err(Refusal::Failed(Failure::Internal(format!("variant {variant} is missing"))));
        };
        if !sellable.is_active {
            return Err(Refusal::ProductUnavailable { product_name: sellable.product_name.clone() });
        }
        let total = pricing::amount(pricing::line_total(sellable.unit_price, quantity)).map_err(too_large)?;
        lines.push(PricedLine { variant, quantity, sellable, total });
    }
    for (line, requested) in lines.iter().zip(requested) {
        let now = line.sellable.unit_price;
        if requested.unit_prices.iter().any(|guard| guard.in_currency(&context.store.currency) != Ok(now)) {
            let now = context.store.currency.amount(now);
            return Err(Refusal::UnitPriceChanged { product_name: line.sellable.product_name.clone(), now });
        }
    }
    Ok(lines)
}

/// Computes the totals of the lines. Refuses a total that the buyer does not expect.
pub fn price_order(
    context: &CheckoutContext,
    placement: &Placement,
    lines: &[PricedLine<'_>],
) -> Result<Totals, Refusal> {
    let of_lines: Vec<i128> = lines.iter().map(|line| i128::from(line.total.0)).collect();
    let totals = pricing::price(&context.store, &of_lines);
    let totals = if placement.pickup.is_some() { totals.without_shipping() } else { totals };
    let totals = totals.of_order().map_err(too_large)?;
    match placement.expected_total {
        Some(expected) if expected.in_currency(&context.store.currency) != Ok(totals.total) => {
            Err(Refusal::TotalChanged { now: context.store.currency.amount(totals.total) })
        }
        _ => Ok(totals),
    }
}

fn too_large(error: TooLarge) -> Refusal {
    Refusal::Fields(vec![FieldError::new("items", error.to_string())])
}
