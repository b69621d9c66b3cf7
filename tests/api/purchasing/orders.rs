//! Drafts, their changes, and the steps of an order.

use super::{Shop, act_by, arrival, day, fate};
use crate::common::{Value, json};

#[test]
fn a_draft_can_be_changed_and_an_order_only_its_day_reference_and_notes() {
    let shop = Shop::open();
    let dal = shop.app.product("dal", 10.0, 0);
    let draft = shop.draft(5);
    let path = format!("/purchase-orders/{}", draft["id"]);
    let second = shop.app.add_location("second");
    let changes = json!({
        "location_id": second, "reference": "R", "notes": "N", "expected_version": 1,
        "lines": [{"product_id": dal.id, "quantity": 3, "unit_cost": 1.25, "expected_on": "2030-01-02"},
                  {"product_id": shop.rice.id, "quantity": 2}, {"product_id": shop.rice.id, "quantity": 4}],
    });
    let changed = shop.admin.patch(&path, &changes).expect(200).json();
    assert_eq!((&changed["location_id"], &changed["version"]), (&json!(second), &json!(2)));
    assert_eq!((&changed["total"], changed["lines"].as_array().unwrap().len()), (&json!(45.75), 2));
    assert_eq!((fate(&changed, 0)[0], fate(&changed, 1)[0]), (3, 6));
    shop.admin.patch(&path, &changes).refused(409, "STALE_DOCUMENT");

    let ordered = shop.act(&changed, "order", &json!({})).expect(200).json();
    let days = |order: &Value| [0, 1].map(|line| order["lines"][line]["expected_on"].as_str().unwrap().to_owned());
    assert_eq!(days(&ordered), ["2030-01-02".to_owned(), day(&shop.app, 5)]);
    for refused in [
        json!({"location_id": shop.main}),
        json!({"supplier_id": shop.supplier}),
        json!({"lines": [
        {"product_id": dal.id, "quantity": 1, "unit_cost": 1}]}),
    ] {
        shop.app.without_effect(|| shop.admin.patch(&path, &refused)).refused(409, "INVALID_TRANSITION");
    }
    let later = json!({"expected_on": "2030-02-03", "reference": null, "notes": "Late"});
    let changed = shop.admin.patch(&path, &later).expect(200).json();
    assert_eq!(days(&changed), ["2030-02-03", "2030-02-03"]);
    assert_eq!((&changed["reference"], &changed["notes"]), (&json!(null), &json!("Late")));
}

#[test]
fn each_step_is_possible_in_its_statuses_only() {
    let shop = Shop::open();
    let reason = json!({"reason": "Because"});
    let bodies = |order: &Value| {
        [
            ("order", json!({})),
            ("draft", json!({})),
            ("receive", arrival(order, 1, 0)),
            ("close", reason.clone()),
            ("cancel", reason.clone()),
        ]
    };
    let draft = shop.draft(4);
    let ordered = shop.ordered(4);
    let part = shop.ordered(4);
    let part = shop.receive(&part, 1, 0).expect(200).json();
    let received = shop.ordered(4);
    let received = shop.receive(&received, 4, 0).expect(200).json();
    let cancelled = shop.draft(4);
    let cancelled = shop.act(&cancelled, "cancel", &json!({})).expect(200).json();
    for (order, status, possible) in [
        (draft, "draft", &["order", "cancel"][..]),
        (ordered, "ordered", &["draft", "receive", "close", "cancel"][..]),
        (part, "partially_received", &["receive", "close"][..]),
        (received, "received", &[][..]),
        (cancelled, "cancelled", &[][..]),
    ] {
        assert_eq!(order["status"], status);
        for (act, body) in bodies(&order).iter().filter(|(act, _)| !possible.contains(act)) {
            let refusal = shop.app.without_effect(|| shop.act(&order, act, body)).refused(409, "INVALID_TRANSITION");
            let names_close = refusal["detail"].as_str().unwrap().contains("/close");
            assert_eq!(names_close, *act == "cancel" && ["partially_received", "received"].contains(&status), "{act}");
        }
    }
    let withdrawn = shop.ordered(4);
    let withdrawn = shop.act(&withdrawn, "draft", &json!({})).expect(200).json();
    assert_eq!((&withdrawn["status"], shop.levels()), (&json!("draft"), [25, 0, 7]));
    let closed = shop.ordered(4);
    let closed = shop.act(&closed, "close", &json!({"reason": "Never sent"})).expect(200).json();
    assert_eq!((&closed["status"], fate(&closed, 0)), (&json!("cancelled"), [4, 0, 0, 0, 4, 0]));
    shop.assert_verified();
}

