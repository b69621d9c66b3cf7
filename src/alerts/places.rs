//! Alerts about the stock at one place, for rules that name a location. The events about stock count all places together,
//! so these alerts follow from the movements of the place.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::PgConnection;

use super::notice::{Batch, Notice};
use super::queries::facts::{self, PlaceMovement};
use super::rule::{AlertKind, Rule};
use super::stock::{AlertedStock, describe};
use crate::db::Failure;
use crate::inventory::product_with_stock::{ProductWithStock, StockStatus, VariantWithStock};
use crate::inventory::queries::stock_by_variant;
use crate::kernel::id::{LocationId, VariantId};

/// The stock of a variant at a place, before and after a row of the feed. The movements of one transaction count together.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    before: i64,
    after: i64,
    location_name: String,
}

type Key = (i64, VariantId, LocationId);

pub fn find(conn: &mut PgConnection, batch: &Batch<'_>) -> Result<Vec<Notice>, Failure> {
    let is_of_place = |rule: &&Rule| rule.kind.is_about_stock() && rule.settings.filter.location.is_some();
    let rules: Vec<&Rule> = batch.rules.iter().filter(is_of_place).collect();
    let locations: BTreeSet<LocationId> = rules.iter().filter_map(|rule| rule.settings.filter.location).collect();
    if locations.is_empty() {
        return Ok(Vec::new());
    }
    let locations: Vec<LocationId> = locations.into_iter().collect();
    let changes = add_up(facts::list_place_movements(conn, batch.store, batch.positions, &locations)?);
    let variants: BTreeSet<VariantId> = changes.keys().map(|(_, variant, _)| *variant).collect();
    let products = stock_by_variant::list_with_stock(conn, batch.store, variants)?;
    let by_id = by_variant(&products);
    let mut notices = Vec::new();
    for ((position, variant, location), change) in &changes {
        let Some((product, variant)) = by_id.get(variant).copied() else { continue };
        let Some(kind) = kind_of(change, minimum_of(product, variant)) else { continue };
        let category = product.product.category.as_deref();
        for rule in rules.iter().filter(|rule| rule.kind == kind) {
            let filter = &rule.settings.filter;
            if filter.matches_location(*location) && filter.matches_product(product.product.id, category) {
                let minimum = minimum_of(product, variant);
                let stock = AlertedStock { available: change.after, minimum, location: Some(&change.location_name) };
                let about = format!("{position}:{}:{}:{location}", rule.id, variant.id);
                notices.push(Notice { alert: rule.id, about, data: describe(product, Some(variant), stock) });
            }
        }
    }
    Ok(notices)
}

fn add_up(movements: Vec<PlaceMovement>) -> BTreeMap<Key, Change> {
    let mut changes: BTreeMap<Key, Change> = BTreeMap::new();
    for movement in movements {
        let PlaceMovement { position, variant_id, location_id, location_name, before, after } = movement;
        changes
            .entry((position, variant_id, location_id))
            .and_modify(|change| change.after = after)
            .or_insert(Change { before, after, location_name });
    }
    changes
}

fn by_variant(products: &[ProductWithStock]) -> HashMap<VariantId, (&ProductWithStock, &VariantWithStock)> {
    let variants = products.iter().flat_map(|product| product.variants.iter().map(move |one| (product, one)));
    variants.map(|(product, variant)| (variant.id, (product, variant))).collect()
}

fn minimum_of(product: &ProductWithStock, variant: &VariantWithStock) -> i64 {
    variant.min_stock_level.unwrap_or(product.product.min_stock_level)
}

/// The alert that a change leads to. Stock that was out and is low now is reported as back, and not as low.
fn kind_of(change: &Change, minimum: i64) -> Option<AlertKind> {
    let (before, after) = (StockStatus::new(change.before, minimum), StockStatus::new(change.after, minimum));
    match (before, after) {
        (StockStatus::InStock, StockStatus::LowStock) => Some(AlertKind::LowStock),
        (StockStatus::InStock | StockStatus::LowStock, StockStatus::OutOfStock) => Some(AlertKind::OutOfStock),
        (StockStatus::OutOfStock, StockStatus::InStock | StockStatus::LowStock) => Some(AlertKind::BackInStock),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_entry_into_a_state_is_an_alert() {
        let kind = |before, after| kind_of(&Change { before, after, location_name: String::new() }, 5);
        for (before, after, expected) in [
            (9, 5, Some(AlertKind::LowStock)),
            (5, 4, None),
            (5, 9, None),
            (9, 6, None),
            (9, 0, Some(AlertKind::OutOfStock)),
            (3, -1, Some(AlertKind::OutOfStock)),
            (0, -1, None),
            (0, 3, Some(AlertKind::BackInStock)),
            (-2, 9, Some(AlertKind::BackInStock)),
        ] {
            assert_eq!(kind(before, after), expected, "{before} {after}");
        }
    }

    #[test]
    fn the_movements_of_a_transaction_count_together() {
        let movement = |position, before, after| PlaceMovement {
            position,
            variant_id: VariantId(1),
            location_id: LocationId(1),
            location_name: "Main".to_owned(),
            before,
            after,
        };
        let changes = add_up(vec![movement(1, 9, 0), movement(1, 0, 8), movement(2, 8, 0)]);
        let ends: Vec<(i64, i64)> = changes.values().map(|change| (change.before, change.after)).collect();
        assert_eq!(ends, [(9, 8), (8, 0)]);
    }
}
