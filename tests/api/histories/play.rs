//! Plays acts over HTTP and in the model.

use proptest::sample::Index;

use super::act::Act;
use super::model::{Level, Levels, Order, PLACES, PRODUCTS, Transfer};
use crate::common::shop::Product;
use crate::common::{Client, TestApp, Value, json};

/// The names of the compared figures, without `_quantity`.
pub const FIGURES: [&str; 8] =
    ["stock", "reserved", "available", "committed", "on_hand", "quarantined", "in_transit", "incoming"];

/// A server with three places.
pub struct Shop<'a> {
    pub app: &'a TestApp,
    pub admin: Client,
    pub mara: Client,
    pub places: [i64; PLACES],
}

impl<'a> Shop<'a> {
    pub fn open(app: &'a TestApp) -> Self {
        let places = [app.main_location(), app.add_location("shop"), app.add_location("attic")];
        Self { app, admin: app.admin(), mara: app.customer("mara"), places }
    }
}

/// A history that is played.
pub struct Play<'a> {
    pub shop: &'a Shop<'a>,
    pub products: Vec<Product>,
    pub levels: Levels,
    pub transfers: Vec<Transfer>,
    pub orders: Vec<Order>,
}

impl<'a> Play<'a> {
    pub fn begin(shop: &'a Shop<'a>) -> Self {
        let sku = || format!("goods-{}", uuid::Uuid::new_v4());
        let products = (0..PRODUCTS).map(|_| shop.app.product(&sku(), 10.0, 0)).collect();
        Self { shop, products, levels: Levels::default(), transfers: Vec::new(), orders: Vec::new() }
    }

    pub fn act(&mut self, act: &Act) {
        match act {
            Act::Receive(row, quantity) => self.receive(*row, *quantity),
            Act::Adjust(row, quantity) => self.adjust(*row, *quantity),
            Act::Move(row, quantity, way) => self.move_units(*row, *quantity, *way),
            Act::Ready { from, to, lines } => self.ready(*from, *to, lines),
            Act::Withdraw(transfer) => self.withdraw(*transfer),
            Act::Send(transfer) => self.send(*transfer),
            Act::Arrive { transfer, line, accepted, rejected } => self.arrive(*transfer, *line, (*accepted, *rejected)),
            Act::Settle { transfer, line, quantity, outcome } => self.settle(*transfer, *line, *quantity, outcome),
            Act::Reverse(transfer) => self.reverse(*transfer),
            Act::Sell(lines) => self.sell(lines, "cod"),
            Act::HoldForPayment(lines) => self.sell(lines, "upi"),
            Act::Pay(order) => self.pay(*order),
            Act::Ship { order, item, quantity } => self.ship(*order, *item, *quantity),
            Act::Cancel(order) => self.cancel(*order),
            Act::Expire => self.expire(),
        }
    }

    /// Fails if a figure of a product differs from the model.
    pub fn compare(&self) {
        for (product, levels) in self.levels.iter().enumerate() {
            let (found, totals) = self.read(product);
            assert_eq!(found, levels.map(Level::figures), "product {product}: {FIGURES:?} at each place");
            let sum = |figure: fn(&Level) -> i64| levels.iter().map(figure).sum::<i64>();
            let expected = [sum(|level| level.stock), sum(|level| level.reserved), sum(|level| level.available())];
            assert_eq!(totals, expected, "product {product}: stock, reserved, available in all");
        }
    }

    /// The figures of a product at each place, and its totals.
    pub fn read(&self, product: usize) -> ([[i64; 8]; PLACES], [i64; 3]) {
        let path = format!("/inventory/products/{}/stock", self.products[product].id);
        let stock = self.shop.admin.get(&path).expect(200).json();
        let number = |value: &Value, name: &str| value[format!("{name}_quantity")].as_i64().unwrap();
        let rows = stock["locations"].as_array().unwrap();
        let at = |place: i64| {
            let row = rows.iter().find(|row| row["location_id"] == place);
            row.map_or([0; 8], |row| FIGURES.map(|name| number(row, name)))
        };
        (self.shop.places.map(at), ["stock", "reserved", "available"].map(|name| number(&stock, name)))
    }

    /// The lines as the API takes them.
    pub fn lines(&self, lines: &[(usize, i64)]) -> Value {
        let line = |(product, quantity): &(usize, i64)| json!({"product_id": self.products[*product].id, "quantity": quantity});
        lines.iter().map(line).collect()
    }

    /// The product of that id.
    pub fn product(&self, id: &Value) -> usize {
        self.products.iter().position(|product| *id == product.id).unwrap()
    }
}

/// One of these documents. None if there are none yet.
pub fn pick<T>(documents: &[T], index: Index) -> Option<usize> {
    (!documents.is_empty()).then(|| index.index(documents.len()))
}
