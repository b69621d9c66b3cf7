//! The outcomes of single lines: posted, refused, recounted, cancelled.

use super::{Store, first};
use crate::common::{Value, json};

#[test]
fn a_line_below_the_promised_units_is_refused_with_the_promises_and_the_others_are_posted() {
    let store = Store::open();
    let dal = store.app.product("dal", 10.0, 20);
    let sold = store.sell(12);
    let held = json!({"items": [{"product_id": store.rice.id, "quantity": 30}], "reference_id": "quote-1"});
    let reservation = store.admin.post("/reservations", &held).expect(201).json();
    let attic = store.app.add_location("attic");
    let plan = json!({"from_location_id": store.main, "to_location_id": attic, "lines": [{"product_id": "rice", "quantity": 8}]});
    let transfer = store.admin.post("/transfers", &plan).expect(201).json();
    store.admin.post_nothing(&format!("/transfers/{}/ready", transfer["id"])).expect(200);
    let count = store.count();
    let entries = json!([store.entry(49, None), {"product_id": dal.id, "quantity": 19}]);
    store.act(&count, "entries", &json!({"entries": entries})).expect(200);
    store.submit(&count);
    let posted = store.post(&count);
    assert_eq!((&posted["status"], &posted["line_totals"]["posted"]), (&json!("submitted"), &json!(1)));
    // 49 units were counted, and 12 + 30 + 8 are promised.
    let lines = posted["lines"].as_array().unwrap();
    let refused = lines.iter().find(|line| line["status"] == "refused").unwrap();
    assert_eq!((&refused["sku"], &refused["status"]), (&json!("rice"), &json!("refused")));
    let promises = json!([{"kind": "order", "id": sold["id"], "quantity": 12},
                          {"kind": "reservation", "id": reservation["id"], "quantity": 30},
                          {"kind": "transfer", "id": transfer["id"], "quantity": 8}]);
    assert_eq!(refused["promises"], promises);
    assert_eq!((store.levels(), store.app.stock(&dal).0), ((88, 38, 12), 19));
    // The promise ends, and the same line is posted.
    store.admin.post_nothing(&format!("/reservations/{}/release", reservation["id"])).expect(200);
    let posted = store.act(&count, "post", &json!({"lines": [refused["line"]]})).expect(200).json();
    assert_eq!(
        (&posted["status"], first(&posted)),
        (&json!("posted"), ("posted".to_owned(), Some(100), Some(49), Some(-51)))
    );
    assert_eq!(store.levels(), (37, 8, 12));
    store.assert_verified();
}

#[test]
fn an_order_is_among_the_promises_although_many_movements_followed() {
    let store = Store::open();
    let old = store.sell(12);
    (0..140).for_each(|_| drop(store.app.receive(&store.rice, 1, store.main).expect(200)));
    let new = store.sell(3);
    let count = store.count_and_post(5);
    let promises = json!([{"kind": "order", "id": old["id"], "quantity": 12},
                          {"kind": "order", "id": new["id"], "quantity": 3}]);
    assert_eq!(count["lines"][0]["promises"], promises);
    store.ship(&old, 4);
    let shown = store.admin.get(&format!("/counts/{}", count["id"])).expect(200).json();
    assert_eq!(shown["lines"][0]["promises"][0], json!({"kind": "order", "id": old["id"], "quantity": 8}));
}

#[test]
fn sold_units_stay_promised_although_nothing_was_found() {
    let store = Store::open();
    let order = store.sell(12);
    let count = store.count_and_post(0);
    assert_eq!(count["lines"][0]["promises"], json!([{"kind": "order", "id": order["id"], "quantity": 12}]));
    assert_eq!(store.levels(), (88, 0, 12));
    store.ship(&order, 12);
    // The look was before the shipment, so nothing was there that could be shipped.
    assert_eq!(store.post(&count)["lines"][0]["status"], "refused");
    let again = store.act(&count, "lines/1/recount", &json!({})).expect(200).json();
    assert_eq!((&again["status"], first(&again)), (&json!("open"), ("open".to_owned(), Some(88), None, None)));
    store.enter(&count, 0, None);
    store.submit(&count);
    assert_eq!(first(&store.post(&count)), ("posted".to_owned(), Some(88), Some(0), Some(-88)));
    assert_eq!(store.levels(), (0, 0, 0));
    store.assert_verified();
}

