//! The availability in a store that serves each order from one place.

use std::collections::BTreeMap;

use diesel::PgConnection;

use super::hold_set::{Delivery, HoldSet};
use super::locked_stock::LockedStock;
use super::product_with_stock::ProductWithStock;
use super::queries::locations;
use crate::db::Failure;
use crate::kernel::id::{StoreId, VariantId};

/// Reduces the available units of lines that no single place can serve together, to those of the best place. Checkout
/// refuses with the same quantities, because it uses the same route.
pub fn limit_to_one_place(
    conn: &mut PgConnection,
    store: StoreId,
    lines: &[(VariantId, i64)],
    products: &mut [ProductWithStock],
) -> Result<(), Failure> {
    let mut demand: BTreeMap<VariantId, i64> = BTreeMap::new();
    for &(variant, quantity) in lines {
        let sum = demand.entry(variant).or_default();
        *sum = sum.saturating_add(quantity);
    }
    let mut stock = LockedStock::read(conn, store, &demand.keys().copied().collect::<Vec<_>>())?;
    let (_, places) = locations::read_places(conn, store)?;
    stock.set_places(places);
    let holds = HoldSet::new(stock, Vec::new());
    let Err(short) = holds.route(&demand, &Delivery::Unknown, None) else { return Ok(()) };
    for variant in products.iter_mut().flat_map(|product| &mut product.variants) {
        if let Some(short) = short.iter().find(|short| short.variant == variant.id) {
            variant.available = short.available;
        }
    }
    Ok(())
}
