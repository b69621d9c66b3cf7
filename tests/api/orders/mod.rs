//! Orders after they were placed.

mod audit;
mod lists;
mod payments;
mod shipments;
mod statistics;
mod status;

use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, Value, json};

/// A store with a large stock of one product at 10.00.
struct Shop {
    app: TestApp,
    rice: Product,
    mara: Client,
    address: i64,
    /// Staff who may read and change orders and confirm payments.
    clerk: Client,
}

impl Shop {
    fn open() -> Self {
        let app = TestApp::start();
        let rice = app.product("rice", 10.00, 1_000);
        let mara = app.customer("mara");
        let address = mara.address();
        let clerk = app.staff(&["orders:read", "orders:update", "payments:confirm"]);
        Self { app, rice, mara, address, clerk }
    }

    /// An order through the cart, `pending` and not paid.
    fn order(&self, quantity: i64) -> Value {
        self.mara.add_to_cart(&self.rice, quantity);
        self.mara.checkout_to(self.address).expect(201).json()
    }

    fn put(&self, order: &Value, body: &Value) -> Reply {
        self.clerk.put(&format!("/orders/{}", order["id"]), body)
    }

    fn set_status(&self, order: &Value, status: &str) -> Reply {
        self.put(order, &json!({"status": status}))
    }

    /// An order in this status, reached by legal steps.
    fn order_at(&self, status: &str) -> Value {
        let order = self.order(1);
        let way: &[&str] = match status {
            "pending" => &[],
            "processing" => &["processing"],
            "shipped" => &["processing", "shipped"],
            "delivered" => &["processing", "shipped", "delivered"],
            _ => &["cancelled"],
        };
        for step in way {
            self.set_status(&order, step).expect(200);
        }
        order
    }

    fn post(&self, order: &Value, verb: &str, body: &Value) -> Reply {
        self.clerk.post(&format!("/orders/{}/{verb}", order["id"]), body)
    }

    fn confirm(&self, order: &Value, reference: &str) -> Reply {
        self.post(order, "payment/confirm", &json!({"payment_reference": reference}))
    }

    fn refund(&self, order: &Value, reference: &str, amount: Option<f64>) -> Reply {
        let mut body = json!({"refund_reference": reference});
        if let Some(amount) = amount {
            body["amount"] = json!(amount);
        }
        self.post(order, "refund", &body)
    }

    fn cancel(&self, order: &Value) -> Reply {
        self.mara.post_nothing(&format!("/orders/{}/cancel", order["id"]))
    }

    fn list(&self, query: &str) -> Value {
        self.clerk.get(&format!("/orders?{query}")).expect(200).json()
    }
}

fn ids(list: &Value) -> Vec<i64> {
    list["items"].as_array().unwrap().iter().map(|order| order["id"].as_i64().unwrap()).collect()
}

fn id(order: &Value) -> i64 {
    order["id"].as_i64().unwrap()
}