#[test]
fn overdue_holds_do_not_refuse_a_line() {
    let store = Store::open();
    let held = json!({"items": [{"product_id": store.rice.id, "quantity": 70}], "reference_id": "quote-1"});
    store.admin.post("/reservations", &held).expect(201);
    let count = store.count_and_post(40);
    assert_eq!(first(&count).0, "refused");
    store.app.fall_due_in(0);
    assert_eq!(first(&store.post(&count)), ("posted".to_owned(), Some(100), Some(40), Some(-60)));
    assert_eq!(store.levels(), (40, 0, 0));
}

#[test]
fn a_line_is_counted_again_after_its_submission() {
    let store = Store::open();
    let count = store.count();
    store.app.advance(10);
    store.enter(&count, 90, None);
    store.submit(&count);
    store.app.advance(10);
    store.act(&count, "lines/1/recount", &json!({})).expect(200);
    // A look from before the recount arrives late. It is kept, but does not count.
    let late = store.enter(&count, 91, Some(super::after(&count, 5)));
    assert_eq!(first(&late), ("open".to_owned(), Some(100), None, None));
    store.enter(&count, 95, None);
    let submitted = store.submit(&count);
    let steps: Vec<&Value> = submitted["history"].as_array().unwrap().iter().map(|step| &step["to"]).collect();
    assert_eq!(steps, ["open", "submitted", "open", "submitted"]);
    store.post(&count);
    assert_eq!(store.levels(), (95, 0, 0));
    store.act(&count, "lines/1/recount", &json!({})).refused(409, "INVALID_TRANSITION");
    store.assert_verified();
}

#[test]
fn a_cancelled_count_posts_nothing_and_keeps_what_was_posted() {
    let store = Store::open();
    let dal = store.app.product("dal", 10.0, 20);
    let count = store.count();
    let entries = json!([store.entry(90, None), {"product_id": dal.id, "quantity": 19}]);
    store.act(&count, "entries", &json!({"entries": entries})).expect(200);
    store.submit(&count);
    let posted = store.act(&count, "post", &json!({"lines": [1]})).expect(200).json();
    assert_eq!((&posted["lines"][0]["sku"], posted["lines"].as_array().unwrap().len()), (&json!("dal"), 1));
    let cancelled = store.act(&count, "cancel", &json!({"reason": "The shelf was moved"})).expect(200).json();
    assert_eq!((&cancelled["status"], &cancelled["line_totals"]["cancelled"]), (&json!("cancelled"), &json!(1)));
    assert_eq!(cancelled["history"].as_array().unwrap().last().unwrap()["reason"], "The shelf was moved");
    assert_eq!((store.levels(), store.app.stock(&dal).0), ((100, 0, 0), 19));
    for act in ["entries", "submit", "post", "cancel", "lines/2/recount"] {
        let body = if act == "entries" { json!({"entries": [store.entry(1, None)]}) } else { json!({}) };
        store.app.without_effect(|| store.act(&count, act, &body)).refused(409, "INVALID_TRANSITION");
    }
    store.assert_verified();
}

#[test]
fn a_post_that_is_sent_twice_happens_once() {
    let store = Store::open();
    let count = store.count();
    store.enter(&count, 90, None);
    store.submit(&count);
    let keyed = store.admin.clone().with_key("post-1");
    let send = || keyed.post_nothing(&super::path(&count, "post")).expect(200);
    let (one, other) = (send(), send());
    assert_eq!((one.json(), other.header("idempotent-replayed"), store.levels()), (other.json(), "true", (90, 0, 0)));
}

#[test]
fn the_lines_of_a_posted_count_are_in_the_order_of_their_numbers() {
    let store = Store::open();
    let dal = store.app.product("dal", 10.0, 20);
    store.app.product("salt", 10.0, 5);
    let count = store.count();
    // The last line is not counted, so it is not posted.
    let entries = json!([store.entry(99, None), {"product_id": dal.id, "quantity": 19}]);
    store.act(&count, "entries", &json!({"entries": entries})).expect(200);
    store.submit(&count);
    let posted = store.post(&count);
    let lines = posted["lines"].as_array().unwrap();
    let numbers: Vec<i64> = lines.iter().map(|line| line["line"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!((&lines[0]["status"], &lines[1]["status"]), (&json!("posted"), &json!("posted")));
    assert_ne!(lines[2]["status"], "posted");
}