#[test]
fn orders_are_listed_by_status_supplier_and_location() {
    let shop = Shop::open();
    let other = json!({"code": "other", "name": "Other"});
    let other = shop.admin.post("/suppliers", &other).expect(201).id();
    let (draft, ordered) = (shop.draft(3), shop.ordered(5));
    let line = json!([{"product_id": shop.rice.id, "quantity": 2, "unit_cost": 6.5}]);
    let of_other = shop.create(&json!({"supplier_id": other, "lines": line})).expect(201).json();
    let ids = |query: &str| -> Vec<Value> {
        let list = shop.admin.get(&format!("/purchase-orders?sort=id{query}")).expect(200).json();
        list["items"].as_array().unwrap().iter().map(|order| order["id"].clone()).collect()
    };
    assert_eq!(ids(""), [draft["id"].clone(), ordered["id"].clone(), of_other["id"].clone()]);
    assert_eq!(ids("&status=ordered"), [ordered["id"].clone()]);
    assert_eq!(ids(&format!("&supplier={other}")), [of_other["id"].clone()]);
    assert!(ids("&location=999999").is_empty());
    let list = shop.admin.get(&format!("/purchase-orders?supplier={other}")).expect(200).json();
    let first = &list["items"][0];
    assert_eq!(
        (&first["supplier_name"], &first["quantity"], &first["total"]),
        (&json!("Other"), &json!(2), &json!(13.0))
    );
    let number = ordered["purchase_order_number"].as_str().unwrap();
    assert!(number.starts_with("PO-"), "{number}");
    let by_number = shop.admin.get(&format!("/purchase-orders/{}", number.to_lowercase())).expect(200).json();
    assert_eq!(by_number["id"], ordered["id"]);
}

#[test]
fn a_surplus_is_limited_by_the_setting_of_the_store_or_needs_approval() {
    let shop = Shop::open();
    let clerk = shop.app.staff(&["inventory:update"]);
    let order = shop.ordered(20);
    let over = |accepted: i64| {
        let mut body = arrival(&order, accepted, 0);
        body["allow_over"] = json!(true);
        body
    };
    act_by(&clerk, &order, "receive", &over(21)).refused(409, "OVER_RECEIPT");
    shop.app.set_store(&json!({"over_receipt_percent": 10}));
    let refusal = act_by(&clerk, &order, "receive", &over(23)).refused(409, "OVER_RECEIPT");
    assert!(refusal["detail"].as_str().unwrap().contains("inventory:approve"), "{refusal}");
    act_by(&clerk, &order, "receive", &arrival(&order, 21, 0)).refused(409, "OVER_RECEIPT");
    act_by(&clerk, &order, "receive", &over(21)).expect(200);
    // The percentage is of the whole line, and one unit of it is used.
    let order = shop.ordered(20);
    let first = act_by(&clerk, &order, "receive", &arrival(&order, 20, 0)).expect(200).json();
    assert_eq!(first["status"], "received");
    let order = shop.ordered(20);
    let dal = shop.app.product("dal", 10.0, 0);
    let lines =
        json!([{"product_id": shop.rice.id, "quantity": 20}, {"product_id": dal.id, "quantity": 1, "unit_cost": 1}]);
    let open = shop.create(&json!({"lines": lines})).expect(201).json();
    let open = shop.act(&open, "order", &json!({})).expect(200).json();
    let over_of = |order: &Value, accepted: i64| {
        let mut body = arrival(order, accepted, 0);
        body["allow_over"] = json!(true);
        body
    };
    act_by(&clerk, &open, "receive", &over_of(&open, 21)).expect(200);
    act_by(&clerk, &open, "receive", &over_of(&open, 2)).refused(409, "OVER_RECEIPT");
    act_by(&clerk, &open, "receive", &over_of(&open, 1)).expect(200);
    let approver = shop.app.staff(&["inventory:update", "inventory:approve"]);
    let received = act_by(&approver, &open, "receive", &over_of(&open, 50)).expect(200).json();
    assert_eq!(fate(&received, 0), [20, 52, 72, 0, 0, 0]);
    act_by(&approver, &order, "receive", &over_of(&order, 40)).expect(200);
}

#[test]
fn an_act_that_is_sent_twice_happens_once() {
    let shop = Shop::open();
    let order = shop.ordered(10);
    let client = shop.admin.clone().with_key("receive-once");
    let body = arrival(&order, 4, 0);
    let first = act_by(&client, &order, "receive", &body).expect(200).json();
    let again = act_by(&client, &order, "receive", &body).expect(200);
    assert_eq!(again.header("Idempotent-Replayed"), "true");
    assert_eq!((again.json(), shop.levels()), (first, [24, 0, 6]));
}

#[test]
fn a_change_of_nothing_keeps_the_version() {
    let shop = Shop::open();
    let order = shop.ordered(5);
    let path = format!("/purchase-orders/{}", order["id"]);
    let unchanged = shop.app.without_effect_but_keys(|| shop.admin.patch(&path, &json!({}))).expect(200).json();
    assert_eq!((&unchanged["version"], &unchanged["history"]), (&order["version"], &order["history"]));
}

#[test]
fn a_day_before_the_year_2000_is_refused() {
    let shop = Shop::open();
    let line = |day: &str| json!({"product_id": "rice", "quantity": 1, "unit_cost": 1, "expected_on": day});
    let create = |day: &str| shop.create(&json!({"lines": [line(day)]}));
    shop.app.without_effect(|| create("0001-01-01")).refused_field("lines[0].expected_on");
    // A past day is legal: an order may be entered after its goods should have arrived.
    create("2000-01-01").expect(201);
}
