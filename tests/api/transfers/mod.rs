//! Transfers between the places of a store.

mod large;
mod plans;
mod receipts;
mod refusals;
mod story;
mod verify;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, Value, json};

/// A store with a second place, `shop`, and rice in `main`.
pub struct Stores {
    pub app: TestApp,
    pub admin: Client,
    pub main: i64,
    pub shop: i64,
    pub rice: Product,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl Stores {
    pub fn open() -> Self {
        let app = TestApp::start();
        let rice = app.product("rice", 10.0, 100);
        let shop = app.add_location("shop");
        let main = app.main_location();
        Self { admin: app.admin(), app, main, shop, rice }
    }

    /// A draft of this number of units of rice to the shop.
    pub fn draft(&self, quantity: i64) -> Value {
        self.create(&json!({"lines": [{"product_id": self.rice.id, "quantity": quantity}]})).expect(201).json()
    }

    /// Plans a transfer to the shop, with further fields.
    pub fn create(&self, fields: &Value) -> Reply {
        let mut body = json!({"from_location_id": self.main, "to_location_id": self.shop});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.admin.post("/transfers", &body)
    }

    pub fn ready(&self, quantity: i64) -> Value {
        let draft = self.draft(quantity);
        self.act(&draft, "ready", &json!({})).expect(200).json()
    }

    pub fn sent(&self, quantity: i64) -> Value {
        let ready = self.ready(quantity);
        self.act(&ready, "send", &json!({})).expect(200).json()
    }

    pub fn act(&self, transfer: &Value, act: &str, body: &Value) -> Reply {
        self.admin.post(&format!("/transfers/{}/{act}", transfer["id"]), body)
    }

    /// Receives units of the first line.
    pub fn receive(&self, transfer: &Value, accepted: i64, rejected: i64) -> Reply {
        let line = &transfer["lines"][0]["id"];
        let lines = json!([{"line_id": line, "accepted": accepted, "rejected": rejected}]);
        self.act(transfer, "receive", &json!({"lines": lines}))
    }

    /// Settles units of the first line.
    pub fn settle(&self, transfer: &Value, quantity: i64, outcome: &str) -> Reply {
        let lines = json!([{"line_id": transfer["lines"][0]["id"], "quantity": quantity, "outcome": outcome}]);
        self.act(transfer, "settle", &json!({"lines": lines, "reason": "The carrier reports it"}))
    }

    /// Reverses the last receipt.
    pub fn reverse(&self, transfer: &Value) -> Reply {
        let receipts = transfer["receipts"].as_array().unwrap();
        let number = receipts.last().unwrap()["receipt_number"].as_str().unwrap();
        self.act(transfer, &format!("receipts/{number}/reverse"), &json!({"reason": "Counted wrong"}))
    }

    /// The stock and the reserved units of rice in `main`, and its stock in the shop, its quarantine and its transit.
    pub fn levels(&self) -> (i64, i64, i64, i64, i64) {
        let of = |column: &str, at: &str| {
            let text = format!(
                "SELECT COALESCE(SUM(s.{column}), 0)::int8 AS number FROM stock_levels s \
                 JOIN locations l ON l.store_id = s.store_id AND l.id = s.location_id \
                 JOIN variants v ON v.store_id = s.store_id AND v.id = s.variant_id \
                 WHERE v.product_id = {} AND {at}",
                self.rice.id
            );
            number(&self.app, &text)
        };
        let child = |kind: &str| format!("l.parent_id = {} AND l.kind = '{kind}'", self.shop);
        let (main, shop) = (format!("l.id = {}", self.main), format!("l.id = {}", self.shop));
        (
            of("stock_quantity", &main),
            of("reserved_quantity", &main),
            of("stock_quantity", &shop),
            of("stock_quantity", &child("quarantine")),
            of("stock_quantity", &child("transit")),
        )
    }

    /// The movements with a reference, oldest first: kind, location, change of the stock, change of the reserved units.
    pub fn ledger(&self, reference: &Value) -> Vec<(String, i64, i64, i64)> {
        let path = format!("/inventory/movements?sort=id&reference_id={}", reference.as_str().unwrap());
        let list = self.admin.get(&path).expect(200).json();
        let row = |row: &Value| {
            let number = |name: &str| row[name].as_i64().unwrap();
            (
                row["kind"].as_str().unwrap().to_owned(),
                number("location_id"),
                number("stock_delta"),
                number("reserved_delta"),
            )
        };
        list["items"].as_array().unwrap().iter().map(row).collect()
    }

    /// The quarantine or the transit of the shop.
    pub fn child(&self, kind: &str) -> i64 {
        let text = format!("SELECT id AS number FROM locations WHERE parent_id = {} AND kind = '{kind}'", self.shop);
        number(&self.app, &text)
    }

    pub fn assert_verified(&self) {
        let verified = self.admin.get("/inventory/verify").expect(200).json();
        assert_eq!((&verified["ok"], &verified["violations"]), (&json!(true), &json!([])));
    }
}

fn number(app: &TestApp, text: &str) -> i64 {
    let row: Number = diesel::sql_query(text).get_result(&mut app.connection()).unwrap();
    row.number
}

/// The fate of the units of the first line: sent, over, accepted, rejected, lost, returned, outstanding.
pub fn fate(transfer: &Value) -> [i64; 7] {
    let line = &transfer["lines"][0];
    ["sent", "over", "accepted", "rejected", "lost", "returned", "outstanding"]
        .map(|count| line[format!("{count}_quantity")].as_i64().unwrap())
}
