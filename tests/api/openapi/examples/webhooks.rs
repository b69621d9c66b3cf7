//! The examples of webhooks.

use super::Recorder;
use crate::common::{Client, Value, json};

pub fn webhooks(record: &mut Recorder, admin: &Client) {
    let new = json!({"url": "https://erp.example.com/stockroom", "types": ["order.placed", "order.cancelled"],
                     "description": "Orders for the ERP"});
    let webhook = record.call("createWebhook", admin, ("POST", "/webhooks"), new);
    let path = format!("/webhooks/{}", webhook["id"]);
    record.call("listWebhooks", admin, ("GET", "/webhooks"), Value::Null);
    record.call("getWebhook", admin, ("GET", &path), Value::Null);
    record.call("updateWebhook", admin, ("PATCH", &path), json!({"types": ["order.placed"]}));
    record.call("rotateWebhookSecret", admin, ("POST", &format!("{path}/rotate-secret")), Value::Null);
    let test = record.call("testWebhook", admin, ("POST", &format!("{path}/test")), Value::Null);
    record.call("listWebhookDeliveries", admin, ("GET", &format!("{path}/deliveries?state=pending")), Value::Null);
    let again = json!({"delivery_id": test["id"]});
    record.call("replayWebhook", admin, ("POST", &format!("{path}/replay")), again);
    record.call("deleteWebhook", admin, ("DELETE", &path), Value::Null);
    record.refuse(admin, ("GET", "/webhooks/999"), Value::Null, "WEBHOOK_NOT_FOUND");
}
