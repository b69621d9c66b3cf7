//! Random orders with discounts and tax rules, and their amounts by plain arithmetic. Amounts are in minor units.

use proptest::prelude::*;

use super::Shop;
use crate::common::shop::Product;
use crate::common::{Value, json, minor};

pub fn wire(minor: i64) -> Value {
    json!(format!("{}.{:02}", minor / 100, minor % 100))
}

/// The units of a line, the price of a unit, and the category of its product.
type Line = (i64, i64, usize);

/// An order to place, and the rules of its store.
#[derive(Clone, Debug)]
pub struct Placed {
    lines: Vec<Line>,
    /// In percent of the subtotal.
    discount: i64,
    delivery: i64,
    rules: TaxRules,
}

/// The tax rules of a store. Rates are in tenths of a percent.
#[derive(Clone, Debug)]
struct TaxRules {
    /// The rate of the other products.
    default: i64,
    /// The rates of the categories that have one of their own.
    of_categories: [Option<i64>; 2],
    prices_include_tax: bool,
    taxes_delivery: bool,
}

pub fn placed() -> impl Strategy<Value = Placed> {
    let line = (1..8_i64, 1..2_000_i64, 0..3_usize);
    let of_categories = prop::array::uniform2(prop::option::of(0..250_i64));
    let rules = (0..250_i64, of_categories, any::<bool>(), any::<bool>()).prop_map(
        |(default, of_categories, prices_include_tax, taxes_delivery)| TaxRules {
            default,
            of_categories,
            prices_include_tax,
            taxes_delivery,
        },
    );
    (prop::collection::vec(line, 1..=3), 0..=60_i64, 0..3_000_i64, rules)
        .prop_map(|(lines, discount, delivery, rules)| Placed { lines, discount, delivery, rules })
}

impl Placed {
    /// Sets the rules of the store, creates the products, and places the order.
    pub fn place(&self, shop: &Shop, number: u64) -> (Vec<Product>, Value) {
        self.rules.set(shop, self.delivery);
        let product = |(index, (_, price, category)): (usize, &Line)| {
            shop.app.create_product(&json!({"sku": format!("p-{number}-{index}"), "name": "P", "price": wire(*price),
                                            "category": category_name(*category), "initial_stock": 100}))
        };
        let products: Vec<Product> = self.lines.iter().enumerate().map(product).collect();
        let items = products
            .iter()
            .zip(&self.lines)
            .map(|(product, (units, _, _))| json!({"product_id": product.id, "quantity": units}));
        let body = json!({"items": items.collect::<Vec<_>>(), "discount_amount": wire(self.discount_amount())});
        let order = shop.app.admin().post("/orders", &body).expect(201).json();
        (products, order)
    }

    /// Compares the amounts of the order, which was just placed. Returns the shares of its items in the total, and the
    /// total.
    pub fn compare(&self, order: &Value) -> (Vec<i64>, i64) {
        let (discounts, (taxes, tax)) = (self.discounts(), self.taxes());
        let is_included = self.rules.prices_include_tax;
        let (added, included) = if is_included { (0, tax) } else { (tax, 0) };
        let total = self.subtotal() - self.discount_amount() + added + self.delivery;
        for (name, expected) in [
            ("subtotal", self.subtotal()),
            ("discount_amount", self.discount_amount()),
            ("tax_amount", added),
            ("included_tax_amount", included),
            ("shipping_amount", self.delivery),
            ("total_amount", total),
        ] {
            assert_eq!(minor(&order[name]), expected, "{name} of {order}");
        }
        let none = vec![0; taxes.len()];
        let (of_added, of_included) = if is_included { (&none, &taxes) } else { (&taxes, &none) };
        for (name, expected) in
            [("discount_amount", &discounts), ("tax_amount", of_added), ("included_tax_amount", of_included)]
        {
            let shown: Vec<i64> = order["items"].as_array().unwrap().iter().map(|item| minor(&item[name])).collect();
            assert_eq!(&shown, expected, "{name} of the items of {order}");
        }
        let shares = self.nets().iter().zip(of_added).map(|(net, tax)| net + tax).collect();
        (shares, total)
    }

    fn totals(&self) -> Vec<i64> {
        self.lines.iter().map(|(units, price, _)| units * price).collect()
    }

