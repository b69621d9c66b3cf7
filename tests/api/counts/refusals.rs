//! Requests that are refused change nothing.

use super::{Store, after, path};
use crate::common::{Value, json};

#[test]
fn a_count_that_is_not_possible_is_refused() {
    let store = Store::open();
    let scope = |scope: Value| json!({"scope": scope});
    let many = vec![json!("rice"); 501];
    for (fields, status, code) in [
        (scope(json!({})), 422, "VALIDATION_FAILED"),
        (scope(json!({"all": true, "category": "Rice"})), 422, "VALIDATION_FAILED"),
        (scope(json!({"all": false})), 422, "VALIDATION_FAILED"),
        (scope(json!({"under_minimum": false})), 422, "VALIDATION_FAILED"),
        (scope(json!({"category": " "})), 422, "VALIDATION_FAILED"),
        (scope(json!({"category": "Nothing"})), 422, "VALIDATION_FAILED"),
        (scope(json!({"products": []})), 422, "VALIDATION_FAILED"),
        (scope(json!({"products": many})), 422, "VALIDATION_FAILED"),
        (scope(json!({"products": ["rice", "none"]})), 404, "PRODUCT_NOT_FOUND"),
        (scope(json!({"products": [999_999]})), 404, "PRODUCT_NOT_FOUND"),
        (scope(json!({"not_counted_since": "2026-02-30"})), 422, "VALIDATION_FAILED"),
        (scope(json!({"shelf": "A"})), 422, "VALIDATION_FAILED"),
        (json!({"location_id": 999_999}), 404, "LOCATION_NOT_FOUND"),
        (json!({"location_id": 0}), 422, "VALIDATION_FAILED"),
        (json!({"uncounted": "ignore"}), 422, "VALIDATION_FAILED"),
        (json!({"condition": "transit"}), 422, "VALIDATION_FAILED"),
        (json!({"blind": "yes"}), 422, "VALIDATION_FAILED"),
    ] {
        store.app.without_effect(|| store.create(&fields)).refused(status, code);
    }
    let transit = super::texts(&store.app, "SELECT id::text AS text FROM locations WHERE kind = 'transit'");
    let transit: i64 = transit[0].parse().unwrap();
    store.app.without_effect(|| store.create(&json!({"location_id": transit}))).refused(404, "LOCATION_NOT_FOUND");
}

#[test]
fn an_entry_that_is_not_possible_is_refused_with_all_others() {
    let store = Store::open();
    store.app.sized_product("tee", 30.0, &[("S", 5)]);
    let count = store.count();
    store.app.advance(60);
    let huge = 1_000_000_000_000_i64;
    let at = |seconds: i64| after(&count, seconds).to_rfc3339();
    for (entry, status, code) in [
        (json!({"product_id": "rice", "quantity": -1}), 422, "VALIDATION_FAILED"),
        (json!({"product_id": "rice", "quantity": 1.5}), 422, "VALIDATION_FAILED"),
        (json!({"product_id": "rice", "quantity": huge + 1}), 422, "VALIDATION_FAILED"),
        (json!({"product_id": "rice", "quantity": huge, "add": true}), 422, "VALIDATION_FAILED"),
        (json!({"product_id": "rice", "quantity": "1"}), 422, "VALIDATION_FAILED"),
        (json!({"product_id": "rice"}), 422, "VALIDATION_FAILED"),
        (json!({"quantity": 1}), 422, "VALIDATION_FAILED"),
        (json!({"product_id": "rice", "barcode": "12345678", "quantity": 1}), 422, "VALIDATION_FAILED"),
        (json!({"barcode": " ", "quantity": 1}), 422, "VALIDATION_FAILED"),
        (json!({"product_id": "rice", "quantity": 1, "counted_at": at(60 + 70)}), 422, "VALIDATION_FAILED"),
        (json!({"product_id": "rice", "quantity": 1, "counted_at": at(-1)}), 422, "VALIDATION_FAILED"),
        (json!({"product_id": "rice", "quantity": 1, "counted_at": "10:30"}), 422, "VALIDATION_FAILED"),
        (json!({"product_id": "none", "quantity": 1}), 404, "PRODUCT_NOT_FOUND"),
        (json!({"product_id": "tee", "quantity": 1}), 422, "SIZE_REQUIRED"),
        (json!({"product_id": "tee", "size": "XXL", "quantity": 1}), 404, "SIZE_NOT_FOUND"),
    ] {
        let body = json!({"entries": [store.entry(1, None), entry]});
        store.app.without_effect(|| store.act(&count, "entries", &body)).refused(status, code);
    }
    for entries in [json!([]), json!(vec![store.entry(1, None); 501])] {
        let body = json!({"entries": entries});
        store.app.without_effect(|| store.act(&count, "entries", &body)).refused(422, "VALIDATION_FAILED");
    }
    // A scanner may be up to a minute ahead of the server, and 0 units are a figure.
    let ahead = json!({"entries": [{"product_id": "rice", "quantity": 0, "counted_at": at(60 + 40)}]});
    let entered = store.act(&count, "entries", &ahead).expect(200).json();
    assert_eq!(entered["lines"][0]["counted_quantity"], 0);
    assert!(super::moment(&entered["lines"][0], "counted_at") < after(&count, 60 + 30));
    let full = json!({"entries": vec![store.entry(1, None); 500]});
    store.act(&count, "entries", &full).expect(200);
}

