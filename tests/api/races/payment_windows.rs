//! Concurrent requests around the payment of an order. It ends once, and the ledger is audited after each repetition.

use crate::common::locks::order_row;
use crate::common::race::{Margin, Tally, duel, one_of, repetitions, repetitions_per_queue_kind};
use crate::common::{TestApp, Value, json, race};

/// The steps of the history by which the order left the payment window: the new status and the actor.
fn endings(app: &TestApp, order: &Value) -> Vec<(String, String)> {
    let steps = app.history(order);
    let text = |step: &Value, name: &str| step[name].as_str().unwrap().to_owned();
    let ended = steps.iter().filter(|step| step["from"] == "under_paying");
    ended.map(|step| (text(step, "to"), text(step, "actor"))).collect()
}

/// A reference of a payment that no other order has.
fn reference(order: &Value) -> String {
    format!("pay-{}", order["id"])
}

#[test]
fn confirm_against_expire_is_paid_before_the_deadline_or_expired_and_never_both() {
    for app in TestApp::of_each_queue_kind() {
        let mut tally = Tally::default();
        race_with_the_deadline(&app, &mut tally);
        tally.assert_both("confirm against expire");
    }
}

fn race_with_the_deadline(app: &TestApp, tally: &mut Tally) {
    let tee = app.product("tee-red", 30.0, 1_000);
    let (mara, cashier) = (app.customer("mara"), app.cashier());
    let (mut margin, mut sold) = (Margin(8_000), 0);
    for _ in 0..repetitions_per_queue_kind() {
        let order = mara.order_upi(&tee, 2);
        app.fall_due_in(margin.0);
        let (confirmed, _) = duel(
            || cashier.confirm(&order, &reference(&order)),
            || while app.expire_holds() == 0 && has_active_hold(app) {},
        );
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
        assert_eq!(endings(app, &order).len(), 1);
        app.assert_sold(&tee, 1_000, sold);
    }
}

/// True if there is an active hold. The database is read directly, without a request.
fn has_active_hold(app: &TestApp) -> bool {
    use diesel::prelude::*;
    diesel::sql_query("SELECT 1 FROM stock_holds WHERE state = 'active'").execute(&mut app.connection()).unwrap() > 0
}

#[test]
fn confirm_twice_with_one_reference_is_one_sale_and_two_confirmations() {
    TestApp::of_each_queue_kind().for_each(|app| confirm_twice(&app));
}

fn confirm_twice(app: &TestApp) {
    let tee = app.product("tee-red", 30.0, 1_000);
    let (mara, cashier) = (app.customer("mara"), app.cashier());
    for repetition in 1..=repetitions_per_queue_kind() {
        let order = mara.order_upi(&tee, 2);
        let pay = reference(&order);
        for reply in app.compete(repetition, 2, &order_row(&order), || race(2, |_| cashier.confirm(&order, &pay))) {
            let paid = reply.expect(200).json();
            assert_eq!((&paid["status"], &paid["payment_reference"]), (&json!("pending"), &json!(pay)));
        }
        assert_eq!(endings(app, &order).len(), 1);
        app.assert_sold(&tee, 1_000, 2 * repetition as i64);
    }
}

#[test]
fn confirm_with_two_references_takes_one_and_refuses_the_other() {
    TestApp::of_each_queue_kind().for_each(|app| confirm_two_ways(&app));
}

fn confirm_two_ways(app: &TestApp) {
    let tee = app.product("tee-red", 30.0, 1_000);
    let (mara, cashier) = (app.customer("mara"), app.cashier());
    for repetition in 1..=repetitions_per_queue_kind() {
        let order = mara.order_upi(&tee, 2);
        let references = ["first", "second"].map(|name| format!("{name}-{}", order["id"]));
        let confirm = |index: usize| cashier.confirm(&order, &references[index]);
        let replies = app.compete(repetition, 2, &order_row(&order), || race(2, confirm));
        let paid = replies.iter().map(|reply| one_of(reply, 200, &["ALREADY_PAID"]));
        let winner: Vec<usize> = paid.enumerate().filter(|(_, paid)| *paid).map(|(index, _)| index).collect();
        assert_eq!(winner.len(), 1);
        let now = app.order(&order);
        assert_eq!(
            (&now["payment_reference"], &now["unapplied_amount"]),
            (&json!(references[winner[0]]), &json!(60.0))
        );
        app.assert_sold(&tee, 1_000, 2 * repetition as i64);
    }
}

#[test]
fn cancel_against_confirm_gives_the_stock_back_and_keeps_the_money_due() {
    for app in TestApp::of_each_queue_kind() {
        let mut tally = Tally::default();
        race_to_the_money(&app, &mut tally);
        tally.assert_both("cancel against confirm");
    }
}

fn race_to_the_money(app: &TestApp, tally: &mut Tally) {
    let tee = app.product("tee-red", 30.0, 1_000);
    let (mara, cashier) = (app.customer("mara"), app.cashier());
    for repetition in 0..repetitions_per_queue_kind() {
        let order = mara.order_upi(&tee, 2);
        let both = || duel(|| mara.cancel(&order), || cashier.confirm(&order, &reference(&order)));
        let (cancelled, confirmed) = app.compete(repetition, 2, &order_row(&order), both);
        // A paid order can be cancelled too, so that the call to cancel always succeeds.
        cancelled.expect(200);
        let paid = one_of(&confirmed, 200, &["INVALID_TRANSITION"]);
        tally.count(if paid { "paid, then cancelled" } else { "cancelled, then paid" });
        let payment = if paid { "paid" } else { "pending" };
        assert_eq!(app.status(&order), ("cancelled".into(), payment.into()));
        assert_eq!(app.order(&order)["refund_due"], true);
        assert_eq!(endings(app, &order).len(), 1);
        app.assert_sold(&tee, 1_000, 0);
    }
}

#[test]
fn two_servers_that_expire_the_same_orders_end_each_once() {
    let app = TestApp::start();
    let second = app.second_server();
    let (tee, cap) = (app.product("tee-red", 30.0, 1_000), app.product("cap", 5.0, 1_000));
    let (mara, admin) = (app.customer("mara"), app.admin());
    app.hold_carts();
    for _ in 0..repetitions() {
        let orders = [mara.order_upi(&tee, 2), mara.order_upi(&cap, 1)];
        let reservation = admin.reserve(&tee, 3).expect(201).id();
        mara.delete("/cart").expect(204);
        mara.add_to_cart(&cap, 1);
        app.advance(901);
        let (first, other) = duel(|| app.expire_holds(), || second.expire_holds());
        // Each server skips the rows that the other one has locked.
        assert_eq!(first + other, 4);
        for order in &orders {
            assert_eq!(app.status(order), ("cancelled".into(), "expired".into()));
            assert_eq!(endings(&app, order), [("cancelled".to_owned(), "system".to_owned())]);
        }
        let read = admin.get(&format!("/reservations/{reservation}")).expect(200).json();
        assert_eq!(read["state"], "expired");
        assert_eq!(app.stock(&cap), (1_000, 0, 0));
        app.assert_sold(&tee, 1_000, 0);
    }
}
