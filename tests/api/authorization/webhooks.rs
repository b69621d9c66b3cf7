//! The calls of the operations on webhooks.

use super::World;
use super::calls::Call;
use crate::common::{Value, json};

const URL: &str = "https://shop.example.com/events";

impl World {
    pub(super) fn webhook_call(&self, operation: &str) -> Option<Call> {
        let new = || json!({"url": URL});
        let of = |rest: &str| {
            let webhook: Value = self.admin.post("/webhooks", &new()).expect(201).json();
            format!("/webhooks/{}{rest}", webhook["id"])
        };
        Some(match operation {
            "GET /webhooks" => Call::new("GET", "/webhooks"),
            "POST /webhooks" => Call::new("POST", "/webhooks").with(new()),
            "GET /webhooks/{id}" => Call::new("GET", of("")),
            "PATCH /webhooks/{id}" => Call::new("PATCH", of("")).with(json!({"description": "ERP"})),
            "DELETE /webhooks/{id}" => Call::new("DELETE", of("")),
            "POST /webhooks/{id}/rotate-secret" => Call::new("POST", of("/rotate-secret")),
            "POST /webhooks/{id}/test" => Call::new("POST", of("/test")),
            "GET /webhooks/{id}/deliveries" => Call::new("GET", of("/deliveries")),
            "POST /webhooks/{id}/replay" => Call::new("POST", of("/replay")).with(json!({"after": "0"})),
            _ => return None,
        })
    }
}
