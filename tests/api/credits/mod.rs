//! Credits of orders: cancelled units, forgiven amounts, ended orders, and the money that is due back.

mod endings;
mod forgiven;
mod listed_refunds;
mod payments;
mod priced;
mod provider_refunds;
mod random;
mod refunds;
mod refusals;
mod reported_payments;
mod shared_refunds;
mod story;
mod verify;

use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, Value, json};

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
        Self::with(TestApp::start())
    }

    fn with(app: TestApp) -> Self {
        app.set_store(&json!({"shipping_flat_rate": 20}));
        let rice = app.product("rice", 10.0, 1_000);
        let (mara, clerk) = (app.customer("mara"), app.staff(&["orders:read", "orders:update", "payments:confirm"]));
        Self { app, rice, mara, clerk }
    }

    /// An order of rice that is sold at once.
    fn order(&self, quantity: i64) -> Value {
        self.mara.order_now(&self.rice, quantity).expect(201).json()
    }

    /// The same, paid with a reference of its own.
    fn paid_order(&self, quantity: i64) -> Value {
        let order = self.order(quantity);
        self.confirm(&order, &format!("pay-{}", order["id"])).expect(200).json()
    }

    fn post(&self, order: &Value, verb: &str, body: &Value) -> Reply {
        self.clerk.post(&format!("/orders/{}/{verb}", order["id"]), body)
    }

    fn confirm(&self, order: &Value, reference: &str) -> Reply {
        self.post(order, "payment/confirm", &json!({"payment_reference": reference}))
    }

    fn ship(&self, order: &Value, quantity: i64) -> Reply {
        let lines = json!([{"item_id": order["items"][0]["id"], "quantity": quantity}]);
        self.post(order, "shipments", &json!({"lines": lines}))
    }

    /// Cancels units of the first item.
    fn cancel_units(&self, order: &Value, quantity: i64) -> Reply {
        self.post(order, "cancel-lines", &cancellation(order, quantity))
    }

    fn forgive(&self, order: &Value, body: &Value) -> Reply {
        let mut body = body.clone();
        body["reason"] = json!("The box was wet");
        self.post(order, "credits", &body)
    }

    fn refund(&self, order: &Value, body: &Value) -> Reply {
        self.post(order, "refund", body)
    }

    fn credits(&self, order: &Value) -> Vec<Value> {
        let credits = self.clerk.get(&format!("/orders/{}/credits", order["id"])).expect(200).json();
        credits.as_array().unwrap().clone()
    }

    /// The totals of the credits of an order, the oldest first.
    fn totals(&self, order: &Value) -> Vec<f64> {
        self.credits(order).iter().map(|credit| credit["total"].as_f64().unwrap()).collect()
    }

    /// Net total, received, unapplied and due amount of an order.
    fn money(&self, order: &Value) -> [f64; 4] {
        let now = self.app.order(order);
        assert_eq!(now["refund_due"].as_bool().unwrap(), now["refund_due_amount"].as_f64().unwrap() > 0.0, "{now}");
        ["net_total", "received_amount", "unapplied_amount", "refund_due_amount"]
            .map(|name| now[name].as_f64().unwrap())
    }
}

/// Units of the first item.
fn cancellation(order: &Value, quantity: i64) -> Value {
    json!({"lines": [{"item_id": order["items"][0]["id"], "quantity": quantity}], "reason": "Changed my mind"})
}
