//! Adds up the items of a request.

use super::placement::{RequestedItem, RequestedLine};
use super::refusal::Refusal;
use crate::catalogue::lines::{self, Line, RequestedVariant};
use crate::catalogue::queries::sellables::ResolvedVariant;

/// Creates one line for each variant, with the prices that its items expect.
pub fn add_up(items: &[RequestedItem], resolved: &[ResolvedVariant]) -> Result<Vec<RequestedLine>, Refusal> {
    let requested: Vec<RequestedVariant<'_>> = items
        .iter()
        .map(|item| {
            let RequestedItem { product, size, quantity, .. } = item;
            RequestedVariant { product, size: size.as_deref(), quantity: quantity.get() }
        })
        .collect();
    let lines = lines::add_up(&requested, resolved).map_err(Refusal::Lines)?;
    Ok(lines.into_iter().map(|line| with_prices(items, line)).collect())
}

fn with_prices(items: &[RequestedItem], line: Line) -> RequestedLine {
    let Line { variant, quantity, from } = line;
    let unit_prices = from.into_iter().filter_map(|index| items.get(index)?.unit_price).collect();
    RequestedLine { variant, quantity, unit_prices }
}
