//! Holds of stock: orders that wait for a payment, carts, reservations.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::{Value, json};

use super::app::TestApp;
use super::client::Client;
use super::reply::Reply;
use super::shop::Product;

impl TestApp {
    /// Turns on the holds of carts in the default store.
    pub fn hold_carts(&self) {
        self.set_store(&json!({"hold_cart_items": true}));
    }

    /// Staff who may only confirm payments.
    pub fn cashier(&self) -> Client {
        self.staff(&["payments:confirm"])
    }

    /// The available quantity that every caller sees.
    pub fn available(&self, product: &Product) -> i64 {
        let shown = self.guest().get(&format!("/inventory/products/{}", product.id)).expect(200).json();
        shown["available_quantity"].as_i64().unwrap()
    }

    /// Nothing is held, this number of units is sold, and the ledger is clean.
    #[track_caller]
    pub fn assert_sold(&self, product: &Product, stock: i64, sold: i64) {
        assert_eq!(self.stock(product), (stock - sold, 0, sold));
        self.audit();
    }

    /// The order as it is now.
    pub fn order(&self, order: &Value) -> Value {
        self.admin().get(&format!("/orders/{}", order["id"])).expect(200).json()
    }

    /// Status and payment status of an order as it is now.
    pub fn status(&self, order: &Value) -> (String, String) {
        let order = self.order(order);
        let text = |name: &str| order[name].as_str().unwrap().to_owned();
        (text("status"), text("payment_status"))
    }

    pub fn history(&self, order: &Value) -> Vec<Value> {
        let history = self.admin().get(&format!("/orders/{}/history", order["id"])).expect(200).json();
        history.as_array().unwrap().clone()
    }

    /// Sets the deadline of every hold, and of its order or reservation, to this number of microseconds from now. Races around
    /// a deadline need more precision than seconds.
    pub fn fall_due_in(&self, microseconds: i64) {
        let offset = self.seconds_advanced();
        let mut conn = self.connection();
        for sql in [
            "UPDATE stock_holds SET expires_at = clock_timestamp() + $1 * interval '1 s' + $2 * interval '1 us' \
             WHERE state = 'active'",
            "UPDATE orders SET payment_expires_at = h.expires_at FROM stock_holds h WHERE h.state = 'active' \
             AND h.store_id = orders.store_id AND h.holder_kind = 'order' AND h.holder_id = orders.id",
            "UPDATE reservations SET expires_at = h.expires_at FROM stock_holds h WHERE h.state = 'active' \
             AND h.store_id = reservations.store_id AND h.holder_kind = 'reservation' AND h.holder_id = reservations.id",
        ] {
            let query = diesel::sql_query(sql);
            if sql.contains("$1") {
                query.bind::<BigInt, _>(offset).bind::<BigInt, _>(microseconds).execute(&mut conn).unwrap();
            } else {
                query.execute(&mut conn).unwrap();
            }
        }
    }
}

/// The actions of customers and services.
impl Client {
    /// An order of one product that is paid by a method sold at payment.
    pub fn order_upi(&self, product: &Product, quantity: i64) -> Value {
        let items = json!([{"product_id": product.id, "quantity": quantity}]);
        self.post("/orders", &json!({"items": items, "payment_method": "upi"})).expect(201).json()
    }

    /// Buys one product without a cart, sold at once. The caller checks the answer.
    pub fn order_now(&self, product: &Product, quantity: i64) -> Reply {
        self.post("/orders", &json!({"items": [{"product_id": product.id, "quantity": quantity}]}))
    }

    /// Confirms the payment of an order.
    pub fn confirm(&self, order: &Value, reference: &str) -> Reply {
        self.post(&format!("/orders/{}/payment/confirm", order["id"]), &json!({"payment_reference": reference}))
    }

    pub fn cancel(&self, order: &Value) -> Reply {
        self.post_nothing(&format!("/orders/{}/cancel", order["id"]))
    }

    /// Adds a product to the cart. The caller checks the answer.
    pub fn try_add(&self, product: &Product, quantity: i64) -> Reply {
        self.post("/cart/items", &json!({"product_id": product.id, "quantity": quantity}))
    }

    pub fn cart(&self) -> Value {
        self.get("/cart").expect(200).json()
    }

    /// Reserves one product for 900 seconds. The caller checks the answer.
    pub fn reserve(&self, product: &Product, quantity: i64) -> Reply {
        let items = json!([{"product_id": product.id, "quantity": quantity}]);
        self.post("/reservations", &json!({"items": items, "reference_id": "job-1"}))
    }
}
