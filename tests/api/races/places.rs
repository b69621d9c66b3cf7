//! Places are paused and closed while other requests use them, or pause other places.

use std::sync::Mutex;

use super::shop::Shop;
use crate::common::locks::location_row;
use crate::common::race::{Tally, one_of, repeat, repetitions};
use crate::common::{Reply, Value, json};

/// Both changes read all places, of which one has to go on selling.
const ALL_PLACES: &str = "SELECT FROM locations WHERE kind = 'place' ORDER BY id FOR UPDATE";

#[test]
fn one_of_the_last_two_places_goes_on_selling() {
    let shop = Shop::of_each_queue_kind().next().unwrap();
    let places = [shop.app.main_location(), shop.app.add_location("attic")];
    let change =
        |place: usize, change: &Value| -> Reply { shop.admin.patch(&format!("/locations/{}", places[place]), change) };
    let (pause, hide) = (json!({"status": "paused"}), json!({"sells_online": false}));
    let selling = json!({"status": "active", "sells_online": true});
    let tally = Mutex::new(Tally::default());
    repeat(repetitions(), |repetition| {
        let (one, other) = match repetition / 4 % 3 {
            0 => (&pause, &pause),
            1 => (&pause, &hide),
            _ => (&hide, &hide),
        };
        let calls = (|| change(0, one), || change(1, other));
        let (first, second) = shop.duel(repetition, ALL_PLACES, calls);
        let ended = [&first, &second].map(|reply| one_of(reply, 200, &["LAST_LOCATION"]));
        tally.lock().unwrap().count(if ended[0] { "main first" } else { "attic first" });
        [0, 1].into_iter().for_each(|place| drop(change(place, &selling).expect(200)));
        assert_eq!(ended.iter().filter(|has_ended| **has_ended).count(), 1);
    });
    tally.into_inner().unwrap().assert_both("the last two places");
}

#[test]
fn a_place_that_is_not_paused_any_more_is_not_closed() {
    let shop = Shop::of_each_queue_kind().next().unwrap();
    let attic = shop.app.add_location("attic");
    let tally = Mutex::new(Tally::default());
    repeat(repetitions(), |repetition| {
        shop.app.set_status(attic, "paused").expect(200);
        let calls = (|| shop.app.set_status(attic, "active"), || shop.app.set_status(attic, "closed"));
        let (opened, closed) = shop.duel(repetition, ALL_PLACES, calls);
        let is_opened = one_of(&opened, 200, &["INVALID_TRANSITION"]);
        assert_ne!(is_opened, one_of(&closed, 200, &["INVALID_TRANSITION"]));
        tally.lock().unwrap().count(if is_opened { "opened first" } else { "closed first" });
    });
    tally.into_inner().unwrap().assert_both("open and close");
}

#[test]
fn a_receipt_comes_before_a_close_or_is_refused() {
    let shop = Shop::of_each_queue_kind().next().unwrap();
    let (tee, attic) = (shop.product(0), shop.app.add_location("attic"));
    let empty = || {
        let counted = json!({"quantity": 0, "movement_type": "adjustment", "reason": "counted", "location_id": attic});
        shop.admin.put(&format!("/inventory/products/{}/stock", tee.id), &counted).expect(200);
    };
    shop.app.receive(&tee, 1, attic).expect(200);
    empty();
    let tally = Mutex::new(Tally::default());
    repeat(repetitions(), |repetition| {
        shop.app.set_status(attic, "paused").expect(200);
        let calls = (|| shop.app.receive(&tee, 3, attic), || shop.app.set_status(attic, "closed"));
        let (received, closed) = shop.duel(repetition, &location_row(attic), calls);
        let is_received = one_of(&received, 200, &["LOCATION_CLOSED"]);
        assert_ne!(is_received, one_of(&closed, 200, &["LOCATION_NOT_EMPTY"]));
        tally.lock().unwrap().count(if is_received { "received first" } else { "closed first" });
        if is_received {
            empty();
            shop.app.set_status(attic, "active").expect(200);
        }
    });
    tally.into_inner().unwrap().assert_both("receive and close");
}
