//! A count of one: the stock of a product set to what stood on the shelf.

use super::{Store, after, moment};
use crate::common::{Reply, Value, json};

fn put(store: &Store, fields: &Value) -> Reply {
    let mut body = json!({"movement_type": "adjustment", "reason": "Counted"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    store.admin.put("/inventory/products/rice/stock", &body)
}

fn last_movement(store: &Store) -> Value {
    store.admin.get("/inventory/movements?limit=1").expect(200).json()["items"][0].clone()
}

#[test]
fn units_on_the_shelf_include_sold_units() {
    let store = Store::open();
    store.sell(12);
    let answer = put(&store, &json!({"quantity": 97, "on_hand": true, "expected_stock": 88})).expect(200).json();
    assert_eq!((&answer["previous_stock"], &answer["new_stock"]), (&json!(88), &json!(85)));
    assert_eq!(store.levels(), (85, 0, 12));
    let movement = last_movement(&store);
    assert_eq!((&movement["effective_at"], &movement["stock_delta"]), (&movement["created_at"], &json!(-3)));
    // Without it, the quantity is the stock.
    put(&store, &json!({"quantity": 97})).expect(200);
    assert_eq!(store.levels(), (97, 0, 12));
    store.assert_verified();
}

#[test]
fn a_shelf_may_have_been_counted_before_other_movements() {
    let store = Store::open();
    let count = store.count();
    let look = after(&count, 10);
    store.app.advance(60);
    let order = store.sell(12);
    store.ship(&order, 7);
    let answer =
        put(&store, &json!({"quantity": 97, "on_hand": true, "counted_at": look.to_rfc3339()})).expect(200).json();
    assert_eq!((&answer["previous_stock"], &answer["new_stock"]), (&json!(88), &json!(85)));
    assert_eq!(store.levels(), (85, 0, 5));
    assert_eq!(moment(&last_movement(&store), "effective_at"), look);
    // An older look is refused, both here and in a count.
    let older = json!({"quantity": 50, "on_hand": true, "counted_at": after(&count, 9).to_rfc3339()});
    let refusal = store.app.without_effect(|| put(&store, &older)).refused(409, "STALE_STOCK");
    assert_eq!(refusal["current_stock"], 85);
    store.enter(&count, 50, Some(after(&count, 9)));
    store.submit(&count);
    assert_eq!(store.post(&count)["lines"][0]["status"], "superseded");
    assert_eq!(store.levels(), (85, 0, 5));
    store.assert_verified();
}

#[test]
fn a_figure_below_the_promised_units_is_refused_with_the_promises() {
    let store = Store::open();
    let order = store.sell(12);
    let held = json!({"items": [{"product_id": store.rice.id, "quantity": 30}], "reference_id": "quote-1"});
    let reservation = store.admin.post("/reservations", &held).expect(201).json();
    let promises = json!([{"kind": "order", "id": order["id"], "quantity": 12},
                          {"kind": "reservation", "id": reservation["id"], "quantity": 30}]);
    let refuse = |fields: Value| {
        store.app.without_effect(|| put(&store, &fields)).refused(409, "STOCK_BELOW_RESERVED")["promises"].clone()
    };
    assert_eq!(refuse(json!({"quantity": 41, "on_hand": true})), promises);
    assert_eq!(refuse(json!({"quantity": 0, "on_hand": true})), promises);
    assert_eq!(refuse(json!({"quantity": 29})), promises);
    put(&store, &json!({"quantity": 42, "on_hand": true})).expect(200);
    assert_eq!(store.levels(), (30, 30, 12));
    store.app.fall_due_in(0);
    put(&store, &json!({"quantity": 12, "on_hand": true})).expect(200);
    assert_eq!(store.levels(), (0, 0, 12));
}

#[test]
fn fields_that_do_not_fit_are_refused() {
    let store = Store::open();
    let count = store.count();
    store.app.advance(60);
    let late = after(&count, 60 + 70).to_rfc3339();
    for (fields, field) in [
        (json!({"quantity": 1, "counted_at": after(&count, 1).to_rfc3339()}), "counted_at"),
        (json!({"quantity": 1, "on_hand": true, "counted_at": late}), "counted_at"),
        (json!({"quantity": 1, "on_hand": true, "counted_at": "yesterday"}), "counted_at"),
        (json!({"quantity": 1, "on_hand": true, "counted_at": 7}), "counted_at"),
        (json!({"quantity": 1, "on_hand": true, "movement_type": "in"}), "on_hand"),
        (json!({"quantity": 1, "on_hand": true, "movement_type": "out"}), "on_hand"),
        (json!({"quantity": -1, "on_hand": true}), "quantity"),
        (json!({"quantity": 1_000_000_000_001_i64, "on_hand": true}), "quantity"),
    ] {
        store.app.without_effect(|| put(&store, &fields)).refused_field(field);
    }
    let stale = json!({"quantity": 1, "on_hand": true, "expected_stock": 99});
    store.app.without_effect(|| put(&store, &stale)).refused(409, "STALE_STOCK");
    // A scanner may be up to a minute ahead, and its look is one of now.
    let ahead = after(&count, 60 + 40).to_rfc3339();
    put(&store, &json!({"quantity": 99, "on_hand": true, "counted_at": ahead})).expect(200);
    let movement = last_movement(&store);
    assert_eq!((&movement["effective_at"], store.levels().0), (&movement["created_at"], 99));
    // A look from before the first movement of the row adds its units.
    let first = json!({"quantity": 5, "on_hand": true, "counted_at": "2020-01-01T00:00:00Z"});
    put(&store, &first).refused(409, "STALE_STOCK");
}
