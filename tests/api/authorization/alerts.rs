//! The calls of the operations on alerts and templates of mails.

use super::World;
use super::calls::Call;
use crate::common::json;

impl World {
    pub(super) fn alert_call(&self, operation: &str) -> Option<Call> {
        let template = format!("/stores/{}/mail-templates/order_paid/en", self.app.store);
        let parts = json!({"subject": "Paid", "text": "Paid", "html": "<p>Paid</p>"});
        let new = json!({"kind": "low_stock", "to": ["mail:ann@example.com"]});
        let alert = || format!("/alerts/{}", self.admin.post("/alerts", &new).expect(201).id());
        Some(match operation {
            "GET /alerts" => Call::new("GET", "/alerts"),
            "POST /alerts" => Call::new("POST", "/alerts").with(new.clone()),
            "GET /alerts/{id}" => Call::new("GET", alert()),
            "PATCH /alerts/{id}" => Call::new("PATCH", alert()).with(json!({"digest": "daily"})),
            "DELETE /alerts/{id}" => Call::new("DELETE", alert()),
            "GET /stores/{id}/mail-templates/{name}/{language}" => Call::new("GET", template),
            "PUT /stores/{id}/mail-templates/{name}/{language}" => Call::new("PUT", template).with(parts),
            "DELETE /stores/{id}/mail-templates/{name}/{language}" => {
                self.admin.put(&template, &parts).expect(200);
                Call::new("DELETE", template)
            }
            _ => return None,
        })
    }
}
