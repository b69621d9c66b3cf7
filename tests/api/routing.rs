//! The rules of a store that choose the places of an order.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::common::shop::create_place;
use crate::common::{TestApp, Value, json};

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

fn default_policy() -> Value {
    json!({"rules": ["preferred", "fewest_parcels", "nearest", "priority", "most_stock"], "split": "allow",
           "preferred_location_ids": []})
}

#[test]
fn the_rules_of_a_store_are_replaced_as_a_whole() {
    let app = TestApp::start();
    let manager = app.staff(&["stores:manage"]);
    let path = format!("/stores/{}/routing", app.store);
    assert_eq!(manager.get(&path).expect(200).json(), default_policy());
    let attic = app.add_location("attic");
    let policy = json!({"rules": ["nearest", "preferred"], "split": "never", "preferred_location_ids": [attic]});
    assert_eq!(manager.put(&path, &policy).expect(200).json(), policy);
    assert_eq!(manager.get(&path).expect(200).json(), policy);
    // A change of other settings keeps the rules.
    manager.patch(&format!("/stores/{}", app.store), &json!({"guest_orders": true})).expect(200);
    assert_eq!(manager.get(&path).expect(200).json(), policy);
    let no_rules = json!({"rules": [], "split": "allow", "preferred_location_ids": []});
    assert_eq!(manager.put(&path, &json!({"rules": []})).expect(200).json(), no_rules);
    assert_eq!(manager.put(&path, &json!({})).expect(200).json(), default_policy());
}

#[test]
fn each_store_has_rules_of_its_own() {
    let app = TestApp::start();
    let (admin, other) = (app.admin(), app.other_store("STORE-TWO"));
    let policy = json!({"rules": ["priority"], "split": "never", "preferred_location_ids": []});
    assert_eq!(admin.put("/stores/store-two/routing", &policy).expect(200).json(), policy);
    assert_eq!(admin.get(&format!("/stores/{other}/routing")).expect(200).json(), policy);
    assert_eq!(admin.get(&format!("/stores/{}/routing", app.store)).expect(200).json(), default_policy());
    admin.get("/stores/NOWHERE/routing").refused(404, "STORE_NOT_FOUND");
}

#[test]
fn a_change_of_the_rules_is_audited_once() {
    let app = TestApp::start();
    let (admin, path) = (app.admin(), format!("/stores/{}/routing", app.store));
    let entries = || admin.get("/audit?entity=Store&limit=100").expect(200).json();
    let before = entries()["total"].as_i64().unwrap();
    for _ in 0..2 {
        admin.put(&path, &json!({"split": "never"})).expect(200);
    }
    let after = entries();
    assert_eq!(after["total"].as_i64(), Some(before + 1));
    assert!(after["items"][0]["detail"].as_str().unwrap().ends_with("updated: routing"), "{}", after["items"][0]);
}

#[test]
fn unknown_rules_and_places_are_refused() {
    let app = TestApp::start();
    let (admin, path) = (app.admin(), format!("/stores/{}/routing", app.store));
    let attic = app.add_location("attic");
    let mut conn = app.connection();
    let foreign = create_place(&mut conn, app.other_store("STORE-TWO"), "attic");
    let children = "SELECT id FROM locations WHERE parent_id = $1 ORDER BY id";
    let children: Vec<Id> = diesel::sql_query(children).bind::<BigInt, _>(attic).load(&mut conn).unwrap();
    let children = [children[0].id, children[1].id];
    app.without_effect(|| {
        let refused = |policy: Value, field: &str| admin.put(&path, &policy).refused_field(field);
        refused(json!({"rules": ["cheapest"]}), "rules[0]");
        refused(json!({"rules": ["nearest", "priority", "nearest"]}), "rules");
        refused(json!({"rules": null}), "rules");
        refused(json!({"split": "sometimes"}), "split");
        refused(json!({"preferred_location_ids": [0]}), "preferred_location_ids[0]");
        refused(json!({"preferred_location_ids": vec![attic; 51]}), "preferred_location_ids");
        for unknown in [foreign, 999_999, children[0], children[1]] {
            refused(json!({"preferred_location_ids": [attic, unknown]}), "preferred_location_ids[1]");
        }
        admin.put(&path, &json!({"rule": []})).refused(422, "VALIDATION_FAILED");
    });
    app.without_effect(|| {
        admin.put(&path, &json!({"preferred_location_ids": [attic, attic]})).refused_field("preferred_location_ids");
    });
}
