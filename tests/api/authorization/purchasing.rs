//! The calls of the operations of purchasing.

use super::World;
use super::calls::Call;
use crate::common::{Value, json};

impl World {
    pub(super) fn supplier_call(&self, operation: &str) -> Option<Call> {
        let of = |rest: &str| format!("/suppliers/{}{rest}", self.supplier());
        let item = |product: i64| json!({"product_id": product, "unit_cost": 3});
        let one_item = || {
            let supplier = self.supplier();
            let path = format!("/suppliers/{supplier}/items");
            format!("{path}/{}", self.admin.post(&path, &item(self.product().id)).expect(201).id())
        };
        Some(match operation {
            "GET /suppliers" => Call::new("GET", "/suppliers"),
            "POST /suppliers" => Call::new("POST", "/suppliers").with(json!({"code": self.fresh(), "name": "New"})),
            "GET /suppliers/{id}" => Call::new("GET", of("")),
            "PATCH /suppliers/{id}" => Call::new("PATCH", of("")).with(json!({"name": "Other"})),
            "GET /suppliers/{id}/items" => Call::new("GET", of("/items")),
            "POST /suppliers/{id}/items" => Call::new("POST", of("/items")).with(item(self.product().id)),
            "PATCH /suppliers/{id}/items/{item_id}" => Call::new("PATCH", one_item()).with(json!({"unit_cost": 4})),
            "DELETE /suppliers/{id}/items/{item_id}" => Call::new("DELETE", one_item()),
            _ => return None,
        })
    }

    pub(super) fn purchase_call(&self, operation: &str) -> Option<Call> {
        let act = |order: &Value, act: &str| Call::new("POST", format!("/purchase-orders/{}/{act}", order["id"]));
        let arrival = |order: &Value| json!({"lines": [{"line_id": order["lines"][0]["id"], "accepted": 1}]});
        let receipt = || {
            let order = self.purchase(&["order"]);
            let path = format!("/purchase-orders/{}/receive", order["id"]);
            let received = self.admin.post(&path, &arrival(&order)).expect(200).json();
            let number = received["receipts"][0]["receipt_number"].as_str().unwrap().to_owned();
            (order, number)
        };
        Some(match operation {
            "GET /purchase-orders" => Call::new("GET", "/purchase-orders"),
            "POST /purchase-orders" => Call::new("POST", "/purchase-orders").with(self.purchase_plan()),
            "GET /purchase-orders/{id}" => Call::new("GET", format!("/purchase-orders/{}", self.purchase(&[])["id"])),
            "PATCH /purchase-orders/{id}" => {
                let path = format!("/purchase-orders/{}", self.purchase(&[])["id"]);
                Call::new("PATCH", path).with(json!({"notes": "Fragile"}))
            }
            "POST /purchase-orders/{id}/order" => act(&self.purchase(&[]), "order"),
            "POST /purchase-orders/{id}/draft" => act(&self.purchase(&["order"]), "draft"),
            "POST /purchase-orders/{id}/cancel" => act(&self.purchase(&["order"]), "cancel"),
            "POST /purchase-orders/{id}/close" => {
                act(&self.purchase(&["order"]), "close").with(json!({"reason": "Late"}))
            }
            "POST /purchase-orders/{id}/receive" => {
                let order = self.purchase(&["order"]);
                act(&order, "receive").with(arrival(&order))
            }
            "POST /purchase-orders/{id}/receipts/{number}/reverse" => {
                let (order, number) = receipt();
                act(&order, &format!("receipts/{number}/reverse")).with(json!({"reason": "Counted wrong"}))
            }
            "POST /purchase-orders/{id}/receipts/{number}/costs" => {
                let (order, number) = receipt();
                let costs = json!({"lines": [{"line_id": order["lines"][0]["id"], "unit_cost": 4}]});
                act(&order, &format!("receipts/{number}/costs")).with(costs)
            }
            _ => return None,
        })
    }

    fn supplier(&self) -> i64 {
        self.admin.post("/suppliers", &json!({"code": self.fresh(), "name": "Supplier"})).expect(201).id()
    }

    fn purchase_plan(&self) -> Value {
        let lines = json!([{"product_id": self.product().id, "quantity": 1, "unit_cost": 3}]);
        json!({"supplier_id": self.supplier(), "location_id": self.app.main_location(), "lines": lines})
    }

    /// A purchase order of one unit after these acts.
    fn purchase(&self, acts: &[&str]) -> Value {
        let draft = self.admin.post("/purchase-orders", &self.purchase_plan()).expect(201).json();
        for act in acts {
            self.admin.post(&format!("/purchase-orders/{}/{act}", draft["id"]), &json!({})).expect(200);
        }
        draft
    }
}
