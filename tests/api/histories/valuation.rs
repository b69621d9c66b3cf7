//! Compares the valuation with the model's own arithmetic.

use super::model::PRODUCTS;
use super::play::{Play, Shop};
use super::value::{Both, ProductValue, add, part, subtract};
use crate::common::{Value, minor};

const METHODS: [&str; 2] = ["average", "fifo"];

/// Sums over all products. The paid amount is in stock, sold or written off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub value: Both,
    pub sold: Both,
    pub written_off: Both,
    pub paid: Both,
}

impl Shop<'_> {
    /// The answer by each method, after the job has run. The newest products are first.
    fn valuations(&self) -> [Value; 2] {
        self.app.value_stock();
        METHODS.map(|method| {
            let path = format!("/inventory/valuation?sort=-variant_id&limit={PRODUCTS}&method={method}");
            self.admin.get(&path).expect(200).json()
        })
    }

    pub fn totals(&self) -> Totals {
        let answers = self.valuations();
        let both = |name: &str| [0, 1].map(|method| minor(&answers[method]["totals"][name]));
        Totals {
            value: both("value"),
            sold: both("cost_of_goods_sold"),
            written_off: both("written_off"),
            paid: both("paid"),
        }
    }
}

impl Play<'_> {
    /// Fails if the value of a product differs from the model.
    pub fn compare_values(&self) {
        for (method, answer) in self.shop.valuations().iter().enumerate() {
            for item in answer["items"].as_array().unwrap() {
                self.compare_item(item, method);
            }
        }
    }

    fn compare_item(&self, item: &Value, method: usize) {
        let product = self.product(&item["product_id"]);
        let ProductValue { units, value, .. } = ProductValue::of(product, &self.ledger.flows, &self.costs);
        let flows: Vec<_> = self.ledger.flows.iter().filter(|flow| flow.product == product).collect();
        let context = format!("{} of product {product} after {flows:?} with costs {:?}", METHODS[method], self.costs);
        assert_eq!((item["quantity"].as_i64(), minor(&item["value"])), (Some(units), value[method]), "{context}");
        if units == 0 {
            assert!(item["unit_cost"].is_null() && minor(&item["value"]) == 0, "{context}: {item}");
        } else {
            assert_eq!(minor(&item["unit_cost"]), part(value[method], 1, units), "{context}: {item}");
        }
        let shares = item["locations"].as_array().unwrap();
        for (place, level) in self.shop.places.iter().zip(self.levels[product]) {
            let share = shares.iter().find(|share| share["location_id"] == *place);
            let quantity = share.map_or(0, |share| share["quantity"].as_i64().unwrap());
            assert_eq!(quantity, level.owned(), "at place {place}: {item}");
        }
        assert_eq!(shares.iter().map(|share| minor(&share["value"])).sum::<i64>(), value[method], "{item}");
    }

    /// Fails if the sums over the store have changed by other amounts than those of this history.
    pub fn compare_totals(&self, before: &Totals) {
        let mut expected = *before;
        for product in 0..PRODUCTS {
            let of_product = ProductValue::of(product, &self.ledger.flows, &self.costs);
            expected.value = add(expected.value, of_product.value);
            expected.sold = add(expected.sold, of_product.sold);
            expected.written_off = add(expected.written_off, of_product.written_off);
            expected.paid = add(expected.paid, [of_product.paid; 2]);
        }
        let found = self.shop.totals();
        assert_eq!(found, expected, "after {:?} with costs {:?}", self.ledger.flows, self.costs);
        let Totals { value, sold, written_off, paid } = found;
        assert_eq!(subtract(subtract(subtract(paid, value), sold), written_off), [0, 0], "{found:?}");
    }
}
