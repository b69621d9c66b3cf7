//! Webhooks: events for other systems, sent to a real receiver.

mod delivering;
mod failing;
mod guide;
mod managing;
mod private_addresses;
mod replaying;
mod sharing;

use crate::common::{Client, TestApp, Value, json};

/// A server whose webhooks may call the receivers of the tests.
fn start() -> TestApp {
    TestApp::with(|settings| settings.webhooks.allow_private = true)
}

/// A new webhook for events of these types, as its creation is answered.
fn webhook(admin: &Client, url: &str, types: &[&str]) -> Value {
    admin.post("/webhooks", &json!({"url": url, "types": types})).expect(201).json()
}

/// The deliveries of a webhook, oldest first.
fn deliveries(admin: &Client, webhook: &Value) -> Vec<Value> {
    let path = format!("/webhooks/{}/deliveries?sort=id&limit=100", webhook["id"]);
    admin.get(&path).expect(200).json()["items"].as_array().unwrap().clone()
}

fn get(admin: &Client, webhook: &Value) -> Value {
    admin.get(&format!("/webhooks/{}", webhook["id"])).expect(200).json()
}

/// The statuses of the attempts of a delivery. Null without a response.
fn statuses(delivery: &Value) -> Vec<Value> {
    delivery["attempts"].as_array().unwrap().iter().map(|attempt| attempt["status"].clone()).collect()
}
