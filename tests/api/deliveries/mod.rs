//! Shipments that arrive or get lost, orders that the buyer collects, and the papers of orders.

mod papers;
mod pickup;
mod refusals;
mod story;
mod verify;

use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, Value, json};

/// A store with 1,000 units of rice at 10.00.
struct Shop {
    app: TestApp,
    rice: Product,
    mara: Client,
    /// Staff who may read and change orders.
    clerk: Client,
}

impl Shop {
    fn open() -> Self {
        let app = TestApp::start();
        let rice = app.product("rice", 10.0, 1_000);
        let (mara, clerk) = (app.customer("mara"), app.staff(&["orders:read", "orders:update"]));
        Self { app, rice, mara, clerk }
    }

    fn order(&self, quantity: i64) -> Value {
        self.mara.order_now(&self.rice, quantity).expect(201).json()
    }

    fn post(&self, order: &Value, verb: &str, body: &Value) -> Reply {
        self.clerk.post(&format!("/orders/{}/{verb}", order["id"]), body)
    }

    /// Ships units of the first item. Returns the shipment.
    fn ship(&self, order: &Value, quantity: i64) -> Value {
        let lines = json!([{"item_id": order["items"][0]["id"], "quantity": quantity}]);
        self.post(order, "shipments", &json!({"lines": lines})).expect(201).json()
    }

    fn cancel_units(&self, order: &Value, quantity: i64) -> Value {
        let lines = json!([{"item_id": order["items"][0]["id"], "quantity": quantity}]);
        self.post(order, "cancel-lines", &json!({"lines": lines, "reason": "Changed my mind"})).expect(200).json()
    }

    fn act(&self, shipment: &Value, act: &str, body: &Value) -> Reply {
        self.clerk.post(&format!("/shipments/{}/{act}", shipment["id"]), body)
    }

    fn deliver(&self, shipment: &Value) -> Value {
        self.act(shipment, "delivered", &json!({})).expect(200).json()
    }

    fn lose(&self, shipment: &Value) -> Value {
        self.act(shipment, "lost", &json!({"reason": "The van burnt"})).expect(200).json()
    }

    fn patch(&self, shipment: &Value, body: &Value) -> Reply {
        self.clerk.patch(&format!("/shipments/{}", shipment["id"]), body)
    }

    fn status(&self, order: &Value) -> String {
        self.app.status(order).0
    }

    /// The statuses of an order, the oldest first.
    fn steps(&self, order: &Value) -> Vec<String> {
        self.app.history(order).iter().map(|step| step["to"].as_str().unwrap().to_owned()).collect()
    }

    /// The audit of an order without the history of its status, the oldest first.
    fn audit(&self, order: &Value) -> Vec<String> {
        let audit = self.app.admin().get(&format!("/audit?entity=Order&entity_id={}", order["id"])).expect(200).json();
        let entries = audit["items"].as_array().unwrap().iter().rev();
        entries.map(|entry| entry["detail"].as_str().unwrap().to_owned()).collect()
    }
}

/// The statuses of the shipments of an order.
fn statuses(order: &Value) -> Vec<&str> {
    order["shipments"].as_array().unwrap().iter().map(|shipment| shipment["status"].as_str().unwrap()).collect()
}
