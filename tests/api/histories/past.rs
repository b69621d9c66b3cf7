//! The stock as it was, and the parts of the present figures.

use chrono::{DateTime, SecondsFormat, Utc};

use super::model::{PLACES, PRODUCTS, StockLevels};
use super::play::{FIGURES, Play, moment};
use crate::common::{Value, json};

/// The figures that the ledger has: all but the incoming units.
const OF_LEDGER: usize = FIGURES.len() - 1;

/// The number of times of a history that are compared.
const COMPARED: usize = 6;

impl Play<'_> {
    /// Fails if a level in the past differs from the model at that time, or a point of a history from the levels.
    pub fn compare_past(&self) {
        let step = self.past.len().div_ceil(COMPARED).max(1);
        for (at, levels) in self.past.iter().step_by(step) {
            self.compare_levels(*at, levels);
        }
        let Some((begin, _)) = self.past.first() else { return };
        let product = &self.products[0];
        let path = format!("/inventory/products/{}/history?interval=hour&from={}", product.id, text(*begin));
        let points = self.shop.admin.get(&path).expect(200).json();
        let points = points["items"].as_array().unwrap();
        assert!(!points.is_empty());
        for point in points {
            let rows = self.rows_at(moment(&point["at"]));
            let of_product: Vec<&Value> = rows.iter().filter(|row| row["product_id"] == product.id).collect();
            for figure in ["stock", "reserved", "available", "committed"].map(|name| format!("{name}_quantity")) {
                let sum: i64 = of_product.iter().map(|row| row[&figure].as_i64().unwrap()).sum();
                assert_eq!(point[&figure], sum, "{figure} of {point} and {of_product:?}");
            }
        }
    }

    fn rows_at(&self, at: DateTime<Utc>) -> Vec<Value> {
        let path = format!("/inventory?sort=-variant_id&limit={}&as_of={}", PRODUCTS * PLACES, text(at));
        self.shop.admin.get(&path).expect(200).json()["items"].as_array().unwrap().clone()
    }

    fn compare_levels(&self, at: DateTime<Utc>, levels: &StockLevels) {
        let rows = self.rows_at(at);
        for (product, levels) in levels.iter().enumerate() {
            for (place, level) in levels.iter().enumerate() {
                let is_meant = |row: &&Value| {
                    row["product_id"] == self.products[product].id && row["location_id"] == self.shop.places[place]
                };
                let found = rows.iter().find(is_meant).map_or([0; OF_LEDGER], |row| {
                    std::array::from_fn(|figure| row[format!("{}_quantity", FIGURES[figure])].as_i64().unwrap())
                });
                assert_eq!(found, level.figures()[..OF_LEDGER], "product {product} at place {place} at {at}");
            }
        }
    }

    /// Fails if the parts of the figures of a product do not add up to the figures.
    pub fn compare_parts(&self) {
        for (product, levels) in self.levels.iter().enumerate() {
            let path = format!("/inventory/products/{}/explain", self.products[product].id);
            let found = self.shop.admin.get(&path).expect(200).json();
            for (place, level) in levels.iter().enumerate() {
                let location = json!(self.shop.places[place]);
                let sum = |parts: &str| {
                    let parts = found[parts].as_array().unwrap().iter();
                    let at_place = parts.filter(|part| part["location_id"] == location);
                    at_place.map(|part| part["quantity"].as_i64().unwrap()).sum::<i64>()
                };
                let sums = [sum("holds"), sum("allocations"), sum("inbound")];
                let expected = [level.reserved, level.committed, level.in_transit + level.expected];
                assert_eq!(sums, expected, "holds, allocations, inbound of product {product} at {place}: {found}");
            }
        }
    }
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
