//! Two at once around a deadline: each kept unit ends once, and the books are clean after each race.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops where something unexpected happens"
)]

mod common;

use std::collections::BTreeMap;

use common::race::duel;
use common::shop::Product;
use common::{Reply, TestApp, Value, json, race};

const REPETITIONS: usize = 200;

/// Fails unless the reply is this success, or a refusal of one of these codes.
#[track_caller]
fn one_of(reply: &Reply, success: u16, codes: &[&str]) -> bool {
    if reply.status == success {
        return true;
    }
    let code = reply.code().unwrap_or_default();
    assert!(codes.contains(&code.as_str()), "{} was answered {}: {}", reply.asked, reply.status, reply.text());
    false
}

/// How often each outcome came, printed at the end.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    fn count(&mut self, outcome: &'static str) {
        *self.0.entry(outcome).or_default() += 1;
    }

    /// Both sides must have won: else it was no race.
    fn assert_both(&self, race: &str) {
        println!("{race}: {:?}", self.0);
        assert!(self.0.len() >= 2, "{race} always ended alike: {:?}", self.0);
    }
}

/// A moment around which both sides win: moved towards the one that loses.
struct Margin(i64);

impl Margin {
    fn early_won(&mut self) {
        self.0 = (self.0 - 1_500).max(0);
    }

    fn late_won(&mut self) {
        self.0 += 1_500;
    }
}

/// How often the ledger names an ending of the order, and which.
fn endings(app: &TestApp, order: &Value) -> Vec<(String, String)> {
    let steps = app.history(order);
    let text = |step: &Value, name: &str| step[name].as_str().unwrap().to_owned();
    let ended = steps.iter().filter(|step| step["from"] == "under_paying");
    ended.map(|step| (text(step, "to"), text(step, "actor"))).collect()
}

/// Sold counts add up over the repetitions; nothing is kept afterwards.
#[track_caller]
fn assert_sold(app: &TestApp, tee: &Product, stock: i64, sold: i64) {
    assert_eq!(app.stock(tee), (stock - sold, 0, sold));
    app.audit();
}

#[test]
fn confirm_against_expire_is_paid_before_the_deadline_or_expired_and_never_both() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 1_000);
    let (mara, cashier) = (app.customer("mara"), app.cashier());
    let (mut margin, mut tally, mut sold) = (Margin(8_000), Tally::default(), 0);
    for _ in 0..REPETITIONS {
        let order = mara.order_upi(&tee, 2);
        app.fall_due_in(margin.0);
        let (confirmed, _) =
            duel(|| cashier.confirm(&order, "pay-1"), || while app.expire_holds() == 0 && is_open(&app) {});
        let status = app.status(&order);
        if one_of(&confirmed, 200, &["PAYMENT_EXPIRED"]) {
            assert_eq!(status, ("pending".into(), "paid".into()));
            sold += 2;
            margin.early_won();
            tally.count("paid");
        } else {
            assert_eq!(status, ("cancelled".into(), "expired".into()));
            assert_eq!(app.order(&order)["refund_due"], true);
            margin.late_won();
            tally.count("expired");
        }
        assert_eq!(endings(&app, &order).len(), 1);
        assert_sold(&app, &tee, 1_000, sold);
    }
    tally.assert_both("confirm against expire");
}

/// Whether anything is kept, looked up beside the servers.
fn is_open(app: &TestApp) -> bool {
    use diesel::prelude::*;
    diesel::sql_query("SELECT 1 FROM stock_holds WHERE state = 'active'").execute(&mut app.connection()).unwrap() > 0
}

#[test]
fn confirm_twice_with_one_reference_is_one_sale_and_two_thanks() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 1_000);
    let (mara, cashier) = (app.customer("mara"), app.cashier());
    for repetition in 1..=REPETITIONS {
        let order = mara.order_upi(&tee, 2);
        for reply in race(2, |_| cashier.confirm(&order, "pay-1")) {
            let paid = reply.expect(200).json();
            assert_eq!((&paid["status"], &paid["payment_reference"]), (&json!("pending"), &json!("pay-1")));
        }
        assert_eq!(endings(&app, &order).len(), 1);
        assert_sold(&app, &tee, 1_000, 2 * repetition as i64);
    }
}

