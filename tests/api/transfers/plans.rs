//! Drafts: created, changed, listed, held, withdrawn and cancelled.

use super::Stores;
use crate::common::{Value, json};

#[test]
fn a_draft_can_be_changed_and_moves_nothing() {
    let stores = Stores::open();
    let attic = stores.app.add_location("attic");
    let fields = json!({"lines": [{"product_id": stores.rice.id, "quantity": 5}], "reference": "Week 48",
                        "expected_on": "2026-12-01", "notes": "Fragile"});
    let draft = stores.create(&fields).expect(201).json();
    let number = draft["transfer_number"].as_str().unwrap();
    assert_eq!((&draft["reference"], &draft["expected_on"]), (&json!("Week 48"), &json!("2026-12-01")));
    let change = json!({"to_location_id": attic, "lines": [{"product_id": "rice", "quantity": 7}], "reference": null,
                        "expected_version": 1});
    let changed = stores.admin.patch(&format!("/transfers/{number}"), &change).expect(200).json();
    assert_eq!((&changed["to_location_id"], &changed["reference"]), (&json!(attic), &Value::Null));
    assert_eq!((&changed["lines"][0]["quantity"], &changed["notes"]), (&json!(7), &json!("Fragile")));
    assert_eq!((&changed["version"], stores.levels()), (&json!(2), (100, 0, 0, 0, 0)));
    let path = format!("/transfers/{}", draft["id"]);
    for nothing in [json!({}), json!({"expected_version": 2})] {
        let unchanged = stores.app.without_effect_but_keys(|| stores.admin.patch(&path, &nothing)).expect(200).json();
        assert_eq!(unchanged, changed);
    }
    stores.act(&draft, "ready", &json!({})).expect(200);
    stores.app.without_effect(|| stores.admin.patch(&path, &json!({}))).refused(409, "INVALID_TRANSITION");
}

#[test]
fn transfers_are_listed_by_status_and_page() {
    let stores = Stores::open();
    let drafts: Vec<Value> = (1..=3).map(|quantity| stores.draft(quantity)).collect();
    stores.act(&drafts[1], "ready", &json!({})).expect(200);
    let list = |query: &str| stores.admin.get(&format!("/transfers{query}")).expect(200).json();
    let ids =
        |list: &Value| list["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&list("")), [drafts[2]["id"].clone(), drafts[1]["id"].clone(), drafts[0]["id"].clone()]);
    assert_eq!(ids(&list("?status=ready")), [drafts[1]["id"].clone()]);
    let page = list("?sort=created_at&limit=1&page=2");
    assert_eq!((ids(&page), &page["total"]), (vec![drafts[1]["id"].clone()], &json!(3)));
    let item = &page["items"][0];
    assert_eq!((&item["quantity"], &item["sent_quantity"], &item["version"]), (&json!(2), &json!(0), &json!(2)));
    stores.admin.get("/transfers?status=lost").refused(422, "VALIDATION_FAILED");
}

#[test]
fn a_withdrawn_and_a_cancelled_transfer_release_their_units() {
    let stores = Stores::open();
    let transfer = stores.ready(40);
    let draft = stores.act(&transfer, "draft", &json!({})).expect(200).json();
    assert_eq!((&draft["status"], stores.levels()), (&json!("draft"), (100, 0, 0, 0, 0)));
    stores.act(&transfer, "ready", &json!({})).expect(200);
    assert_eq!(stores.levels(), (100, 40, 0, 0, 0));
    let cancelled = stores.act(&transfer, "cancel", &json!({"reason": "Not needed"})).expect(200).json();
    assert_eq!((&cancelled["status"], stores.levels()), (&json!("cancelled"), (100, 0, 0, 0, 0)));
    assert_eq!(cancelled["history"].as_array().unwrap().last().unwrap()["reason"], "Not needed");
    let draft = stores.draft(1);
    stores.act(&draft, "cancel", &json!({})).expect(200);
    stores.app.without_effect(|| stores.act(&draft, "ready", &json!({}))).refused(409, "INVALID_TRANSITION");
}

#[test]
fn held_units_are_kept_from_buyers_without_a_deadline() {
    let stores = Stores::open();
    stores.ready(90);
    let mara = stores.app.customer("mara");
    let order = json!({"items": [{"product_id": stores.rice.id, "quantity": 11}]});
    let refusal = mara.post("/orders", &order).refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(refusal["stock_errors"][0]["available_quantity"], 10);
    assert_eq!(stores.app.expire_holds(), 0);
    assert_eq!(stores.levels(), (100, 90, 0, 0, 0));
    let figures = stores.admin.get("/inventory/products/rice/availability/11").expect(200).json();
    assert_eq!((&figures["available_quantity"], &figures["available"]), (&json!(10), &json!(false)));
}

#[test]
fn overdue_holds_of_others_do_not_stop_a_transfer() {
    let stores = Stores::open();
    let held = json!({"items": [{"product_id": stores.rice.id, "quantity": 70}], "reference_id": "quote-1"});
    stores.admin.post("/reservations", &held).expect(201);
    let draft = stores.draft(40);
    let refusal =
        stores.app.without_effect(|| stores.act(&draft, "ready", &json!({}))).refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(refusal["stock_errors"][0]["available_quantity"], 30);
    stores.app.fall_due_in(0);
    stores.act(&draft, "ready", &json!({})).expect(200);
    assert_eq!(stores.levels(), (100, 40, 0, 0, 0));
}

#[test]
fn an_act_that_is_sent_twice_happens_once() {
    let stores = Stores::open();
    let sent = stores.sent(40);
    let body = json!({"lines": [{"line_id": sent["lines"][0]["id"], "accepted": 10}]});
    let keyed = stores.admin.clone().with_key("r-1");
    let path = format!("/transfers/{}/receive", sent["id"]);
    let (first, second) = (keyed.post(&path, &body).expect(200), keyed.post(&path, &body).expect(200));
    assert_eq!((first.json(), stores.levels()), (second.json(), (60, 0, 10, 0, 30)));
}

#[test]
fn a_stale_version_is_refused() {
    let stores = Stores::open();
    let draft = stores.draft(40);
    stores.act(&draft, "ready", &json!({"expected_version": 1})).expect(200);
    for (act, more) in [("send", json!({})), ("draft", json!({})), ("cancel", json!({}))] {
        let mut body = json!({"expected_version": 1});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let refusal = stores.app.without_effect(|| stores.act(&draft, act, &body)).refused(409, "STALE_DOCUMENT");
        assert!(refusal["detail"].as_str().unwrap().contains("version 2"), "{refusal}");
    }
    stores.act(&draft, "send", &json!({"expected_version": 2})).expect(200);
}
