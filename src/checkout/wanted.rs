//! What the items of a request ask for.

use super::placement::{RequestedItem, Wanted};
use super::refusal::Refusal;
use crate::catalogue::store::sellables::Named;
use crate::error::FieldError;
use crate::kernel::quantity::MAX_QUANTITY;

/// The items with equal ones added up, in the order of their first. What is wrong in the request is
/// refused before what is missing in the shop: sums that are too large come before unknown names.
pub fn add_up(items: &[RequestedItem], named: &[Named]) -> Result<Vec<Wanted>, Refusal> {
    let mut wanted: Vec<Wanted> = Vec::with_capacity(items.len());
    for (index, (item, named)) in items.iter().zip(named).enumerate() {
        let Named::Variant(variant) = *named else { continue };
        let Some(known) = wanted.iter_mut().find(|known| known.variant == variant) else {
            let unit_prices = item.unit_price.into_iter().collect();
            wanted.push(Wanted { variant, quantity: item.quantity.get(), unit_prices, cart_item: None });
            continue;
        };
        known.quantity = known.quantity.saturating_add(item.quantity.get());
        known.unit_prices.extend(item.unit_price);
        if known.quantity > MAX_QUANTITY {
            let message = format!("makes {} with earlier lines; the most is {MAX_QUANTITY}", known.quantity);
            return Err(Refusal::Fields(vec![FieldError::new(format!("items[{index}].quantity"), message)]));
        }
    }
    refuse_names(items, named)?;
    Ok(wanted)
}

/// 422 before 404: first what is missing in the request, then what is missing in the shop.
fn refuse_names(items: &[RequestedItem], named: &[Named]) -> Result<(), Refusal> {
    let of_kind = |kind: Named| items.iter().zip(named).find(|(_, named)| **named == kind).map(|(item, _)| item);
    if let Some(item) = of_kind(Named::SizeMissing) {
        return Err(Refusal::SizeRequired { product: item.product.to_string() });
    }
    if let Some(item) = of_kind(Named::NoProduct) {
        return Err(Refusal::ProductNotFound { product: item.product.to_string() });
    }
    match of_kind(Named::NoSize) {
        Some(item) => Err(Refusal::SizeNotFound {
            product: item.product.to_string(),
            size: item.size.clone().unwrap_or_default(),
        }),
        None => Ok(()),
    }
}
