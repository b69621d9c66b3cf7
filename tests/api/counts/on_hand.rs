//! A count of one: the stock of a product set to what stood on its shelf.

use super::{Shelf, after, moment};
use crate::common::{Reply, Value, json};

fn put(shelf: &Shelf, fields: &Value) -> Reply {
    let mut body = json!({"movement_type": "adjustment", "reason": "Counted"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    shelf.admin.put("/inventory/products/rice/stock", &body)
}

fn last_movement(shelf: &Shelf) -> Value {
    shelf.admin.get("/inventory/movements?limit=1").expect(200).json()["items"][0].clone()
}

#[test]
fn units_on_the_shelf_include_sold_units() {
    let shelf = Shelf::open();
    shelf.sell(12);
    let answer = put(&shelf, &json!({"quantity": 97, "on_hand": true, "expected_stock": 88})).expect(200).json();
    assert_eq!((&answer["previous_stock"], &answer["new_stock"]), (&json!(88), &json!(85)));
    assert_eq!(shelf.levels(), (85, 0, 12));
    let movement = last_movement(&shelf);
    assert_eq!((&movement["effective_at"], &movement["stock_delta"]), (&movement["created_at"], &json!(-3)));
    // Without it, the quantity is the stock.
    put(&shelf, &json!({"quantity": 97})).expect(200);
    assert_eq!(shelf.levels(), (97, 0, 12));
    shelf.assert_verified();
}

#[test]
fn a_shelf_may_have_been_counted_before_other_movements() {
    let shelf = Shelf::open();
    let count = shelf.count();
    let look = after(&count, 10);
    shelf.app.advance(60);
    let order = shelf.sell(12);
    shelf.ship(&order, 7);
    let answer =
        put(&shelf, &json!({"quantity": 97, "on_hand": true, "counted_at": look.to_rfc3339()})).expect(200).json();
    assert_eq!((&answer["previous_stock"], &answer["new_stock"]), (&json!(88), &json!(85)));
    assert_eq!(shelf.levels(), (85, 0, 5));
    assert_eq!(moment(&last_movement(&shelf), "effective_at"), look);
    // An older look is refused, both here and in a count.
    let older = json!({"quantity": 50, "on_hand": true, "counted_at": after(&count, 9).to_rfc3339()});
    let refusal = shelf.app.without_effect(|| put(&shelf, &older)).refused(409, "STALE_STOCK");
    assert_eq!(refusal["current_stock"], 85);
    shelf.enter(&count, 50, Some(after(&count, 9)));
    shelf.submit(&count);
    assert_eq!(shelf.post(&count)["lines"][0]["status"], "superseded");
    assert_eq!(shelf.levels(), (85, 0, 5));
    shelf.assert_verified();
}

#[test]
fn a_figure_below_the_promised_units_is_refused_with_the_promises() {
    let shelf = Shelf::open();
    let order = shelf.sell(12);
    let held = json!({"items": [{"product_id": shelf.rice.id, "quantity": 30}], "reference_id": "quote-1"});
    let reservation = shelf.admin.post("/reservations", &held).expect(201).json();
    let promises = json!([{"kind": "order", "id": order["id"], "quantity": 12},
                          {"kind": "reservation", "id": reservation["id"], "quantity": 30}]);
    let refuse = |fields: Value| {
        shelf.app.without_effect(|| put(&shelf, &fields)).refused(409, "STOCK_BELOW_RESERVED")["promises"].clone()
    };
    assert_eq!(refuse(json!({"quantity": 41, "on_hand": true})), promises);
    assert_eq!(refuse(json!({"quantity": 0, "on_hand": true})), promises);
    assert_eq!(refuse(json!({"quantity": 29})), promises);
    put(&shelf, &json!({"quantity": 42, "on_hand": true})).expect(200);
    assert_eq!(shelf.levels(), (30, 30, 12));
    shelf.app.fall_due_in(0);
    put(&shelf, &json!({"quantity": 12, "on_hand": true})).expect(200);
    assert_eq!(shelf.levels(), (0, 0, 12));
}

#[test]
fn fields_that_do_not_fit_are_refused() {
    let shelf = Shelf::open();
    let count = shelf.count();
    shelf.app.advance(60);
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
        shelf.app.without_effect(|| put(&shelf, &fields)).refused_field(field);
    }
    let stale = json!({"quantity": 1, "on_hand": true, "expected_stock": 99});
    shelf.app.without_effect(|| put(&shelf, &stale)).refused(409, "STALE_STOCK");
    // A scanner may be up to a minute ahead, and its look is one of now.
    let ahead = after(&count, 60 + 40).to_rfc3339();
    put(&shelf, &json!({"quantity": 99, "on_hand": true, "counted_at": ahead})).expect(200);
    let movement = last_movement(&shelf);
    assert_eq!((&movement["effective_at"], shelf.levels().0), (&movement["created_at"], 99));
    // A look from before the first movement of the row adds its units.
    let first = json!({"quantity": 5, "on_hand": true, "counted_at": "2020-01-01T00:00:00Z"});
    put(&shelf, &first).refused(409, "STALE_STOCK");
}
