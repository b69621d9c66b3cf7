//! A blind count hides the expected quantities on the server.

use super::{Store, path};
use crate::common::{Client, Value, json};

const HIDDEN: [&str; 4] = ["expected_quantity", "variance", "value", "touched"];

/// The names of the figures that the first line shows.
fn shown(count: &Value) -> Vec<&'static str> {
    HIDDEN.into_iter().filter(|name| !count["lines"][0][name].is_null()).collect()
}

fn act(client: &Client, count: &Value, act: &str, body: &Value) -> Value {
    client.post(&path(count, act), body).expect(200).json()
}

#[test]
fn a_blind_count_shows_no_expected_quantity_until_it_is_submitted() {
    let store = Store::open();
    let counter = store.app.staff(&["inventory:count", "orders:read"]);
    let plan = json!({"location_id": store.main, "scope": {"all": true}, "blind": true});
    let count = counter.post("/counts", &plan).expect(201).json();
    assert_eq!((&count["blind"], shown(&count)), (&json!(true), vec![]));
    let entries = json!({"entries": [store.entry(97, None)]});
    let entered = act(&counter, &count, "entries", &entries);
    assert_eq!((shown(&entered), &entered["lines"][0]["counted_quantity"]), (vec![], &json!(97)));
    let read = || counter.get(&format!("/counts/{}", count["id"])).expect(200).json();
    assert_eq!(shown(&read()), Vec::<&str>::new());
    counter.get(&path(&count, "variances")).refused(403, "FORBIDDEN");
    // After the submission the difference is shown, but not the value, which contains the cost price.
    assert_eq!(shown(&act(&counter, &count, "submit", &json!({}))), ["expected_quantity", "variance", "touched"]);
    assert_eq!(shown(&read()), ["expected_quantity", "variance", "touched"]);
    let again = act(&counter, &count, "lines/1/recount", &json!({}));
    assert_eq!((&again["status"], shown(&again)), (&json!("open"), vec![]));
    act(&counter, &count, "entries", &entries);
    assert_eq!(shown(&read()), Vec::<&str>::new());
}

#[test]
fn a_caller_who_may_see_the_stock_sees_the_expected_quantity() {
    let store = Store::open();
    let count = store.create(&json!({"blind": true})).expect(201).json();
    store.enter(&count, 97, None);
    for (permission, figures) in [
        ("inventory:read", &HIDDEN[..]),
        ("inventory:approve", &["expected_quantity", "variance", "touched"]),
        ("inventory:update", &["expected_quantity", "variance", "touched"]),
        ("products:write", &[]),
    ] {
        let client = store.app.staff(&["inventory:count", permission]);
        let read = client.get(&format!("/counts/{}", count["id"])).expect(200).json();
        assert_eq!(shown(&read), figures, "{permission}");
    }
    let open = store.count();
    store.enter(&open, 97, None);
    let counter = store.app.staff(&["inventory:count"]);
    let read = counter.get(&format!("/counts/{}", open["id"])).expect(200).json();
    assert_eq!(shown(&read), ["expected_quantity", "variance", "touched"]);
}