#[test]
fn confirm_with_two_references_takes_one_and_refuses_the_other() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 1_000);
    let (mara, cashier) = (app.customer("mara"), app.cashier());
    for repetition in 1..=REPETITIONS {
        let order = mara.order_upi(&tee, 2);
        let replies = race(2, |index| cashier.confirm(&order, ["pay-1", "pay-2"][index]));
        let paid = replies.iter().map(|reply| one_of(reply, 200, &["ALREADY_PAID"]));
        let winner: Vec<usize> = paid.enumerate().filter(|(_, paid)| *paid).map(|(index, _)| index).collect();
        assert_eq!(winner.len(), 1);
        assert_eq!(app.order(&order)["payment_reference"], ["pay-1", "pay-2"][winner[0]]);
        assert_sold(&app, &tee, 1_000, 2 * repetition as i64);
    }
}

#[test]
fn cancel_against_confirm_gives_the_stock_back_and_keeps_the_money_due() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 1_000);
    let (mara, cashier) = (app.customer("mara"), app.cashier());
    let mut tally = Tally::default();
    for _ in 0..REPETITIONS {
        let order = mara.order_upi(&tee, 2);
        let (cancelled, confirmed) = duel(|| mara.cancel(&order), || cashier.confirm(&order, "pay-1"));
        // A paid order can be cancelled too: the cancel call always wins in the end.
        cancelled.expect(200);
        let paid = one_of(&confirmed, 200, &["INVALID_TRANSITION"]);
        tally.count(if paid { "paid, then cancelled" } else { "cancelled, then paid" });
        let payment = if paid { "paid" } else { "pending" };
        assert_eq!(app.status(&order), ("cancelled".into(), payment.into()));
        assert_eq!(app.order(&order)["refund_due"], true);
        assert_eq!(endings(&app, &order).len(), 1);
        assert_sold(&app, &tee, 1_000, 0);
    }
    tally.assert_both("cancel against confirm");
}

#[test]
fn two_servers_that_expire_the_same_orders_end_each_once() {
    let app = TestApp::start();
    let second = app.second_server();
    let (tee, cap) = (app.product("tee-red", 30.0, 1_000), app.product("cap", 5.0, 1_000));
    let (mara, admin) = (app.customer("mara"), app.admin());
    app.hold_carts();
    for _ in 0..REPETITIONS {
        let orders = [mara.order_upi(&tee, 2), mara.order_upi(&cap, 1)];
        let reservation = admin.reserve(&tee, 3).expect(201).id();
        mara.delete("/cart").expect(204);
        mara.add_to_cart(&cap, 1);
        app.advance(901);
        let (first, other) = duel(|| app.expire_holds(), || second.expire_holds());
        // What one is working on the other leaves alone.
        assert_eq!(first + other, 4);
        for order in &orders {
            assert_eq!(app.status(order), ("cancelled".into(), "expired".into()));
            assert_eq!(endings(&app, order), [("cancelled".to_owned(), "system".to_owned())]);
        }
        let read = admin.get(&format!("/reservations/{reservation}")).expect(200).json();
        assert_eq!(read["state"], "expired");
        assert_eq!(app.stock(&cap), (1_000, 0, 0));
        assert_sold(&app, &tee, 1_000, 0);
    }
}

