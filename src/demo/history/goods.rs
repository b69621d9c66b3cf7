//! The sales and the suppliers of the products of the history. Some products are only in a store with a history.

use chrono::{Datelike, NaiveDate};

use crate::catalogue::product::NewProduct;
use crate::demo::goods::{self, Grocery};
use crate::demo::purchasing::Seller;
use crate::kernel::money::Money;

#[rustfmt::skip]
const MORE: [Grocery; 13] = [
    Grocery { sku: "prod_011", name: "Paneer 200g", category: "Dairy", brand: "Amul",
              barcode: "2000000000114", unit: "200 g", money: (9_500, 9_900, 8_100), levels: (8, 80, 30) },
    Grocery { sku: "prod_012", name: "Curd 400g", category: "Dairy", brand: "Nandini",
              barcode: "2000000000121", unit: "400 g", money: (3_500, 3_600, 2_900), levels: (8, 80, 30) },
    Grocery { sku: "prod_013", name: "Ghee 500ml", category: "Dairy", brand: "Nandini",
              barcode: "2000000000138", unit: "500 ml", money: (33_000, 34_500, 28_800), levels: (4, 60, 20) },
    Grocery { sku: "prod_014", name: "Masala Chai 250g", category: "Drinks", brand: "Wagh Bakri",
              barcode: "2000000000145", unit: "250 g", money: (16_000, 17_500, 12_700), levels: (8, 120, 40) },
    Grocery { sku: "prod_015", name: "Filter Coffee 500g", category: "Drinks", brand: "Cothas",
              barcode: "2000000000152", unit: "500 g", money: (29_000, 31_000, 24_100), levels: (6, 90, 30) },
    Grocery { sku: "prod_016", name: "Poha 500g", category: "Staples", brand: "Fresho",
              barcode: "2000000000169", unit: "500 g", money: (4_400, 5_000, 3_300), levels: (6, 90, 30) },
    Grocery { sku: "prod_017", name: "Jaggery 1kg", category: "Staples", brand: "Fresho",
              barcode: "2000000000176", unit: "1 kg", money: (8_200, 9_000, 6_100), levels: (5, 80, 25) },
    Grocery { sku: "prod_018", name: "Potatoes 1kg", category: "Vegetables", brand: "Fresho",
              barcode: "2000000000183", unit: "1 kg", money: (3_400, 4_000, 2_300), levels: (10, 90, 45) },
    Grocery { sku: "prod_019", name: "Green Chillies 100g", category: "Vegetables", brand: "Fresho",
              barcode: "2000000000190", unit: "100 g", money: (1_200, 1_500, 700), levels: (8, 60, 20) },
    Grocery { sku: "prod_020", name: "Diya Set of 12", category: "Home", brand: "Stockroom",
              barcode: "2000000000206", unit: "set", money: (14_900, 19_900, 8_600), levels: (5, 120, 64) },
    Grocery { sku: "prod_021", name: "Mango Pickle 400g", category: "Oils and Spices", brand: "Mother's Recipe",
              barcode: "2000000000213", unit: "400 g", money: (12_500, 13_500, 9_600), levels: (4, 60, 24) },
    Grocery { sku: "prod_022", name: "Basmati Rice 25kg", category: "Staples", brand: "India Gate",
              barcode: "2000000000220", unit: "25 kg", money: (319_000, 345_000, 268_000), levels: (2, 24, 12) },
    Grocery { sku: "prod_023", name: "Incense Sticks 100", category: "Home", brand: "Cycle",
              barcode: "2000000000237", unit: "pack", money: (6_000, 6_500, 4_000), levels: (5, 80, 30) },
];

/// The products of the demo store, and more.
pub(super) fn all() -> Vec<NewProduct> {
    let mut all: Vec<NewProduct> =
        goods::all().into_iter().chain(MORE.iter().map(Grocery::to_new)).map(at_the_opening).collect();
    // The first ids are those of a store without history.
    all.sort_by_key(|new| MORE.iter().any(|more| more.sku == new.sku));
    all
}

/// The product whose price is raised, with its first price.
pub(super) const RAISED: (&str, Money) = ("prod_008", Money(4_900));

/// The shelves are full at the opening, except for goods of their own.
fn at_the_opening(mut new: NewProduct) -> NewProduct {
    if new.sku == RAISED.0 {
        new.price = RAISED.1;
    }
    let profile = PROFILES.iter().find(|profile| profile.sku == new.sku);
    for (variant, profile) in new.variants.iter_mut().zip(profile) {
        variant.initial_stock = profile.cover(14).max(variant.initial_stock);
    }
    new
}

/// The supplier of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Daily, to the shop. These goods do not keep.
    Farms,
    Dairy,
    /// Twice a week, to the warehouse.
    Mills,
    Traders,
}

/// The sales of a product.
#[derive(Clone, Copy, Debug)]
pub(super) struct Profile {
    pub sku: &'static str,
    pub source: Source,
    /// The share of the lines of orders, which is about half of the units of a day.
    share: i64,
    /// True if it sells on a few days only, but many units on each.
    pub is_occasional: bool,
}

const fn steady(sku: &'static str, source: Source, share: i64) -> Profile {
    Profile { sku, source, share, is_occasional: false }
}