#[test]
fn acts_in_the_wrong_status_are_refused() {
    let store = Store::open();
    let entries = json!({"entries": [store.entry(1, None)]});
    let open = store.count();
    let submitted = store.count();
    store.enter(&submitted, 100, None);
    store.submit(&submitted);
    let posted = store.count_and_post(100);
    for (count, acts) in [
        (open, vec!["submit", "post"]),
        (submitted, vec!["entries", "submit"]),
        (posted, vec!["entries", "submit", "post", "cancel", "lines/1/recount"]),
    ] {
        for act in acts {
            let body = if act == "entries" { &entries } else { &json!({}) };
            store.app.without_effect(|| store.act(&count, act, body)).refused(409, "INVALID_TRANSITION");
        }
    }
}

#[test]
fn a_submitted_line_takes_no_entry_while_another_line_is_open() {
    let store = Store::open();
    store.app.product("dal", 10.0, 20);
    let count = store.count();
    store.enter(&count, 100, None);
    store.submit(&count);
    store.act(&count, "lines/1/recount", &json!({})).expect(200);
    let body = json!({"entries": [{"product_id": "dal", "quantity": 1}, store.entry(1, None)]});
    store.app.without_effect(|| store.act(&count, "entries", &body)).refused(409, "INVALID_TRANSITION");
}

#[test]
fn a_stale_version_is_refused() {
    let store = Store::open();
    let count = store.count();
    let with = |version: i64, mut body: Value| {
        body["expected_version"] = json!(version);
        body
    };
    let entries = json!({"entries": [store.entry(90, None)]});
    store.act(&count, "entries", &with(1, entries.clone())).expect(200);
    for (act, body) in [
        ("entries", entries),
        ("submit", json!({})),
        ("cancel", json!({})),
        ("lines/1/recount", json!({})),
        ("post", json!({})),
    ] {
        let refusal =
            store.app.without_effect(|| store.act(&count, act, &with(1, body))).refused(409, "STALE_DOCUMENT");
        assert!(refusal["detail"].as_str().unwrap().contains("version 2"), "{refusal}");
    }
    store.act(&count, "submit", &with(2, json!({}))).expect(200);
    assert_eq!(store.act(&count, "post", &with(3, json!({}))).expect(200).json()["version"], 4);
}

#[test]
fn lines_that_do_not_exist_are_refused() {
    let store = Store::open();
    let count = store.count();
    store.enter(&count, 90, None);
    for line in ["0", "2", "01", "x", "-1", "9223372036854775807"] {
        let act = format!("lines/{line}/recount");
        store.app.without_effect(|| store.act(&count, &act, &json!({}))).refused(404, "NOT_FOUND");
    }
    store.submit(&count);
    for lines in [json!([2]), json!([1, 0]), json!([-1]), json!([]), json!(["1"]), json!(vec![1; 501])] {
        let body = json!({"lines": lines});
        store.app.without_effect(|| store.act(&count, "post", &body)).refused(422, "VALIDATION_FAILED");
    }
    store.act(&count, "post", &json!({"lines": [1, 1]})).expect(200);
    assert_eq!(store.levels().0, 90);
}

#[test]
fn a_count_of_another_store_does_not_exist() {
    let store = Store::open();
    let count = store.count();
    store.app.other_store("STORE-OTHER");
    let other = store.admin.clone().in_store("STORE-OTHER");
    let entries = json!({"entries": [store.entry(1, None)]});
    for (act, body) in [
        ("entries", &entries),
        ("submit", &json!({})),
        ("post", &json!({})),
        ("cancel", &json!({})),
        ("lines/1/recount", &json!({})),
    ] {
        store.app.without_effect(|| other.post(&path(&count, act), body)).refused(404, "COUNT_NOT_FOUND");
    }
    for name in
        [count["id"].to_string(), count["count_number"].as_str().unwrap().to_owned(), "0".into(), "CNT-1".into()]
    {
        other.get(&format!("/counts/{name}")).refused(404, "COUNT_NOT_FOUND");
        other.get(&format!("/counts/{name}/variances")).refused(404, "COUNT_NOT_FOUND");
    }
    assert_eq!(other.get("/counts").expect(200).json()["total"], 0);
    store.app.without_effect(|| {
        let plan = json!({"location_id": store.main, "scope": {"all": true}});
        other.post("/counts", &plan).refused(404, "LOCATION_NOT_FOUND");
    });
}
