//! The calls of the operations on returns and exchanges.

use super::World;
use super::calls::Call;
use crate::common::{Client, Value, json};

impl World {
    pub(super) fn return_call(&self, operation: &str) -> Option<Call> {
        let of = |document: &Value, rest: &str| format!("/returns/{}{rest}", document["id"]);
        Some(match operation {
            "POST /orders/{id}/returns" => {
                let order = self.delivered_order();
                Call::new("POST", format!("/orders/{}/returns", order["id"])).with(asked(&order))
            }
            "GET /orders/{id}/returns" => Call::new("GET", format!("/orders/{}/returns", self.order("cod"))),
            "POST /orders/{id}/exchange" => {
                let path = format!("/orders/{}", self.order("cod"));
                let item = self.admin.get(&path).expect(200).json()["items"][0]["id"].clone();
                let items = json!([{"product_id": self.product().id, "quantity": 1}]);
                let body = json!({"cancel": [{"item_id": item, "quantity": 1}], "items": items});
                Call::new("POST", format!("{path}/exchange")).with(body)
            }
            "GET /returns/{id}" => Call::new("GET", of(&self.new_return(&self.customer), "")),
            "POST /returns/{id}/approve" => Call::new("POST", of(&self.new_return(&self.customer), "/approve")),
            "POST /returns/{id}/reject" => {
                Call::new("POST", of(&self.new_return(&self.customer), "/reject")).with(json!({"reason": "Worn"}))
            }
            "POST /returns/{id}/cancel" => Call::new("POST", of(&self.new_return(&self.customer), "/cancel")),
            "POST /returns/{id}/receive" => {
                let document = self.new_return(&self.admin);
                let lines = json!([{"line_id": document["lines"][0]["id"], "restock": 1}]);
                let body = json!({"location_id": self.app.main_location(), "lines": lines});
                Call::new("POST", of(&document, "/receive")).with(body)
            }
            _ => return None,
        })
    }

    fn delivered_order(&self) -> Value {
        let path = format!("/orders/{}", self.order("cod"));
        let shipment = self.admin.post(&format!("{path}/shipments"), &json!({})).expect(201).id();
        self.admin.post_nothing(&format!("/shipments/{shipment}/delivered")).expect(200);
        self.admin.get(&path).expect(200).json()
    }

    fn new_return(&self, client: &Client) -> Value {
        let order = self.delivered_order();
        client.post(&format!("/orders/{}/returns", order["id"]), &asked(&order)).expect(201).json()
    }
}

fn asked(order: &Value) -> Value {
    json!({"lines": [{"item_id": order["items"][0]["id"], "quantity": 1, "reason": "Too small"}]})
}
