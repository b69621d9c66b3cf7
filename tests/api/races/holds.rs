//! Concurrent requests around the holds of carts and reservations. Each hold ends once, and the ledger is audited
//! after each repetition.

use crate::common::locks::stock_rows;
use crate::common::race::{Margin, Tally, duel, one_of, repetitions, repetitions_per_queue_kind};
use crate::common::{TestApp, json, race};

#[test]
fn a_hold_that_is_extended_at_its_deadline_is_held_or_expired() {
    let app = TestApp::start();
    app.hold_carts();
    let tee = app.product("tee-red", 30.0, 1_000);
    let mara = app.customer("mara");
    let (mut margin, mut tally) = (Margin(8_000), Tally::default());
    let item = mara.add_to_cart(&tee, 2).json()["items"][0]["id"].clone();
    for _ in 0..repetitions() {
        let path = format!("/cart/items/{item}");
        mara.put(&path, &json!({"quantity": 2})).expect(200);
        app.fall_due_in(margin.0);
        let (extended, ended) = duel(
            || mara.put(&path, &json!({"quantity": 2})).expect(200).json(),
            || (0..4).map(|_| app.expire_holds()).sum::<usize>(),
        );
        // The answer promises the units in both cases: the hold was extended, or there is a new one.
        assert!(extended["items"][0]["reserved_until"].is_string(), "{extended}");
        assert_eq!((app.stock(&tee), app.available(&tee)), ((1_000, 2, 0), 998));
        if ended == 0 {
            margin.early_won();
            tally.count("extended");
        } else {
            margin.late_won();
            tally.count("expired by the job");
        }
        app.audit();
    }
    tally.assert_both("extend against expire");
    mara.delete("/cart").expect(204);
    app.assert_sold(&tee, 1_000, 0);
}

#[test]
fn a_checkout_is_not_refused_when_its_own_hold_expires() {
    let app = TestApp::start();
    app.hold_carts();
    let tee = app.product("tee-red", 30.0, 2 * repetitions() as i64);
    let mara = app.customer("mara");
    let address = mara.address();
    let (mut margin, mut tally) = (Margin(8_000), Tally::default());
    for repetition in 1..=repetitions() {
        mara.add_to_cart(&tee, 2);
        app.fall_due_in(margin.0);
        let (order, ended) = duel(|| mara.checkout_to(address), || (0..4).map(|_| app.expire_holds()).sum::<usize>());
        order.expect(201);
        if ended == 0 {
            margin.early_won();
            tally.count("bought with its hold");
        } else {
            margin.late_won();
            tally.count("expired, then bought");
        }
        app.assert_sold(&tee, 2 * repetitions() as i64, 2 * repetition as i64);
    }
    tally.assert_both("checkout against the expiry of its hold");
}

#[test]
fn the_last_units_go_to_the_cart_that_holds_them() {
    let mut tally = Tally::default();
    TestApp::of_each_queue_kind().for_each(|app| race_for_the_last_units(&app, &mut tally));
    tally.assert_both("own hold against the last unit");
}

fn race_for_the_last_units(app: &TestApp, tally: &mut Tally) {
    app.hold_carts();
    let tee = app.product("tee-red", 30.0, 0);
    let (mara, noor, service) = (app.customer("mara"), app.customer("noor"), app.staff(&["inventory:update"]));
    let address = mara.address();
    for repetition in 1..=repetitions_per_queue_kind() {
        // Of three units the cart holds two. The other two contenders compete for the third.
        app.set_stock(&tee, 3);
        mara.add_to_cart(&tee, 2);
        let buy = || {
            race(3, |index| match index {
                0 => mara.checkout_to(address),
                1 => noor.order_now(&tee, 1),
                _ => service.reserve(&tee, 1),
            })
        };
        // A reservation goes through no queue.
        let replies = match app.has_batches() {
            true => app.sometimes_in_one_batch(repetition, 2, buy),
            false => app.behind_a_lock(&stock_rows(&[&tee]), 3, buy),
        };
        assert_eq!(replies[0].status, 201, "refused although the cart has a hold: {}", replies[0].text());
        let bought = one_of(&replies[1], 201, &["INSUFFICIENT_STOCK"]);
        let reserved = one_of(&replies[2], 201, &["INSUFFICIENT_STOCK"]);
        assert!(bought != reserved, "exactly one of them gets the unit");
        if reserved {
            service.post_nothing(&format!("/reservations/{}/confirm", replies[2].id())).expect(200);
        }
        tally.count(if bought { "order" } else { "reservation" });
        assert_eq!(app.stock(&tee), (0, 0, 3 * repetition as i64));
        app.audit();
    }
}

#[test]
fn a_reservation_is_confirmed_or_released_and_never_both() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 1_000);
    let service = app.staff(&["inventory:update"]);
    let (mut tally, mut sold) = (Tally::default(), 0);
    for _ in 0..repetitions() {
        let id = service.reserve(&tee, 2).expect(201).id();
        let path = format!("/reservations/{id}");
        let end = |verb: &str| service.post_nothing(&format!("{path}/{verb}"));
        let lock = format!("SELECT FROM reservations WHERE id = {id} FOR UPDATE");
        let both = || duel(|| end("confirm"), || end("release"));
        let (confirmed, released) = app.behind_a_lock(&lock, 2, both);
        let confirmed = one_of(&confirmed, 200, &["RESERVATION_CLOSED"]);
        let released = one_of(&released, 200, &["RESERVATION_CLOSED"]);
        assert!(confirmed != released, "exactly one of them ends the reservation");
        sold += if confirmed { 2 } else { 0 };
        tally.count(if confirmed { "confirmed" } else { "released" });
        app.assert_sold(&tee, 1_000, sold);
    }
    tally.assert_both("confirm against release");
}