/// Onions, milk and tomatoes sell best. Nobody has bought shirts or a set of diyas.
pub(super) const PROFILES: [Profile; 23] = [
    steady("prod_001", Source::Mills, 12),
    steady("prod_002", Source::Mills, 8),
    steady("prod_003", Source::Traders, 9),
    steady("prod_004", Source::Traders, 2),
    steady("prod_005", Source::Farms, 15),
    steady("prod_006", Source::Farms, 13),
    steady("prod_007", Source::Mills, 7),
    steady("prod_008", Source::Mills, 7),
    steady("prod_009", Source::Traders, 3),
    steady("prod_010", Source::Dairy, 17),
    steady("prod_011", Source::Dairy, 7),
    steady("prod_012", Source::Dairy, 8),
    steady("prod_013", Source::Dairy, 2),
    steady("prod_014", Source::Traders, 6),
    steady("prod_015", Source::Traders, 4),
    steady("prod_016", Source::Traders, 4),
    steady("prod_017", Source::Traders, 3),
    steady("prod_018", Source::Farms, 12),
    steady("prod_019", Source::Farms, 5),
    steady("prod_020", Source::Traders, 0),
    steady("prod_021", Source::Traders, 1),
    Profile { sku: "prod_022", source: Source::Mills, share: 0, is_occasional: true },
    steady("prod_023", Source::Traders, 2),
];

/// Vegetables of the last orders would arrive after the shop has run out of them: the next day, and the rest of a short
/// delivery two days later.
const LAST_SCARCE_DAYS: i64 = 3;

impl Profile {
    /// The weight among the products that buyers choose. Milk and vegetables sell better on weekends.
    pub fn weight(&self, day: NaiveDate) -> i64 {
        let is_fresh = matches!(self.source, Source::Farms | Source::Dairy);
        let is_weekend = day.weekday().number_from_monday() >= 6;
        self.share * if is_fresh && is_weekend { 5 } else { 4 }
    }

    /// The units that sell in this number of days, and a few more.
    pub fn cover(&self, days: i64) -> i64 {
        match (self.is_occasional, self.share) {
            (true, _) => 8,
            (false, 0) => 0,
            (false, share) => share * days * 45 / 100 + 3,
        }
    }

    pub fn goes_to_the_warehouse(&self) -> bool {
        matches!(self.source, Source::Mills | Source::Traders)
    }

    /// True if the supplier has none on the day that is this number of days before today. The shop runs out of it.
    pub fn is_scarce(&self, days_ago: i64) -> bool {
        match self.sku {
            "prod_011" => (33..=41).contains(&days_ago),
            "prod_005" => (12..=20).contains(&days_ago) || days_ago <= LAST_SCARCE_DAYS,
            "prod_006" => days_ago <= LAST_SCARCE_DAYS,
            "prod_022" => (55..=75).contains(&days_ago),
            _ => false,
        }
    }
}

/// The suppliers, without their items.
pub(super) const SELLERS: [(Source, Seller<'static>); 4] = [
    (Source::Farms, seller("FRESHO", "Fresho Farms", "orders@fresho.example", 1)),
    (Source::Dairy, seller("NANDI", "Nandi Dairy", "depot@nandi.example", 1)),
    (Source::Mills, seller("DECCAN", "Deccan Mills", "sales@deccan.example", 7)),
    (Source::Traders, seller("MALABAR", "Malabar Traders", "trade@malabar.example", 5)),
];

const fn seller(code: &'static str, name: &'static str, email: &'static str, lead_time_days: i64) -> Seller<'static> {
    Seller { code, name, email, lead_time_days, items: &[] }
}

/// The items of a supplier: SKU, cost of a unit, units in a pack.
pub(super) fn items_of(source: Source, goods: &[NewProduct]) -> Vec<(&'static str, i64, i64)> {
    let of_source = PROFILES.iter().filter(|profile| profile.source == source);
    let item = |profile: &Profile| {
        let cost = goods.iter().find(|new| new.sku == profile.sku).and_then(|new| new.cost_price)?;
        Some((profile.sku, cost.0, pack(source)))
    };
    of_source.filter_map(item).collect()
}

/// The units in a pack.
pub(super) const fn pack(source: Source) -> i64 {
    match source {
        Source::Farms | Source::Dairy => 5,
        Source::Mills | Source::Traders => 12,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalogue::barcode;

    #[test]
    fn every_product_has_a_profile_a_cost_and_a_barcode_of_its_own() {
        let all = all();
        let mut codes = BTreeSet::new();
        for new in &all {
            assert!(new.sku == "tee-red" || PROFILES.iter().any(|profile| profile.sku == new.sku), "{}", new.sku);
            assert!(new.cost_price.unwrap() < new.price && new.price <= new.mrp.unwrap(), "{}", new.sku);
            let barcode = new.barcode.iter().chain(new.variants.iter().flat_map(|variant| &variant.barcode));
            for code in barcode {
                assert!(barcode::gtin(code).is_some() && codes.insert(code.clone()), "{code}");
            }
        }
        let listed: usize = SELLERS.iter().map(|(source, _)| items_of(*source, &all).len()).sum();
        assert_eq!(listed, PROFILES.len());
    }

    #[test]
    fn the_first_products_are_those_of_a_store_without_history() {
        let skus = |all: Vec<NewProduct>| all.into_iter().map(|new| new.sku).collect::<Vec<_>>();
        let plain = skus(goods::all());
        assert_eq!(skus(all())[..plain.len()], plain);
    }
}
