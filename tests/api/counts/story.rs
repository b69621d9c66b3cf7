//! The stories of a count, from its opening to the ledger.

use super::{Store, after, first, moment};
use crate::common::{Value, json};

#[test]
fn a_shelf_is_counted_while_units_are_sold_and_shipped() {
    let store = Store::open();
    let count = store.count();
    assert!(count["count_number"].as_str().unwrap().starts_with("CNT-"), "{count}");
    assert_eq!((&count["status"], first(&count)), (&json!("open"), ("open".to_owned(), Some(100), None, None)));
    // At ten seconds, 97 of 100 units are on the shelf. Then 12 are sold, and 7 of them are shipped.
    let look = after(&count, 10);
    store.app.advance(10);
    let entered = store.enter(&count, 97, Some(look));
    assert_eq!(first(&entered), ("open".to_owned(), Some(100), Some(97), Some(-3)));
    store.app.advance(20);
    let order = store.sell(12);
    store.app.advance(20);
    store.ship(&order, 7);
    assert_eq!(store.levels(), (88, 0, 5));
    let submitted = store.submit(&count);
    assert_eq!(
        (&submitted["status"], first(&submitted)),
        (&json!("submitted"), ("submitted".to_owned(), Some(100), Some(97), Some(-3)))
    );
    assert_eq!(store.levels(), (88, 0, 5));
    let posted = store.post(&count);
    assert_eq!(
        (&posted["status"], first(&posted)),
        (&json!("posted"), ("posted".to_owned(), Some(100), Some(97), Some(-3)))
    );
    assert_eq!((&posted["lines"][0]["touched"], posted["lines"][0]["value"].as_f64()), (&json!(true), Some(-30.0)));
    // On the shelf are 100 - 7 shipped - 3 missing = 90 units, of which 5 are sold.
    assert_eq!(store.levels(), (85, 0, 5));
    assert_eq!(
        store.ledger(&count["count_number"]),
        [("adjust".to_owned(), -3, moment(&entered["lines"][0], "counted_at"))]
    );
    assert_eq!(moment(&entered["lines"][0], "counted_at").timestamp(), look.timestamp());
    let steps: Vec<&Value> = posted["history"].as_array().unwrap().iter().map(|step| &step["to"]).collect();
    assert_eq!(steps, [&json!("open"), &json!("submitted"), &json!("posted")]);
    store.assert_verified();
    let again = store.act(&count, "post", &json!({}));
    again.refused(409, "INVALID_TRANSITION");
    assert_eq!(store.levels(), (85, 0, 5));
}

#[test]
fn an_offline_count_may_arrive_an_hour_late() {
    let store = Store::open();
    let count = store.count();
    let look = after(&count, 5);
    // After the look, 30 units are received, 12 are sold, and 7 of these are shipped.
    store.app.advance(60);
    store.app.receive(&store.rice, 30, store.main).expect(200);
    let order = store.sell(12);
    store.ship(&order, 7);
    store.app.advance(3_600);
    let entered = store.enter(&count, 104, Some(look));
    assert_eq!(first(&entered), ("open".to_owned(), Some(100), Some(104), Some(4)));
    store.submit(&count);
    let posted = store.post(&count);
    assert_eq!(first(&posted), ("posted".to_owned(), Some(100), Some(104), Some(4)));
    assert_eq!(store.levels(), (122, 0, 5));
    assert_eq!(store.ledger(&count["count_number"]), [("adjust".to_owned(), 4, look)]);
    store.assert_verified();
}

#[test]
fn a_look_without_movements_near_it_is_not_touched() {
    let store = Store::open();
    let touched = |before: i64, after_look: i64| {
        store.app.advance(3_600);
        let count = store.count();
        store.app.receive(&store.rice, 1, store.main).expect(200);
        store.app.advance(before);
        store.enter(&count, 1, None);
        store.app.advance(after_look);
        store.app.receive(&store.rice, 1, store.main).expect(200);
        let lines = store.admin.get(&format!("/counts/{}/variances", count["id"])).expect(200).json();
        lines["items"][0]["touched"].clone()
    };
    assert_eq!([touched(610, 610), touched(590, 610), touched(610, 590)], [json!(false), json!(true), json!(true)]);
    // Reserved units do not move.
    store.app.advance(3_600);
    let count = store.count();
    let held = json!({"items": [{"product_id": store.rice.id, "quantity": 1}], "reference_id": "quote-1"});
    store.admin.post("/reservations", &held).expect(201);
    let entered = store.enter(&count, 1, None);
    assert_eq!(entered["lines"][0]["touched"], json!(false));
}

#[test]
fn every_act_is_in_the_audit() {
    let store = Store::open();
    let count = store.count_and_post(99);
    store.app.relay_feed();
    let list = store.admin.get(&format!("/audit?entity=Count&entity_id={}&after=0", count["id"])).expect(200).json();
    let entries: Vec<String> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| format!("{}: {}", entry["action"].as_str().unwrap(), entry["detail"].as_str().unwrap()))
        .collect();
    let number = count["count_number"].as_str().unwrap();
    let expected = [
        "CREATE: Count # opened",
        "UPDATE: Count # counted",
        "UPDATE_STATUS: Count # submitted",
        "UPDATE_STATUS: Count # posted",
    ];
    assert_eq!(entries, expected.map(|entry| entry.replace('#', number)));
}
