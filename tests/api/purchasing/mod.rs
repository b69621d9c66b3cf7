//! Suppliers, purchase orders, and what to order next.

mod availability;
mod orders;
mod refusals;
mod reorder;
mod story;
mod suppliers;
mod verify;

use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, Value, json};

/// A store with a supplier that sells rice in packs of 6 for 7.00, within 5 days.
pub struct Shop {
    pub app: TestApp,
    pub admin: Client,
    pub main: i64,
    pub rice: Product,
    pub supplier: i64,
}

impl Shop {
    pub fn open() -> Self {
        let app = TestApp::start();
        let rice = app.product("rice", 10.0, 20);
        let admin = app.admin();
        let supplier = json!({"code": "acme", "name": "Acme Foods", "lead_time_days": 5});
        let supplier = admin.post("/suppliers", &supplier).expect(201).id();
        let item = json!({"product_id": rice.id, "unit_cost": 7, "pack_quantity": 6});
        admin.post(&format!("/suppliers/{supplier}/items"), &item).expect(201);
        Self { main: app.main_location(), app, admin, rice, supplier }
    }

    /// A draft for `main`, with further fields.
    pub fn create(&self, fields: &Value) -> Reply {
        let mut body = json!({"supplier_id": self.supplier, "location_id": self.main});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.admin.post("/purchase-orders", &body)
    }

    /// A draft of this number of units of rice.
    pub fn draft(&self, quantity: i64) -> Value {
        self.create(&json!({"lines": [{"product_id": self.rice.id, "quantity": quantity}]})).expect(201).json()
    }

    pub fn ordered(&self, quantity: i64) -> Value {
        let draft = self.draft(quantity);
        self.act(&draft, "order", &json!({})).expect(200).json()
    }

    pub fn act(&self, order: &Value, act: &str, body: &Value) -> Reply {
        act_by(&self.admin, order, act, body)
    }

    /// Receives units of the first line.
    pub fn receive(&self, order: &Value, accepted: i64, rejected: i64) -> Reply {
        self.act(order, "receive", &arrival(order, accepted, rejected))
    }

    /// Reverses the last receipt.
    pub fn reverse(&self, order: &Value) -> Reply {
        self.act(order, &format!("receipts/{}/reverse", last_receipt(order)), &json!({"reason": "Counted wrong"}))
    }

    /// Rice at `main`: stock, quarantined and incoming units.
    pub fn levels(&self) -> [i64; 3] {
        let stock = self.admin.get(&format!("/inventory/products/{}/stock", self.rice.id)).expect(200).json();
        let at_main = stock["locations"].as_array().unwrap().iter().find(|row| row["location_id"] == self.main);
        ["stock", "quarantined", "incoming"]
            .map(|quantity| at_main.unwrap()[format!("{quantity}_quantity")].as_i64().unwrap())
    }

    /// The movements with a reference, oldest first: kind, change of the stock, reason.
    pub fn ledger(&self, reference: &str) -> Vec<(String, i64, Value)> {
        let list = self.admin.get(&format!("/inventory/movements?sort=id&reference_id={reference}")).expect(200).json();
        let row = |row: &Value| {
            (row["kind"].as_str().unwrap().to_owned(), row["stock_delta"].as_i64().unwrap(), row["reason"].clone())
        };
        list["items"].as_array().unwrap().iter().map(row).collect()
    }

    pub fn assert_verified(&self) {
        let verified = self.admin.get("/inventory/verify").expect(200).json();
        assert_eq!((&verified["ok"], &verified["violations"]), (&json!(true), &json!([])));
    }
}

pub fn act_by(client: &Client, order: &Value, act: &str, body: &Value) -> Reply {
    client.post(&format!("/purchase-orders/{}/{act}", order["id"]), body)
}

/// The body of a receipt of the first line.
pub fn arrival(order: &Value, accepted: i64, rejected: i64) -> Value {
    json!({"lines": [{"line_id": order["lines"][0]["id"], "accepted": accepted, "rejected": rejected}]})
}

pub fn last_receipt(order: &Value) -> &str {
    order["receipts"].as_array().unwrap().last().unwrap()["receipt_number"].as_str().unwrap()
}

/// The fate of the units of a line: ordered, over, accepted, rejected, cancelled, outstanding.
pub fn fate(order: &Value, line: usize) -> [i64; 6] {
    let line = &order["lines"][line];
    [
        "quantity",
        "over_quantity",
        "accepted_quantity",
        "rejected_quantity",
        "cancelled_quantity",
        "outstanding_quantity",
    ]
    .map(|count| line[count].as_i64().unwrap())
}

/// The day that is this number of days after the clock of the test.
pub fn day(app: &TestApp, days: i64) -> String {
    let now = chrono::Utc::now() + chrono::Duration::seconds(app.seconds_advanced());
    (now.date_naive() + chrono::Duration::days(days)).to_string()
}
