//! Goods that were delivered and come back.

use super::{Call, Goods};
use crate::common::{Client, TestApp, Value, json};

/// An order of 5 delivered units. Two of them are in a requested return, and two in an approved one.
pub struct Returned {
    order: Value,
    requested: Value,
    approved: Value,
}

impl Returned {
    pub fn open(app: &TestApp, mara: &Client) -> Self {
        let (admin, moong) = (app.admin(), app.product("moong", 6.0, 10));
        let order = mara.order_now(&moong, 5).expect(201).json();
        let path = format!("/orders/{}", order["id"]);
        let shipment = admin.post(&format!("{path}/shipments"), &json!({})).expect(201).id();
        admin.post_nothing(&format!("/shipments/{shipment}/delivered")).expect(200);
        let ask = |client: &Client| client.post(&format!("{path}/returns"), &asked(&order, 2)).expect(201).json();
        Self { requested: ask(mara), approved: ask(&admin), order }
    }
}

fn asked(order: &Value, quantity: i64) -> Value {
    json!({"lines": [{"item_id": order["items"][0]["id"], "quantity": quantity, "reason": "Too old"}]})
}

impl Goods {
    pub(super) fn return_calls(&self) -> Vec<Call> {
        let Returned { order, requested, approved } = &self.returned;
        let arrived = json!([{"line_id": approved["lines"][0]["id"], "restock": 1}]);
        let cancel = json!([{"item_id": self.order["items"][0]["id"], "quantity": 1}]);
        let items = json!([{"product_id": self.rice, "quantity": 1}]);
        vec![
            Call::new("GET /orders/{id}/returns", &[&order["id"]], Value::Null),
            Call::new("POST /orders/{id}/returns", &[&order["id"]], asked(order, 1)),
            Call::new("GET /returns/{id}", &[&requested["id"]], Value::Null),
            Call::new("POST /returns/{id}/approve", &[&requested["id"]], json!({})),
            Call::new("POST /returns/{id}/reject", &[&requested["id"]], json!({"reason": "Worn"})),
            Call::new("POST /returns/{id}/cancel", &[&approved["id"]], json!({})),
            Call::new(
                "POST /returns/{id}/receive",
                &[&approved["id"]],
                json!({"location_id": self.main, "lines": arrived}),
            ),
            Call::new("POST /orders/{id}/exchange", &[&self.order["id"]], json!({"cancel": cancel, "items": items})),
        ]
    }
}