#[test]
fn a_hold_that_is_extended_at_its_deadline_is_held_or_expired() {
    let app = TestApp::start();
    app.hold_carts();
    let tee = app.product("tee-red", 30.0, 1_000);
    let mara = app.customer("mara");
    let (mut margin, mut tally) = (Margin(8_000), Tally::default());
    let item = mara.add_to_cart(&tee, 2).json()["items"][0]["id"].clone();
    for _ in 0..REPETITIONS {
        let path = format!("/cart/items/{item}");
        mara.put(&path, &json!({"quantity": 2})).expect(200);
        app.fall_due_in(margin.0);
        let (extended, ended) = duel(
            || mara.put(&path, &json!({"quantity": 2})).expect(200).json(),
            || (0..4).map(|_| app.expire_holds()).sum::<usize>(),
        );
        // The answer promises the units, whoever came first: held on, or held anew.
        assert!(extended["items"][0]["reserved_until"].is_string(), "{extended}");
        assert_eq!((app.stock(&tee), app.available(&tee)), ((1_000, 2, 0), 998));
        if ended == 0 {
            margin.early_won();
            tally.count("held on, or anew by the cart itself");
        } else {
            margin.late_won();
            tally.count("expired by the job");
        }
        app.audit();
    }
    tally.assert_both("extend against expire");
    mara.delete("/cart").expect(204);
    assert_sold(&app, &tee, 1_000, 0);
}

#[test]
fn a_checkout_is_not_refused_when_its_own_hold_expires() {
    let app = TestApp::start();
    app.hold_carts();
    let tee = app.product("tee-red", 30.0, 2 * REPETITIONS as i64);
    let mara = app.customer("mara");
    let address = mara.address();
    let (mut margin, mut tally) = (Margin(8_000), Tally::default());
    for repetition in 1..=REPETITIONS {
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
        assert_sold(&app, &tee, 2 * REPETITIONS as i64, 2 * repetition as i64);
    }
    tally.assert_both("checkout against the expiry of its hold");
}

#[test]
fn the_last_units_go_to_the_cart_that_holds_them() {
    let app = TestApp::start();
    app.hold_carts();
    let tee = app.product("tee-red", 30.0, 0);
    let (mara, noor, service) = (app.customer("mara"), app.customer("noor"), app.staff(&["inventory:update"]));
    let address = mara.address();
    let mut tally = Tally::default();
    for repetition in 1..=REPETITIONS {
        // Three units: two in the cart, one that two others want.
        app.set_stock(&tee, 3);
        mara.add_to_cart(&tee, 2);
        let replies = race(3, |index| match index {
            0 => mara.checkout_to(address),
            1 => noor.order_now(&tee, 1),
            _ => service.reserve(&tee, 1),
        });
        assert_eq!(replies[0].status, 201, "refused in spite of its own hold: {}", replies[0].text());
        let bought = one_of(&replies[1], 201, &["INSUFFICIENT_STOCK"]);
        let reserved = one_of(&replies[2], 201, &["INSUFFICIENT_STOCK"]);
        assert!(bought != reserved, "one unit is for one of them");
        if reserved {
            service.post_nothing(&format!("/reservations/{}/confirm", replies[2].id())).expect(200);
        }
        tally.count(if bought { "order" } else { "reservation" });
        assert_eq!(app.stock(&tee), (0, 0, 3 * repetition as i64));
        app.audit();
    }
    tally.assert_both("own hold against the last unit");
}

#[test]
fn a_reservation_is_confirmed_or_released_and_never_both() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 1_000);
    let service = app.staff(&["inventory:update"]);
    let (mut tally, mut sold) = (Tally::default(), 0);
    for _ in 0..REPETITIONS {
        let path = format!("/reservations/{}", service.reserve(&tee, 2).expect(201).id());
        let end = |verb: &str| service.post_nothing(&format!("{path}/{verb}"));
        let (confirmed, released) = duel(|| end("confirm"), || end("release"));
        let confirmed = one_of(&confirmed, 200, &["RESERVATION_CLOSED"]);
        let released = one_of(&released, 200, &["RESERVATION_CLOSED"]);
        assert!(confirmed != released, "one of the two ends it");
        sold += if confirmed { 2 } else { 0 };
        tally.count(if confirmed { "confirmed" } else { "released" });
        assert_sold(&app, &tee, 1_000, sold);
    }
    tally.assert_both("confirm against release");
}
