//! Reports on sales, and the daily roll-ups behind them. Expected figures are worked out by hand or by a model of the
//! test, from the orders that it placed.

mod csv;
mod days;
mod groups;
mod holds;
mod random;
mod refusals;
mod rollups;
mod story;
mod top;
mod verify;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, Value, json, minor};

/// A store with 1,000 units of rice at 10.00 that cost 6.00, and of oil at 20.00 whose cost is not known. The tax is 5 %,
/// a delivery costs 20.00.
struct Shop {
    app: TestApp,
    rice: Product,
    oil: Product,
    mara: Client,
    /// Staff who may read and change orders and confirm payments.
    clerk: Client,
}

impl Shop {
    fn open() -> Self {
        Self::with(TestApp::start())
    }

    fn with(app: TestApp) -> Self {
        app.set_store(&json!({"shipping_flat_rate": 20, "tax_rate": 5}));
        let rice = app.create_product(&json!({"sku": "rice", "name": "Rice", "price": 10, "cost_price": 6,
                                              "category": "Grain", "initial_stock": 1_000}));
        let oil = app.create_product(&json!({"sku": "oil", "name": "Oil", "price": 20, "initial_stock": 1_000}));
        let clerk = app.staff(&["orders:read", "orders:create", "orders:update", "payments:confirm"]);
        let mara = app.customer("mara");
        Self { app, rice, oil, mara, clerk }
    }

    /// An order that is sold at once.
    fn order(&self, buyer: &Client, lines: &[(&Product, i64)]) -> Value {
        let items: Vec<Value> =
            lines.iter().map(|(product, quantity)| json!({"product_id": product.id, "quantity": quantity})).collect();
        buyer.post("/orders", &json!({"items": items})).expect(201).json()
    }

    fn post(&self, order: &Value, verb: &str, body: &Value) -> Reply {
        self.clerk.post(&format!("/orders/{}/{verb}", order["id"]), body)
    }

    fn confirm(&self, order: &Value) {
        let body = json!({"payment_reference": format!("pay-{}", order["id"])});
        self.post(order, "payment/confirm", &body).expect(200);
    }

    /// Ships and delivers all units of an order.
    fn deliver(&self, order: &Value) {
        let shipment = self.post(order, "shipments", &json!({})).expect(201).id();
        self.clerk.post_nothing(&format!("/shipments/{shipment}/delivered")).expect(200);
    }

    /// Receives a return of units of the first item, which are for sale again.
    fn give_back(&self, order: &Value, quantity: i64) {
        self.give_back_for(order, quantity, 0);
    }

    /// The same, for a fee.
    fn give_back_for(&self, order: &Value, quantity: i64, fee: i64) {
        let lines = json!([{"item_id": order["items"][0]["id"], "quantity": quantity, "reason": "Too small"}]);
        let document = self.post(order, "returns", &json!({"lines": lines})).expect(201).json();
        let lines = json!([{"line_id": document["lines"][0]["id"], "restock": quantity, "fee": fee}]);
        let body = json!({"location_id": self.app.main_location(), "lines": lines});
        self.clerk.post(&format!("/returns/{}/receive", document["id"]), &body).expect(200);
    }

    /// The sales report. It is the same before and after the sales are folded.
    fn report(&self, query: &str) -> Value {
        report(&self.app, query)
    }
}

/// The sales report. It must be the same before and after the sales are folded.
fn report(app: &TestApp, query: &str) -> Value {
    app.value_stock();
    let before = read(app, query);
    app.fold_sales();
    let after = read(app, query);
    assert_eq!(before, after, "{query}");
    after
}

fn read(app: &TestApp, query: &str) -> Value {
    app.staff(&["reports:read"]).get(&format!("/reports/sales?{query}")).expect(200).json()
}

const AMOUNTS: [&str; 7] = ["gross", "discounts", "tax", "shipping", "refunds", "credits", "net"];

/// Orders, units, and the amounts in minor units.
fn figures(row: &Value) -> (i64, i64, [i64; 7]) {
    let number = |name: &str| row[name].as_i64().unwrap_or_else(|| panic!("{name} of {row}"));
    (number("orders"), number("units"), AMOUNTS.map(|name| minor(&row[name])))
}

/// The new and returning customers.
fn customers(row: &Value) -> (i64, i64) {
    (row["new_customers"].as_i64().unwrap(), row["returning_customers"].as_i64().unwrap())
}

/// The margin in minor units. None if it is null.
fn margin(row: &Value) -> Option<i64> {
    (!row["margin"].is_null()).then(|| minor(&row["margin"]))
}

/// The row with this key.
fn item<'a>(report: &'a Value, key: &str) -> &'a Value {
    let items = report["items"].as_array().unwrap();
    items.iter().find(|item| item["key"] == key).unwrap_or_else(|| panic!("no {key} in {report}"))
}

/// The clock of the server.
fn now(app: &TestApp) -> DateTime<Utc> {
    Utc::now() + Duration::seconds(app.seconds_advanced())
}

/// Moves the clock forward to a time.
fn go_to(app: &TestApp, at: &str) {
    let at: DateTime<Utc> = at.parse().unwrap();
    let seconds = at.signed_duration_since(now(app)).num_seconds() + 1;
    assert!(seconds > 0, "{at} is in the past");
    app.advance(seconds);
}

/// A Monday in the future of the test's clock, so that a test can go to its hours.
const MONDAY: &str = "2027-02-01";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn execute(app: &TestApp, sql: &str) {
    app.connection().batch_execute(sql).unwrap();
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn count(app: &TestApp, sql: &str) -> i64 {
    diesel::sql_query(sql).get_result::<Number>(&mut app.connection()).unwrap().number
}
