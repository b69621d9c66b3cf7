//! The examples of alerts, templates of mails, and stock notices.

use super::Recorder;
use crate::common::{Client, Value, json};

pub fn alerts(record: &mut Recorder, guest: &Client, admin: &Client) {
    let new = json!({"kind": "low_stock", "filter": {"category": "Grocery"}, "to": ["mail:buyer@example.com"],
                     "digest": "daily"});
    let made = record.call("createAlert", admin, ("POST", "/alerts"), new);
    let path = format!("/alerts/{}", made["id"]);
    record.call("listAlerts", admin, ("GET", "/alerts"), Value::Null);
    record.call("getAlert", admin, ("GET", &path), Value::Null);
    record.call("updateAlert", admin, ("PATCH", &path), json!({"digest": "hourly"}));
    record.call("deleteAlert", admin, ("DELETE", &path), Value::Null);
    record.refuse(admin, ("GET", &path), Value::Null, "ALERT_NOT_FOUND");
    let notice = json!({"email": "mara@example.com", "size": "M"});
    record.call("requestStockNotice", guest, ("POST", "/inventory/products/tee-red/notify"), notice);
    let template = "/stores/STORE-NORTH/mail-templates/order_paid/en";
    let own = json!({
        "subject": "Thank you: {{ order.number }} is paid",
        "text": "Dear {{ order.customer_name or 'customer' }},\n\nwe received {{ order.total }}.\n\n{{ store.name }}\n",
        "html": "<p>Dear {{ order.customer_name or 'customer' }},</p><p>we received {{ order.total }}.</p>",
    });
    record.call("replaceMailTemplate", admin, ("PUT", template), own);
    record.call("getMailTemplate", admin, ("GET", template), Value::Null);
    record.call("deleteMailTemplate", admin, ("DELETE", template), Value::Null);
}