    fn subtotal(&self) -> i64 {
        self.totals().iter().sum()
    }

    fn discount_amount(&self) -> i64 {
        self.subtotal() * self.discount / 100
    }

    /// The discounts of the lines.
    fn discounts(&self) -> Vec<i64> {
        let mut shares = Shares::new(self.discount_amount(), self.subtotal());
        self.totals().into_iter().map(|total| shares.take(total)).collect()
    }

    /// The totals of the lines without their discounts.
    fn nets(&self) -> Vec<i64> {
        self.totals().iter().zip(self.discounts()).map(|(total, discount)| total - discount).collect()
    }

    /// The taxes of the lines, and the tax of the whole order. Each rate is rounded once, over its goods and their part
    /// of the delivery, and is then shared over its lines.
    fn taxes(&self) -> (Vec<i64>, i64) {
        let nets = self.nets();
        let rate_of = |line: &Line| self.rules.rate_of(line.2);
        let mut goods: Vec<((Option<usize>, i64), i64)> = Vec::new();
        for (line, net) in self.lines.iter().zip(&nets) {
            match goods.iter_mut().find(|(rate, _)| *rate == rate_of(line)) {
                Some((_, sum)) => *sum += net,
                None => goods.push((rate_of(line), *net)),
            }
        }
        let delivery = if self.rules.taxes_delivery { self.delivery } else { 0 };
        let mut deliveries = Shares::new(delivery, nets.iter().sum());
        let mut taxes = Vec::new();
        for ((name, rate), goods) in goods {
            let taxed = goods + deliveries.take(goods);
            let whole = if self.rules.prices_include_tax { 1_000 + rate } else { 1_000 };
            let tax = rounded(taxed * rate, whole);
            taxes.push(((name, rate), tax, Shares::new(tax, taxed)));
        }
        let sum = taxes.iter().map(|(_, tax, _)| tax).sum();
        let of_line = |(line, net): (&Line, &i64)| {
            let found = taxes.iter_mut().find(|(rate, _, _)| *rate == rate_of(line));
            found.map_or(0, |(_, _, shares)| shares.take(*net))
        };
        (self.lines.iter().zip(&nets).map(of_line).collect(), sum)
    }
}

impl TaxRules {
    fn set(&self, shop: &Shop, delivery: i64) {
        let shipping_tax = if self.taxes_delivery { "as_goods" } else { "none" };
        shop.app.set_store(&json!({"tax_rate": percent(self.default), "shipping_flat_rate": wire(delivery),
                                   "prices_include_tax": self.prices_include_tax, "shipping_tax": shipping_tax}));
        let of_category = |(category, rate): (usize, &Option<i64>)| {
            let name = category_name(category);
            rate.map(|rate| json!({"category": name, "percent": percent(rate), "name": name}))
        };
        let rates: Vec<Value> = self.of_categories.iter().enumerate().filter_map(of_category).collect();
        let path = format!("/stores/{}/tax-rates", shop.app.store);
        shop.app.admin().put(&path, &json!({"rates": rates})).expect(200);
    }

    /// The rate of a category. Categories without a rate of their own share the other one.
    fn rate_of(&self, category: usize) -> (Option<usize>, i64) {
        match self.of_categories.get(category).copied().flatten() {
            Some(rate) => (Some(category), rate),
            None => (None, self.default),
        }
    }
}

fn category_name(category: usize) -> String {
    format!("category {category}")
}

fn percent(tenths: i64) -> Value {
    json!(format!("{}.{}", tenths / 10, tenths % 10))
}

/// Parts of an amount. Each one is the difference of two rounded shares.
struct Shares {
    amount: i64,
    whole: i64,
    upto: i64,
}

impl Shares {
    const fn new(amount: i64, whole: i64) -> Self {
        Self { amount, whole, upto: 0 }
    }

    fn take(&mut self, part: i64) -> i64 {
        let before = rounded(self.amount * self.upto, self.whole);
        self.upto += part;
        rounded(self.amount * self.upto, self.whole) - before
    }
}

/// A quotient, rounded half up. 0 if the divisor is 0.
fn rounded(dividend: i64, divisor: i64) -> i64 {
    (2 * dividend + divisor).checked_div(2 * divisor).unwrap_or(0)
}
