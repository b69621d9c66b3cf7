//! Returns of shipped units, and exchanges.

mod exchanges;
mod fees;
mod refusals;
mod story;
mod verify;
mod windows;

use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, Value, json};
use diesel::connection::SimpleConnection;

/// A store with 1,000 units of rice at 10.00, and a delivery for 20.00.
struct Shop {
    app: TestApp,
    rice: Product,
    mara: Client,
    /// Staff who may read and change orders and confirm payments.
    clerk: Client,
}

impl Shop {
    fn open() -> Self {
        let app = TestApp::start();
        app.set_store(&json!({"shipping_flat_rate": 20}));
        let rice = app.product("rice", 10.0, 1_000);
        let (mara, clerk) = (app.customer("mara"), app.staff(&["orders:read", "orders:update", "payments:confirm"]));
        Self { app, rice, mara, clerk }
    }

    /// A paid order of rice.
    fn paid_order(&self, quantity: i64) -> Value {
        self.pay(&self.mara.order_now(&self.rice, quantity).expect(201).json())
    }

    fn pay(&self, order: &Value) -> Value {
        let body = json!({"payment_reference": format!("pay-{}", order["id"])});
        self.post(order, "payment/confirm", &body).expect(200).json()
    }

    /// A paid order of rice that was delivered.
    fn delivered_order(&self, quantity: i64) -> Value {
        let order = self.paid_order(quantity);
        self.deliver(&order, quantity);
        order
    }

    fn post(&self, order: &Value, verb: &str, body: &Value) -> Reply {
        self.clerk.post(&format!("/orders/{}/{verb}", order["id"]), body)
    }

    /// Ships units of the first item and delivers them.
    fn deliver(&self, order: &Value, quantity: i64) {
        let lines = json!([{"item_id": item(order), "quantity": quantity}]);
        let shipment = self.post(order, "shipments", &json!({"lines": lines})).expect(201).id();
        self.clerk.post_nothing(&format!("/shipments/{shipment}/delivered")).expect(200);
    }

    /// A return by staff of units of the first item.
    fn return_units(&self, order: &Value, quantity: i64) -> Value {
        self.post(order, "returns", &asked(order, quantity)).expect(201).json()
    }

    fn receive(&self, document: &Value, units: Value) -> Reply {
        self.receive_at(self.app.main_location(), document, units)
    }

    /// Receives units of the first line.
    fn receive_at(&self, location: i64, document: &Value, units: Value) -> Reply {
        let mut line = units;
        line["line_id"] = document["lines"][0]["id"].clone();
        let body = json!({"location_id": location, "lines": [line]});
        self.clerk.post(&format!("/returns/{}/receive", document["id"]), &body)
    }

    /// Net total, received, used and due amount of an order.
    fn money(&self, order: &Value) -> [f64; 4] {
        let now = self.app.order(order);
        ["net_total", "received_amount", "credit_used_amount", "refund_due_amount"]
            .map(|name| now[name].as_f64().unwrap())
    }

    fn execute(&self, sql: &str) {
        self.app.connection().batch_execute(sql).unwrap();
    }
}

fn item(order: &Value) -> &Value {
    &order["items"][0]["id"]
}

/// The body of a return of units of the first item.
fn asked(order: &Value, quantity: i64) -> Value {
    json!({"lines": [{"item_id": item(order), "quantity": quantity, "reason": "Too small"}]})
}
