//! The products of the demo store. Prices are in paise. Their barcodes are of the range 200 to 299, which shops use for
//! codes of their own.

use crate::catalogue::product::{NewProduct, NewVariant};
use crate::catalogue::sku;
use crate::kernel::money::Money;

pub(super) struct Grocery {
    pub sku: &'static str,
    pub name: &'static str,
    pub category: &'static str,
    pub brand: &'static str,
    pub barcode: &'static str,
    pub unit: &'static str,
    /// Price, MRP, cost price.
    pub money: (i64, i64, i64),
    /// Minimum, maximum and initial stock. A count and an order have changed the stock of two of them since.
    pub levels: (i64, i64, i64),
}

#[rustfmt::skip]
const GROCERIES: [Grocery; 10] = [
    Grocery { sku: "prod_001", name: "Basmati Rice 1kg", category: "Staples", brand: "India Gate",
              barcode: "2000000000015", unit: "1 kg", money: (14_500, 16_500, 11_800), levels: (10, 200, 50) },
    Grocery { sku: "prod_002", name: "Toor Dal 1kg", category: "Staples", brand: "Tata Sampann",
              barcode: "2000000000022", unit: "1 kg", money: (17_200, 19_500, 14_600), levels: (8, 120, 30) },
    Grocery { sku: "prod_003", name: "Sunflower Oil 1L", category: "Oils and Spices", brand: "Fortune",
              barcode: "2000000000039", unit: "1 L", money: (15_400, 17_000, 13_100), levels: (6, 100, 25) },
    Grocery { sku: "prod_004", name: "Turmeric Powder 100g", category: "Oils and Spices", brand: "Everest",
              barcode: "2000000000046", unit: "100 g", money: (3_200, 3_600, 2_300), levels: (10, 150, 40) },
    Grocery { sku: "prod_005", name: "Onions 1kg", category: "Vegetables", brand: "Fresho",
              barcode: "2000000000053", unit: "1 kg", money: (3_800, 4_500, 2_600), levels: (10, 80, 2) },
    Grocery { sku: "prod_006", name: "Tomatoes 1kg", category: "Vegetables", brand: "Fresho",
              barcode: "2000000000060", unit: "1 kg", money: (4_200, 5_000, 2_900), levels: (10, 80, 0) },
    Grocery { sku: "prod_007", name: "Wheat Flour 2kg", category: "Staples", brand: "Aashirvaad",
              barcode: "2000000000077", unit: "2 kg", money: (11_200, 12_500, 9_400), levels: (5, 90, 15) },
    Grocery { sku: "prod_008", name: "Sugar 1kg", category: "Staples", brand: "Madhur",
              barcode: "2000000000084", unit: "1 kg", money: (5_200, 5_800, 4_300), levels: (15, 200, 60) },
    Grocery { sku: "prod_009", name: "Salt 1kg", category: "Staples", brand: "Tata",
              barcode: "2000000000091", unit: "1 kg", money: (2_600, 2_800, 1_900), levels: (20, 250, 82) },
    Grocery { sku: "prod_010", name: "Milk 1L", category: "Dairy", brand: "Amul",
              barcode: "2000000000107", unit: "1 L", money: (6_600, 6_800, 5_900), levels: (4, 60, 12) },
];

/// The barcodes of cases: each with its product and its units.
pub(super) const CASES: [(&str, &str, i64); 2] = [("prod_001", "2000001000014", 12), ("prod_003", "2000001000038", 12)];

/// The groceries, and a shirt with sizes.
pub(super) fn all() -> Vec<NewProduct> {
    GROCERIES.iter().map(Grocery::to_new).chain([shirt()]).collect()
}

impl Grocery {
    pub fn to_new(&self) -> NewProduct {
        let (price, mrp, cost_price) = self.money;
        let (minimum, maximum, initial_stock) = self.levels;
        NewProduct {
            sku: self.sku.to_owned(),
            name: self.name.to_owned(),
            description: None,
            category: Some(self.category.to_owned()),
            brand: Some(self.brand.to_owned()),
            barcode: Some(self.barcode.to_owned()),
            price: Money(price),
            mrp: Some(Money(mrp)),
            cost_price: Some(Money(cost_price)),
            unit: Some(self.unit.to_owned()),
            min_stock_level: minimum,
            max_stock_level: Some(maximum),
            variants: vec![NewVariant::only(self.sku, initial_stock)],
        }
    }
}

fn shirt() -> NewProduct {
    let sku = "tee-red";
    let size = |(size, barcode): (&str, &str)| NewVariant {
        size: Some(size.to_owned()),
        sku: sku::for_size(sku, size),
        barcode: Some(barcode.to_owned()),
        price: None,
        min_stock_level: None,
        initial_stock: 100,
    };
    NewProduct {
        sku: sku.to_owned(),
        name: "T-Shirt Red".to_owned(),
        description: Some("Combed cotton, round neck".to_owned()),
        category: Some("Clothing".to_owned()),
        brand: Some("Stockroom".to_owned()),
        barcode: None,
        price: Money(3_000),
        mrp: Some(Money(4_500)),
        cost_price: Some(Money(1_650)),
        unit: Some("piece".to_owned()),
        min_stock_level: 20,
        max_stock_level: Some(1_000),
        variants: [("S", "2000000001012"), ("M", "2000000001029"), ("L", "2000000001036")].map(size).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::barcode;

    #[test]
    fn exactly_onions_and_tomatoes_are_at_or_under_their_minimum() {
        let stock = |new: &NewProduct| new.variants.iter().map(|variant| variant.initial_stock).sum::<i64>();
        let low: Vec<_> =
            all().into_iter().filter(|new| stock(new) <= new.min_stock_level).map(|new| new.name).collect();
        assert_eq!(low, ["Onions 1kg", "Tomatoes 1kg"]);
    }

    #[test]
    fn every_product_on_sale_has_a_barcode_for_use_in_the_shop() {
        for new in all() {
            let barcodes = new.variants.iter().map(|variant| variant.barcode.as_ref().or(new.barcode.as_ref()));
            for code in barcodes.map(Option::unwrap).map(String::as_str).chain(CASES.map(|(_, code, _)| code)) {
                assert!(barcode::gtin(code).is_some() && code.len() == 13 && code.starts_with('2'), "{code}");
            }
        }
    }

    #[test]
    fn nothing_is_sold_below_cost_or_above_its_mrp() {
        for new in all() {
            assert!(new.cost_price.unwrap() < new.price && new.price <= new.mrp.unwrap(), "{}", new.sku);
        }
    }
}
