//! Invalid rules are refused with the field that is wrong.

use super::Office;
use crate::common::{Value, json};

fn with(fields: &Value) -> Value {
    let mut body = json!({"kind": "low_stock", "to": ["mail:ann@example.com"]});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

#[test]
fn a_rule_has_known_recipients_and_a_filter_that_suits_its_kind() {
    let office = Office::open("refusals");
    let main = office.app.main_location();
    let many: Vec<String> = (0..11).map(|n| format!("mail:a{n}@example.com")).collect();
    for (fields, field) in [
        (json!({"kind": "no_stock"}), "kind"),
        (json!({"to": []}), "to"),
        (json!({"to": many}), "to"),
        (json!({"to": ["ann@example.com"]}), "to[0]"),
        (json!({"to": ["mail:ann@example.com", "mail:ANN@example.com"]}), "to[1]"),
        (json!({"to": ["webhook:1"]}), "to[0]"),
        (json!({"to": ["mail:ann@example.com\nBcc: eve@example.com"]}), "to[0]"),
        (json!({"to": ["mail:ａnn@example.com"]}), "to[0]"),
        (json!({"digest": "weekly"}), "digest"),
        (json!({"kind": "books_broken", "filter": {"location_id": main}}), "filter.location_id"),
        (json!({"filter": {"category": " "}}), "filter.category"),
        (json!({"filter": {"product_ids": vec![1; 101]}}), "filter.product_ids"),
        (json!({"kind": "order_late", "filter": {"category": "Grocery"}}), "filter.category"),
        (json!({"kind": "refund_due", "filter": {"product_ids": [1]}}), "filter.product_ids"),
        (json!({"after_hours": 3}), "after_hours"),
        (json!({"kind": "order_late", "after_hours": 0}), "after_hours"),
        (json!({"colour": "red"}), "colour"),
    ] {
        office.admin.post("/alerts", &with(&fields)).refused_field(field);
    }
    let unknown = json!({"filter": {"product_ids": [999_999]}});
    office.admin.post("/alerts", &with(&unknown)).refused(404, "PRODUCT_NOT_FOUND");
    let unknown = json!({"kind": "count_variance", "filter": {"location_id": 999_999}});
    office.admin.post("/alerts", &with(&unknown)).refused(404, "LOCATION_NOT_FOUND");
    office.admin.get("/alerts?kind=low_stock").refused_field("kind");
    office.admin.get("/alerts/01").refused(404, "ALERT_NOT_FOUND");
    assert_eq!(office.admin.get("/alerts").expect(200).json()["total"], 0);
}

#[test]
fn a_store_has_a_limited_number_of_rules() {
    let office = Office::open("many");
    (0..100).for_each(|_| drop(office.rule("low_stock", &json!({}))));
    office.admin.post("/alerts", &with(&json!({}))).refused_field("kind");
}
