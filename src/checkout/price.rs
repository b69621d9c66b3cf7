//! Prices lines and orders, and refuses unexpected prices.

use super::load::CheckoutContext;
use super::placement::{Placement, RequestedLine, Source};
use super::refusal::Refusal;
use crate::cart::pricing::{self, LinePrice, LineShares, Price, PriceInputs, TooLarge, Totals};
use crate::cart::taxes::{RateTax, Taxes};
use crate::catalogue::queries::sellables::Sellable;
use crate::db::Failure;
use crate::error::FieldError;
use crate::kernel::id::VariantId;
use crate::kernel::money::Money;
use crate::orders::tax_line::{TaxLine, TaxLines};
use crate::stores::tax_rates::Destination;

/// The field of the discount in requests.
const DISCOUNT: &str = "discount_amount";

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
    let of_order = [("expected_total", placement.expected_total), (DISCOUNT, placement.discount)];
    let of_order = of_order.map(|(field, amount)| (field.to_owned(), amount));
    let errors: Vec<FieldError> = prices
        .chain(of_order)
        .filter_map(|(field, amount)| Some(FieldError::new(field, amount?.in_currency(currency).err()?)))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Refusal::Fields(errors)) }
}

/// Refuses archived products and too large amounts of lines before changed prices.
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
        if requested.unit_prices.iter().any(|expected| expected.in_currency(&context.store.currency) != Ok(now)) {
            let now = context.store.currency.amount(now);
            return Err(Refusal::UnitPriceChanged { product_name: line.sellable.product_name.clone(), now });
        }
    }
    Ok(lines)
}

/// The price of an order that is not too large.
pub struct OrderPrice {
    pub totals: Totals,
    /// None if nothing is taxed.
    pub tax_lines: Option<TaxLines>,
    /// The shares of the lines, in their order.
    pub shares: Vec<LineShares>,
}

/// Computes the price of the lines. Refuses a discount above it, and a total that the buyer does not expect.
pub fn price_order(
    context: &CheckoutContext,
    placement: &Placement,
    lines: &[PricedLine<'_>],
    destination: Destination<'_>,
) -> Result<OrderPrice, Refusal> {
    let CheckoutContext { store, tax_rates, .. } = context;
    let discount = placement.discount.and_then(|discount| discount.in_currency(&store.currency).ok());
    let discount = discount.unwrap_or_default();
    let shipping = if placement.pickup.is_some() { Money(0) } else { store.shipping_flat_rate };
    let inputs = PriceInputs { store, tax_rates, destination, shipping, discount };
    let prices = lines
        .iter()
        .map(|line| LinePrice { total: i128::from(line.total.0), category: line.sellable.category.as_deref() });
    let price = Price::new(&inputs, &prices.collect::<Vec<_>>());
    if price.totals.discount > price.totals.subtotal {
        let subtotal = store.currency.total(price.totals.subtotal);
        let message = format!("must be at most the subtotal, {subtotal}");
        return Err(Refusal::Fields(vec![FieldError::new(DISCOUNT, message)]));
    }
    let totals = price.totals.to_money().map_err(too_large)?;
    match placement.expected_total {
        Some(expected) if expected.in_currency(&store.currency) != Ok(totals.total) => {
            Err(Refusal::TotalChanged { now: store.currency.amount(totals.total) })
        }
        _ => Ok(OrderPrice {
            totals,
            tax_lines: tax_lines(&price.taxes).map_err(too_large)?,
            shares: price.shares().map_err(too_large)?,
        }),
    }
}

fn tax_lines(taxes: &Taxes<'_>) -> Result<Option<TaxLines>, TooLarge> {
    let lines = taxes.by_rate().map(|line| {
        let RateTax { name, percent, base, tax, included } = line;
        let (base, tax) = (pricing::amount(base)?, pricing::amount(tax)?);
        Ok(TaxLine { name: name.to_owned(), percent, base, tax, included })
    });
    let lines: Vec<TaxLine> = lines.collect::<Result<_, _>>()?;
    Ok((!lines.is_empty()).then_some(TaxLines(lines)))
}

fn too_large(error: TooLarge) -> Refusal {
    Refusal::Fields(vec![FieldError::new("items", error.to_string())])
}
