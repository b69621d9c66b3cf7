//! Two counts of one row: the newest look wins, in whatever order they are posted.

use super::{Shelf, after, first};
use crate::common::{Value, json};

/// Of 100 units, the first count sees 98. Then 5 are shipped. The second count sees 92, one of which was never there.
fn look_twice(shelf: &Shelf) -> (Value, Value) {
    let (early, late) = (shelf.count(), shelf.count());
    shelf.app.advance(60);
    shelf.enter(&early, 98, None);
    shelf.app.advance(60);
    let order = shelf.sell(5);
    shelf.ship(&order, 5);
    shelf.app.advance(60);
    shelf.enter(&late, 92, None);
    shelf.submit(&early);
    shelf.submit(&late);
    (early, late)
}

#[test]
fn the_second_look_starts_from_the_first_one() {
    let shelf = Shelf::open();
    let (early, late) = look_twice(&shelf);
    assert_eq!(first(&shelf.post(&early)), ("posted".to_owned(), Some(100), Some(98), Some(-2)));
    assert_eq!(shelf.levels(), (93, 0, 0));
    assert_eq!(first(&shelf.post(&late)), ("posted".to_owned(), Some(93), Some(92), Some(-1)));
    assert_eq!(shelf.levels(), (92, 0, 0));
    shelf.assert_verified();
}

#[test]
fn the_first_look_is_superseded_by_the_second_one() {
    let shelf = Shelf::open();
    let (early, late) = look_twice(&shelf);
    assert_eq!(first(&shelf.post(&late)), ("posted".to_owned(), Some(95), Some(92), Some(-3)));
    let superseded = shelf.post(&early);
    assert_eq!((&superseded["status"], &superseded["lines"][0]["status"]), (&json!("posted"), &json!("superseded")));
    assert_eq!((shelf.levels(), shelf.ledger(&early["count_number"])), ((92, 0, 0), vec![]));
    shelf.assert_verified();
}

#[test]
fn a_look_counts_the_differences_that_were_posted_after_it_for_an_earlier_time() {
    let shelf = Shelf::open();
    let (early, late) = (shelf.count(), shelf.count());
    shelf.enter(&early, 98, Some(after(&early, 1)));
    shelf.app.advance(600);
    shelf.enter(&late, 98, None);
    shelf.app.advance(600);
    // The early count is posted after the second look, and the second look has seen its difference.
    shelf.submit(&early);
    shelf.post(&early);
    shelf.submit(&late);
    assert_eq!(first(&shelf.post(&late)), ("posted".to_owned(), Some(98), Some(98), Some(0)));
    assert_eq!(shelf.levels(), (98, 0, 0));
    // A line without a difference has a movement, too. So a later post of an older look is superseded.
    assert_eq!(shelf.ledger(&late["count_number"]).len(), 1);
    shelf.assert_verified();
}
