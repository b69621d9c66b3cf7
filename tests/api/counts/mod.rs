//! Counts of the stock at a location.

mod blind;
mod counted;
mod entries;
mod on_hand;
mod overlaps;
mod parts;
mod posting;
mod refusals;
mod scopes;
mod story;
mod tolerance;
mod values;
mod verify;

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, Value, json};

/// A store with 100 units of rice in `main`.
pub struct Store {
    pub app: TestApp,
    pub admin: Client,
    pub main: i64,
    pub rice: Product,
}

impl Store {
    pub fn open() -> Self {
        let store = Self::just_filled();
        // The looks of the tests are later than the creation of their products, and no movement is near them.
        store.app.advance(3_600);
        store
    }

    /// The same, with the clock of the database.
    pub fn just_filled() -> Self {
        let app = TestApp::start();
        let rice = app.product("rice", 10.0, 100);
        let main = app.main_location();
        Self { admin: app.admin(), app, main, rice }
    }

    /// Opens a count of `main` with further fields.
    pub fn create(&self, fields: &Value) -> Reply {
        let mut body = json!({"location_id": self.main, "scope": {"all": true}});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.admin.post("/counts", &body)
    }

    pub fn count(&self) -> Value {
        self.create(&json!({})).expect(201).json()
    }

    pub fn act(&self, count: &Value, act: &str, body: &Value) -> Reply {
        self.admin.post(&path(count, act), body)
    }

    /// Enters units of rice that were counted at this time, or now.
    pub fn enter(&self, count: &Value, quantity: i64, at: Option<DateTime<Utc>>) -> Value {
        self.act(count, "entries", &json!({"entries": [self.entry(quantity, at)]})).expect(200).json()
    }

    pub fn entry(&self, quantity: i64, at: Option<DateTime<Utc>>) -> Value {
        json!({"product_id": self.rice.id, "quantity": quantity, "counted_at": at.map(|at| at.to_rfc3339())})
    }

    pub fn submit(&self, count: &Value) -> Value {
        self.act(count, "submit", &json!({})).expect(200).json()
    }

    pub fn post(&self, count: &Value) -> Value {
        self.act(count, "post", &json!({})).expect(200).json()
    }

    /// Counts this number of units of rice now, and posts them.
    pub fn count_and_post(&self, quantity: i64) -> Value {
        let count = self.count();
        self.enter(&count, quantity, None);
        self.submit(&count);
        self.post(&count)
    }

    pub fn sell(&self, quantity: i64) -> Value {
        let order = json!({"items": [{"product_id": self.rice.id, "quantity": quantity}]});
        self.app.customer("mara").post("/orders", &order).expect(201).json()
    }

    pub fn ship(&self, order: &Value, quantity: i64) {
        let lines = json!([{"item_id": order["items"][0]["id"], "quantity": quantity}]);
        self.admin.post(&format!("/orders/{}/shipments", order["id"]), &json!({"lines": lines})).expect(201);
    }

    /// The stock, the reserved and the committed units of rice in `main`.
    pub fn levels(&self) -> (i64, i64, i64) {
        let stock = self.admin.get(&format!("/inventory/products/{}/stock", self.rice.id)).expect(200).json();
        let of = |name: &str| stock["locations"][0][name].as_i64().unwrap();
        (of("stock_quantity"), of("reserved_quantity"), of("committed_quantity"))
    }

    /// The movements with a reference, oldest first: kind, change of the stock, and the time since which it holds.
    pub fn ledger(&self, reference: &Value) -> Vec<(String, i64, DateTime<Utc>)> {
        let path = format!("/inventory/movements?sort=id&reference_id={}", reference.as_str().unwrap());
        let list = self.admin.get(&path).expect(200).json();
        let row = |row: &Value| {
            (
                row["kind"].as_str().unwrap().to_owned(),
                row["stock_delta"].as_i64().unwrap(),
                moment(row, "effective_at"),
            )
        };
        list["items"].as_array().unwrap().iter().map(row).collect()
    }

    pub fn assert_verified(&self) {
        let verified = self.admin.get("/inventory/verify").expect(200).json();
        assert_eq!((&verified["ok"], &verified["violations"]), (&json!(true), &json!([])));
    }
}

pub fn path(count: &Value, act: &str) -> String {
    format!("/counts/{}/{act}", count["id"])
}

pub fn moment(body: &Value, field: &str) -> DateTime<Utc> {
    body[field].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no {field} in {body}"))
}

/// The time that is this number of seconds after a count was opened.
pub fn after(count: &Value, seconds: i64) -> DateTime<Utc> {
    moment(count, "created_at") + Duration::seconds(seconds)
}

/// The status of the first line, and its expected, counted and missing units.
pub fn first(count: &Value) -> (String, Option<i64>, Option<i64>, Option<i64>) {
    let line = &count["lines"][0];
    let of = |name: &str| line[name].as_i64();
    let status = line["status"].as_str().unwrap().to_owned();
    (status, of("expected_quantity"), of("counted_quantity"), of("variance"))
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    text: String,
}

/// The texts that a query selects as `text`.
pub fn texts(app: &TestApp, query: &str) -> Vec<String> {
    let rows: Vec<TextRow> = diesel::sql_query(query).load(&mut app.connection()).unwrap();
    rows.into_iter().map(|row| row.text).collect()
}
