//! The lines of a new count.

use diesel::connection::SimpleConnection;

use super::Store;
use crate::common::{Value, json};

fn skus(count: &Value) -> Vec<&str> {
    count["lines"].as_array().unwrap().iter().map(|line| line["sku"].as_str().unwrap()).collect()
}

/// Rice, spices with and without stock, sizes of a shirt, and archived products with and without stock.
fn stocked() -> Store {
    let store = Store::open();
    let spice = |sku: &str, stock: i64, minimum: i64| {
        store.app.create_product(&json!({"sku": sku, "name": sku, "price": 1, "category": "Spices",
                                         "initial_stock": stock, "min_stock_level": minimum}))
    };
    spice("clove", 0, 0);
    spice("pepper", 5, 5);
    let gone = spice("saffron", 0, 0);
    let left = spice("salt", 3, 0);
    store.app.archive(&gone);
    store.app.archive(&left);
    store.app.sized_product("tee", 30.0, &[("S", 5), ("M", 0)]);
    store
}

#[test]
fn the_scope_chooses_the_variants() {
    let store = stocked();
    let of = |scope: Value| {
        let count = store.create(&json!({"scope": scope})).expect(201).json();
        skus(&count).into_iter().map(ToOwned::to_owned).collect::<Vec<String>>()
    };
    assert_eq!(of(json!({"all": true})), ["clove", "pepper", "rice", "salt", "tee-M", "tee-S"]);
    assert_eq!(of(json!({"category": "Spices"})), ["clove", "pepper", "salt"]);
    assert_eq!(
        of(json!({"products": ["tee", store.rice.id, "tee-M", "saffron"]})),
        ["rice", "saffron", "tee-M", "tee-S"]
    );
    assert_eq!(of(json!({"under_minimum": true})), ["clove", "pepper", "tee-M"]);
    let attic = store.app.add_location("attic");
    let nothing = json!({"location_id": attic, "scope": {"all": true}});
    store.app.without_effect(|| store.create(&nothing)).refused_field("scope");
    let count = store.create(&json!({"location_id": attic, "scope": {"products": ["rice"]}})).expect(201).json();
    assert_eq!((skus(&count), &count["lines"][0]["expected_quantity"]), (vec!["rice"], &json!(0)));
}

#[test]
fn rows_that_were_counted_since_a_day_are_left_out() {
    let store = stocked();
    let since = |day: &str| {
        let reply = store.create(&json!({"scope": {"not_counted_since": day}}));
        if reply.status == 422 {
            return Vec::new();
        }
        skus(&reply.expect(201).json()).into_iter().map(ToOwned::to_owned).collect::<Vec<String>>()
    };
    let count = store.create(&json!({"scope": {"category": "Spices"}, "uncounted": "zero"})).expect(201).json();
    let body = json!({"entries": [{"product_id": "pepper", "quantity": 5}]});
    store.act(&count, "entries", &body).expect(200);
    store.submit(&count);
    let today = count["created_at"].as_str().unwrap()[..10].to_owned();
    assert_eq!(since(&today), ["clove", "pepper", "rice", "salt", "tee-M", "tee-S"]);
    store.post(&count);
    // Salt is archived, and its stock is 0 by now.
    assert_eq!(since(&today), ["rice", "tee-M", "tee-S"]);
    // The stock was counted on the shelf by the other way.
    let body = json!({"quantity": 100, "movement_type": "adjustment", "reason": "Counted", "on_hand": true});
    store.admin.put("/inventory/products/rice/stock", &body).expect(200);
    assert_eq!(since(&today), ["tee-M", "tee-S"]);
    assert_eq!(since("9999-12-31").len(), 5);
}

#[test]
fn a_location_with_an_open_count_is_not_closed() {
    let store = Store::open();
    let attic = store.app.add_location("attic");
    let counts = [json!({}), json!({"condition": "quarantine"})].map(|condition| {
        let mut body = json!({"location_id": attic, "scope": {"products": ["rice"]}});
        body.as_object_mut().unwrap().extend(condition.as_object().unwrap().clone());
        store.create(&body).expect(201).json()
    });
    store.app.set_status(attic, "paused").expect(200);
    let refusal = store.app.set_status(attic, "closed").refused(409, "LOCATION_NOT_EMPTY");
    let open = |count: &Value| json!({"kind": "count", "id": count["id"], "quantity": 1});
    assert_eq!(refusal["open"], json!([open(&counts[0]), open(&counts[1])]));
    for count in &counts {
        store.act(count, "cancel", &json!({})).expect(200);
    }
    store.app.set_status(attic, "closed").expect(200);
    for condition in ["sellable", "quarantine"] {
        let body = json!({"location_id": attic, "condition": condition, "scope": {"products": ["rice"]}});
        store.app.without_effect(|| store.create(&body)).refused(409, "LOCATION_CLOSED");
    }
}

#[test]
fn a_count_has_at_most_50_000_lines() {
    let store = Store::open();
    let count = store.count();
    let found = store.app.product("found", 1.0, 0);
    let entries = json!({"entries": [{"product_id": found.id, "quantity": 1}]});
    let conn = &mut store.app.connection();
    conn.batch_execute("UPDATE counts SET line_count = 50000").unwrap();
    store.app.without_effect(|| store.act(&count, "entries", &entries)).refused_field("entries");
    conn.batch_execute("UPDATE counts SET line_count = 1").unwrap();
    assert_eq!(store.act(&count, "entries", &entries).expect(200).json()["line_totals"]["total"], 2);
}
