//! The value of the stock. All figures are worked out by hand, to the minor unit.

mod corrections;
mod listing;
mod parts;
mod refusals;
mod story;
mod verify;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::common::shop::Product;
use crate::common::{TestApp, Value, json};

/// The valuation, after the job has run.
pub fn valued(app: &TestApp, query: &str) -> Value {
    app.value_stock();
    app.staff(&["inventory:read"]).get(&format!("/inventory/valuation{query}")).expect(200).json()
}

/// Quantity, value and unit cost of the first item, and the totals: value, cost of goods sold, written off, paid.
pub fn figures(app: &TestApp, query: &str) -> String {
    let answer = valued(app, query);
    let (item, totals) = (&answer["items"][0], &answer["totals"]);
    let totals = ["value", "cost_of_goods_sold", "written_off", "paid"].map(|name| totals[name].to_string());
    format!("{} {} {}, {}", item["quantity"], item["value"], item["unit_cost"], totals.join(" "))
}

/// The figures by the moving average and by FIFO.
pub fn both(app: &TestApp) -> [String; 2] {
    [figures(app, "?method=average"), figures(app, "?method=fifo")]
}

/// A product with 10 units at 1.00 and 5 units at 1.30.
pub fn rice(app: &TestApp) -> Product {
    let rice =
        app.create_product(&json!({"sku": "rice", "name": "Rice", "price": 3, "cost_price": 1, "initial_stock": 10}));
    app.set_product(&rice, &json!({"cost_price": 1.3}));
    app.receive(&rice, 5, app.main_location()).expect(200);
    rice
}

pub fn execute(app: &TestApp, sql: &str) {
    app.connection().batch_execute(sql).unwrap();
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

pub fn count(app: &TestApp, sql: &str) -> i64 {
    diesel::sql_query(sql).get_result::<Number>(&mut app.connection()).unwrap().number
}
