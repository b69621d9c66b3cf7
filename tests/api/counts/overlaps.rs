//! Two counts of one row: the newest look wins, in whatever order they are posted.

use super::{Store, after, first};
use crate::common::{Value, json};

/// Of 100 units, the first count sees 98. Then 5 are shipped. The second count sees 92, one of which was never there.
fn look_twice(store: &Store) -> (Value, Value) {
    let (early, late) = (store.count(), store.count());
    store.app.advance(60);
    store.enter(&early, 98, None);
    store.app.advance(60);
    let order = store.sell(5);
    store.ship(&order, 5);
    store.app.advance(60);
    store.enter(&late, 92, None);
    store.submit(&early);
    store.submit(&late);
    (early, late)
}

#[test]
fn the_second_look_starts_from_the_first_one() {
    let store = Store::open();
    let (early, late) = look_twice(&store);
    assert_eq!(first(&store.post(&early)), ("posted".to_owned(), Some(100), Some(98), Some(-2)));
    assert_eq!(store.levels(), (93, 0, 0));
    assert_eq!(first(&store.post(&late)), ("posted".to_owned(), Some(93), Some(92), Some(-1)));
    assert_eq!(store.levels(), (92, 0, 0));
    store.assert_verified();
}

#[test]
fn the_first_look_is_superseded_by_the_second_one() {
    let store = Store::open();
    let (early, late) = look_twice(&store);
    assert_eq!(first(&store.post(&late)), ("posted".to_owned(), Some(95), Some(92), Some(-3)));
    let superseded = store.post(&early);
    assert_eq!((&superseded["status"], &superseded["lines"][0]["status"]), (&json!("posted"), &json!("superseded")));
    assert_eq!((store.levels(), store.ledger(&early["count_number"])), ((92, 0, 0), vec![]));
    store.assert_verified();
}

#[test]
fn a_look_counts_the_differences_that_were_posted_after_it_for_an_earlier_time() {
    let store = Store::open();
    let (early, late) = (store.count(), store.count());
    store.enter(&early, 98, Some(after(&early, 1)));
    store.app.advance(600);
    store.enter(&late, 98, None);
    store.app.advance(600);
    // The early count is posted after the second look, and the second look has seen its difference.
    store.submit(&early);
    store.post(&early);
    store.submit(&late);
    assert_eq!(first(&store.post(&late)), ("posted".to_owned(), Some(98), Some(98), Some(0)));
    assert_eq!(store.levels(), (98, 0, 0));
    // A line without a difference has a movement, too. So a later post of an older look is superseded.
    assert_eq!(store.ledger(&late["count_number"]).len(), 1);
    store.assert_verified();
}
