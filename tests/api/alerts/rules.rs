//! Rules are created, changed, listed and deleted.

use super::Office;
use crate::common::{Value, json};

#[test]
fn a_rule_is_created_changed_and_deleted() {
    let office = Office::open("rules");
    let rice = office.app.product("rice", 10.0, 3);
    let clerk = office.app.staff(&["alerts:manage"]);
    let body = json!({"kind": "low_stock", "filter": {"category": "Grocery", "product_ids": [rice.id]},
                      "to": ["mail:Ann@Example.com"], "digest": "daily"});
    let created = clerk.post("/alerts", &body).expect(201).json();
    let path = format!("/alerts/{}", created["id"]);
    assert_eq!(created["filter"], json!({"category": "Grocery", "location_id": null, "product_ids": [rice.id]}));
    assert_eq!((&created["to"], &created["digest"]), (&json!(["mail:ann@example.com"]), &json!("daily")));
    assert_eq!((&created["active"], &created["after_hours"]), (&json!(true), &Value::Null));
    assert_eq!(clerk.get(&path).expect(200).json(), created);
    let changed = clerk.patch(&path, &json!({"filter": {}, "active": false, "digest": "none"})).expect(200).json();
    assert_eq!(changed["filter"], json!({"category": null, "location_id": null, "product_ids": []}));
    assert_eq!((&changed["to"], &changed["active"]), (&created["to"], &json!(false)));
    let same = clerk.patch(&path, &json!({"active": false})).expect(200).json();
    assert_eq!(same, changed);
    clerk.post("/alerts", &json!({"kind": "order_late", "to": ["mail:ann@example.com"], "after_hours": 5})).expect(201);
    let listed = clerk.get("/alerts?sort=kind").expect(200).json();
    let kinds: Vec<_> = listed["items"].as_array().unwrap().iter().map(|rule| rule["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["low_stock", "order_late"]);
    clerk.delete(&path).expect(204);
    clerk.get(&path).refused(404, "ALERT_NOT_FOUND");
    clerk.patch(&path, &json!({})).refused(404, "ALERT_NOT_FOUND");
    clerk.delete(&path).refused(404, "ALERT_NOT_FOUND");
    let audit = office.admin.get("/audit?entity=Alert&sort=id").expect(200).json();
    let actions: Vec<_> = audit["items"].as_array().unwrap().iter().map(|entry| entry["action"].clone()).collect();
    assert_eq!(actions, ["CREATE", "UPDATE", "CREATE", "DELETE"]);
}

#[test]
fn a_repeated_request_creates_one_rule() {
    let office = Office::open("repeated");
    let body = json!({"kind": "low_stock", "to": ["mail:ann@example.com"]});
    let clerk = office.admin.clone().with_key("rule-1");
    let (first, again) = (clerk.post("/alerts", &body).expect(201), clerk.post("/alerts", &body).expect(201));
    assert_eq!((first.json(), again.header("idempotent-replayed")), (again.json(), "true"));
    assert_eq!(office.admin.get("/alerts").expect(200).json()["total"], 1);
}

#[test]
fn a_rule_of_another_store_is_not_found() {
    let office = Office::open("other-store");
    office.app.other_store("STORE-FAR");
    let rule = office.rule("low_stock", &json!({}));
    let far = office.admin.clone().in_store("STORE-FAR");
    far.get(&format!("/alerts/{}", rule["id"])).refused(404, "ALERT_NOT_FOUND");
    far.delete(&format!("/alerts/{}", rule["id"])).refused(404, "ALERT_NOT_FOUND");
}
