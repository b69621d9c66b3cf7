//! Plays acts over HTTP and in the model.

use chrono::{DateTime, Duration, SubsecRound, Utc};
use proptest::sample::Index;

use super::act::Act;
use super::ledger::Ledger;
use super::model::{Count, Order, PLACES, PRODUCTS, Purchase, StockLevel, StockLevels, Transfer};
use crate::common::shop::Product;
use crate::common::{Client, TestApp, Value, json};

/// The names of the compared figures, without `_quantity`.
pub const FIGURES: [&str; 8] =
    ["stock", "reserved", "available", "committed", "on_hand", "quarantined", "in_transit", "incoming"];

/// The units of each product at the first place, when a history begins.
const OPENING_STOCK: i64 = 20;
/// The first cost price of each product, in minor units.
const OPENING_COSTS: [i64; PRODUCTS] = [101, 250, 333, 7, 60];

/// A server with three places and a supplier.
pub struct Shop<'a> {
    pub app: &'a TestApp,
    pub admin: Client,
    pub mara: Client,
    pub places: [i64; PLACES],
    pub supplier: i64,
}

impl<'a> Shop<'a> {
    pub fn open(app: &'a TestApp) -> Self {
        let places = [app.main_location(), app.add_location("shop"), app.add_location("attic")];
        let admin = app.admin();
        let supplier = admin.post("/suppliers", &json!({"code": "MILL", "name": "Mill"})).expect(201).id();
        Self { app, admin, mara: app.customer("mara"), places, supplier }
    }

    /// The same with new access tokens, because these expire after some minutes.
    pub fn sign_in_again(&self) -> Self {
        Self { admin: self.app.admin(), mara: self.app.customer("mara"), ..*self }
    }
}

/// A history that is played.
pub struct Play<'a> {
    pub shop: &'a Shop<'a>,
    pub products: [Product; PRODUCTS],
    pub levels: StockLevels,
    pub ledger: Ledger,
    pub transfers: Vec<Transfer>,
    pub purchases: Vec<Purchase>,
    pub counts: Vec<Count>,
    pub orders: Vec<Order>,
    pub cost_prices: [Option<i64>; PRODUCTS],
    /// The cost of a unit of each receipt, by the last bill.
    pub costs: Vec<i64>,
    /// The times before each act, at which units can be counted.
    pub moments: Vec<DateTime<Utc>>,
    /// The levels after each act, with the time.
    pub past: Vec<(DateTime<Utc>, StockLevels)>,
}

impl<'a> Play<'a> {
    pub fn begin(shop: &'a Shop<'a>) -> Self {
        let products = OPENING_COSTS.map(|cost| {
            let sku = format!("goods-{}", uuid::Uuid::new_v4());
            shop.app.create_product(&json!({"sku": sku, "name": "Goods", "price": 10, "cost_price": amount(cost),
                                            "initial_stock": OPENING_STOCK}))
        });
        let mut levels = StockLevels::default();
        levels.iter_mut().for_each(|of_product| of_product[0].stock = OPENING_STOCK);
        let mut play = Self {
            shop,
            products,
            levels,
            ledger: Ledger::default(),
            transfers: Vec::new(),
            purchases: Vec::new(),
            counts: Vec::new(),
            orders: Vec::new(),
            cost_prices: OPENING_COSTS.map(Some),
            costs: Vec::new(),
            moments: Vec::new(),
            past: Vec::new(),
        };
        play.ledger.add_rest(&play.levels, &play.cost_prices, play.now());
        play
    }

    /// The clock of the server, in microseconds like all its times.
    pub fn now(&self) -> DateTime<Utc> {
        (Utc::now() + Duration::seconds(self.shop.app.seconds_advanced())).trunc_subsecs(6)
    }

    pub fn act(&mut self, act: &Act) {
        self.moments.push(self.now());
        self.play(act);
        self.ledger.add_rest(&self.levels, &self.cost_prices, self.now());
        self.past.push((self.now(), self.levels));
    }

