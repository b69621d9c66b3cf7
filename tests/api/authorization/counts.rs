//! The calls of the operations on counts.

use super::World;
use super::calls::Call;
use crate::common::{Value, json};

impl World {
    pub(super) fn count_call(&self, operation: &str) -> Option<Call> {
        let act = |count: &Value, act: &str| Call::new("POST", format!("/counts/{}/{act}", count["id"]));
        let read = |of: &str| Call::new("GET", format!("/counts/{}{of}", self.count(&[])["id"]));
        Some(match operation {
            "GET /counts" => Call::new("GET", "/counts"),
            "POST /counts" => Call::new("POST", "/counts").with(self.count_plan()),
            "GET /counts/{id}" => read(""),
            "GET /counts/{id}/entries" => read("/entries"),
            "GET /counts/{id}/variances" => read("/variances"),
            "POST /counts/{id}/entries" => {
                let count = self.count(&[]);
                let entry = json!({"product_id": count["lines"][0]["product_id"], "quantity": 99});
                act(&count, "entries").with(json!({"entries": [entry]}))
            }
            "POST /counts/{id}/submit" => act(&self.count(&["entries"]), "submit"),
            "POST /counts/{id}/lines/{n}/recount" => act(&self.count(&["entries", "submit"]), "lines/1/recount"),
            "POST /counts/{id}/cancel" => act(&self.count(&[]), "cancel"),
            "POST /counts/{id}/post" => act(&self.count(&["entries", "submit"]), "post"),
            _ => return None,
        })
    }

    fn count_plan(&self) -> Value {
        json!({"location_id": self.app.main_location(), "scope": {"products": [self.product().id]}})
    }

    /// A count of one product after these acts. As many units were counted as there are.
    fn count(&self, acts: &[&str]) -> Value {
        let count = self.admin.post("/counts", &self.count_plan()).expect(201).json();
        let entry = json!({"product_id": count["lines"][0]["product_id"], "quantity": 100});
        for act in acts {
            let body = if *act == "entries" { json!({"entries": [entry]}) } else { json!({}) };
            self.admin.post(&format!("/counts/{}/{act}", count["id"]), &body).expect(200);
        }
        count
    }
}
