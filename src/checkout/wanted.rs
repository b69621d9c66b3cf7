//! What the items of a request ask for.

use super::placement::{RequestedItem, Wanted};
use super::refusal::Refusal;
use crate::catalogue::lines::{self, Asked, Line};
use crate::catalogue::queries::sellables::Named;

/// The items with equal ones added up, and the prices that they expect.
pub fn add_up(items: &[RequestedItem], named: &[Named]) -> Result<Vec<Wanted>, Refusal> {
    let asked: Vec<Asked<'_>> = items
        .iter()
        .map(|item| Asked { product: &item.product, size: item.size.as_deref(), quantity: item.quantity.get() })
        .collect();
    let lines = lines::add_up(&asked, named).map_err(Refusal::Lines)?;
    Ok(lines.into_iter().map(|line| want(items, line)).collect())
}

fn want(items: &[RequestedItem], line: Line) -> Wanted {
    let Line { variant, quantity, from } = line;
    let unit_prices = from.into_iter().filter_map(|index| items.get(index)?.unit_price).collect();
    Wanted { variant, quantity, unit_prices }
}