    fn play(&mut self, act: &Act) {
        match act {
            Act::Receive(row, quantity) => self.receive(*row, *quantity),
            Act::Adjust(row, quantity) => self.adjust(*row, *quantity),
            Act::Move(row, quantity, way) => self.move_units(*row, *quantity, *way),
            Act::SetCostPrice(product, cost) => self.set_cost_price(*product, *cost),
            Act::Value => self.compare_values(),
            Act::Ready { from, to, lines } => self.ready(*from, *to, lines),
            Act::Withdraw(transfer) => self.withdraw(*transfer),
            Act::Send(transfer) => self.send(*transfer),
            Act::Arrive { transfer, line, units } => self.arrive(*transfer, *line, *units),
            Act::Settle { transfer, line, quantity, outcome } => self.settle(*transfer, *line, *quantity, outcome),
            Act::Reverse(transfer) => self.reverse(*transfer),
            Act::Order { to, lines, cost } => self.order(*to, lines, *cost),
            Act::Deliver { purchase, line, units, cost } => self.deliver(*purchase, *line, *units, *cost),
            Act::SendBack { purchase, receipt } => self.send_back(*purchase, *receipt),
            Act::Bill { purchase, receipt, cost, is_late } => self.bill(*purchase, *receipt, *cost, *is_late),
            Act::Close(purchase) => self.close(*purchase),
            Act::Open(new) => self.open(new),
            Act::Enter { count, entries } => self.enter(*count, entries),
            Act::Submit(count) => self.submit(*count),
            Act::Recount { count, line } => self.recount(*count, *line),
            Act::Post { count, only } => self.post_lines(*count, *only),
            Act::CancelCount(count) => self.cancel_count(*count),
            Act::Sell(lines) => self.sell(lines, "cod"),
            Act::HoldForPayment(lines) => self.sell(lines, "upi"),
            Act::Pay(order) => self.pay(*order),
            Act::Ship { order, item, quantity } => self.ship(*order, *item, *quantity),
            Act::Cancel(order) => self.cancel(*order),
            Act::Expire => self.expire(),
        }
    }

    /// Fails if a figure of a stock row differs from the model. The rows of the newest products are first.
    pub fn compare(&self) {
        let path = format!("/inventory?sort=-variant_id&limit={}", PRODUCTS * PLACES);
        let list = self.shop.admin.get(&path).expect(200).json();
        let rows = list["items"].as_array().unwrap();
        for (product, levels) in self.levels.iter().enumerate() {
            let of_product = |row: &&Value| row["product_id"] == self.products[product].id;
            let found = self.figures(rows.iter().filter(of_product));
            assert_eq!(found, levels.map(StockLevel::figures), "product {product}: {FIGURES:?} at each place");
        }
    }

    /// The same by the answers about each product, which have its totals, too.
    pub fn compare_products(&self) {
        for (product, levels) in self.levels.iter().enumerate() {
            let (found, totals) = self.read(product);
            assert_eq!(found, levels.map(StockLevel::figures), "product {product}: {FIGURES:?} at each place");
            let sum = |figure: fn(&StockLevel) -> i64| levels.iter().map(figure).sum::<i64>();
            let expected = [sum(|level| level.stock), sum(|level| level.reserved), sum(|level| level.available())];
            assert_eq!(totals, expected, "product {product}: stock, reserved, available in all");
        }
    }

    /// The figures of a product at each place, and its totals.
    pub fn read(&self, product: usize) -> ([[i64; 8]; PLACES], [i64; 3]) {
        let path = format!("/inventory/products/{}/stock", self.products[product].id);
        let stock = self.shop.admin.get(&path).expect(200).json();
        let totals = ["stock", "reserved", "available"].map(|name| number(&stock, name));
        (self.figures(stock["locations"].as_array().unwrap().iter()), totals)
    }

    /// The figures of the rows of a product at each place. Without a row, there are no units.
    fn figures<'v>(&self, rows: impl Iterator<Item = &'v Value> + Clone) -> [[i64; 8]; PLACES] {
        self.shop.places.map(|place| {
            let row = rows.clone().find(|row| row["location_id"] == place);
            row.map_or([0; 8], |row| FIGURES.map(|name| number(row, name)))
        })
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

fn number(row: &Value, name: &str) -> i64 {
    row[format!("{name}_quantity")].as_i64().unwrap()
}

/// One of these documents. None if there are none yet.
pub fn pick<T>(documents: &[T], index: Index) -> Option<usize> {
    (!documents.is_empty()).then(|| index.index(documents.len()))
}

/// One of the documents that are open. If there are none, one of the others, so that it is refused.
pub fn pick_open<T>(documents: &[T], index: Index, is_open: impl Fn(&T) -> bool) -> Option<usize> {
    let open: Vec<usize> = (0..documents.len()).filter(|at| is_open(&documents[*at])).collect();
    if open.is_empty() { pick(documents, index) } else { Some(*index.get(&open)) }
}

/// An amount of the API, from minor units.
pub fn amount(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// A time of the API.
pub fn moment(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap_or_else(|| panic!("{value} is no time")).parse().unwrap()
}
