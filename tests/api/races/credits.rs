//! Concurrent requests cancel, credit and refund each unit and each amount once. They take turns by the lock of the order.
//! Two orders that record one reference of a payment are kept apart by a unique index.

use std::thread::sleep;
use std::time::Duration;

use super::shop::{Shop, winner};
use crate::common::locks::order_row;
use crate::common::provider::{stripe_event, with_providers};
use crate::common::race::{Tally, duel, one_of, race, repeat, repetitions, repetitions_per_queue_kind};
use crate::common::{Reply, TestApp, Value, json};

/// The delay of one of several contenders: up to 160 ms, and none for half of the repetitions.
fn gap(repetition: u32, contender: usize) -> Duration {
    let turn = repetition as usize + contender;
    let milliseconds = if repetition.is_multiple_of(2) { 0 } else { turn * 37 % 161 };
    Duration::from_millis(milliseconds as u64)
}

fn lines(order: &Value, quantity: i64) -> Value {
    json!([{"item_id": order["items"][0]["id"], "quantity": quantity}])
}

/// Locks the rows of two orders.
fn order_rows(orders: &[Value; 2]) -> String {
    format!("SELECT FROM orders WHERE id IN ({}, {}) FOR UPDATE", orders[0]["id"], orders[1]["id"])
}

fn post(shop: &Shop, order: &Value, verb: &str, body: &Value) -> Reply {
    shop.admin.post(&format!("/orders/{}/{verb}", order["id"]), body)
}

#[test]
fn units_are_shipped_or_cancelled_and_never_both() {
    for shop in Shop::of_each_queue_kind() {
        let (tee, mara) = (shop.product(10_000), shop.customer("mara"));
        // Without the units of others, a constraint would stop a second return of the same units.
        mara.order(&tee, 50);
        repeat(repetitions_per_queue_kind(), |repetition| {
            let order = mara.order(&tee, 5);
            let before = shop.stock(&tee);
            let call = |contender: usize| {
                sleep(gap(repetition, contender));
                match contender {
                    0 => post(&shop, &order, "shipments", &json!({"lines": lines(&order, 3)})),
                    1 => post(&shop, &order, "cancel-lines", &json!({"lines": lines(&order, 3), "reason": "r"})),
                    _ => post(&shop, &order, "cancel", &json!({})),
                }
            };
            let contend = || race(3, call);
            let replies = match repetition.is_multiple_of(4) {
                true => shop.app.behind_a_lock(&order_row(&order), 3, contend),
                false => contend(),
            };
            let refusals = ["QUANTITY_EXCEEDED", "INVALID_TRANSITION", "ORDER_NOT_CANCELLABLE"];
            let shipped = one_of(&replies[0], 201, &refusals);
            let [lines, whole] = [1, 2].map(|contender| one_of(&replies[contender], 200, &refusals));
            // Three units are shipped, or three are cancelled; the whole is cancelled while nothing is shipped.
            assert!(!(shipped && (lines || whole)) && (shipped || whole), "{shipped}, {lines}, {whole}");
            let cancelled = if whole { 5 } else { 0 };
            assert_eq!(shop.stock(&tee), (before.0 + cancelled, 0, before.2 - cancelled));
            let now = shop.app.order(&order);
            let units = ["shipped_quantity", "cancelled_quantity"].map(|name| now["items"][0][name].as_i64().unwrap());
            assert_eq!(units, [if shipped { 3 } else { 0 }, cancelled]);
            assert_eq!(now["net_total"], json!(150.0 - 30.0 * cancelled as f64));
        });
    }
}

#[test]
fn the_last_units_are_cancelled_once() {
    for shop in Shop::of_each_queue_kind() {
        let (tee, mara) = (shop.product(10_000), shop.customer("mara"));
        mara.order(&tee, 50);
        repeat(repetitions_per_queue_kind(), |repetition| {
            let order = mara.order(&tee, 5);
            let call = || post(&shop, &order, "cancel-lines", &json!({"lines": lines(&order, 3), "reason": "r"}));
            let (_, refused) = winner(shop.duel(repetition, &order_row(&order), (call, call)), 200);
            refused.refused(409, "QUANTITY_EXCEEDED");
            assert_eq!(shop.app.order(&order)["net_total"], 60.0);
        });
    }
}

#[test]
fn a_credit_is_refunded_once() {
    let shop = Shop::of_each_queue_kind().next().unwrap();
    let (tee, mara) = (shop.product(10_000), shop.customer("mara"));
    repeat(repetitions(), |repetition| {
        let order = mara.order(&tee, 5);
        let paid = json!({"payment_reference": format!("pay-{}", order["id"])});
        post(&shop, &order, "payment/confirm", &paid).expect(200);
        post(&shop, &order, "cancel-lines", &json!({"lines": lines(&order, 2), "reason": "r"})).expect(200);
        let credits = format!("/orders/{}/credits", order["id"]);
        let credit = shop.admin.get(&credits).expect(200).json()[0]["id"].clone();
        let refund = |contender: usize| {
            let body = json!({"refund_reference": format!("back-{contender}"), "amount": 40, "credit_id": credit});
            post(&shop, &order, "refund", &body)
        };
        let calls = (|| refund(0), || refund(1));
        let (_, refused) = winner(shop.duel(repetition, &order_row(&order), calls), 200);
        refused.refused(422, "VALIDATION_FAILED");
        let now = shop.app.order(&order);
        assert_eq!((&now["refunded_amount"], &now["refund_due_amount"]), (&json!(40.0), &json!(20.0)));
        assert_eq!(shop.admin.get(&credits).expect(200).json()[0]["refunded_amount"], 40.0);
    });
}

#[test]
fn a_payment_and_a_cancellation_of_units_leave_the_same_amount_due() {
    let app = TestApp::with(with_providers);
    let (tee, mara, admin) = (app.product("tee", 30.0, 10_000), app.customer("mara"), app.admin());
    let mut tally = Tally::default();
    for repetition in 0..repetitions() as u32 {
        let order = mara.order_now(&tee, 5).expect(201).json();
        let event = stripe_event(&format!("evt-{repetition}"), &order, &format!("pi-{repetition}"), 15_000);
        let cancel = || {
            sleep(gap(repetition, 0));
            let body = json!({"lines": lines(&order, 2), "reason": "r"});
            admin.post(&format!("/orders/{}/cancel-lines", order["id"]), &body)
        };
        let pay = || {
            sleep(gap(repetition, 1));
            app.stripe(&event)
        };
        let contend = || duel(cancel, pay);
        let (cancelled, called) = match repetition.is_multiple_of(4) {
            true => app.behind_a_lock(&order_row(&order), 2, contend),
            false => contend(),
        };
        cancelled.expect(200);
        let whole = called.expect(200).json()["outcome"] == "applied";
        tally.count(if whole { "paid first" } else { "cancelled first" });
        let now = app.order(&order);
        let amounts = ["net_total", "received_amount", "refund_due_amount"].map(|name| now[name].as_f64().unwrap());
        assert_eq!((amounts, &now["payment_status"]), ([90.0, 150.0, 60.0], &json!("paid")));
        assert_eq!(now["unapplied_amount"], if whole { 0.0 } else { 60.0 });
    }
    tally.assert_both("payment against cancellation of units");
}

#[test]
fn sums_of_refunds_at_once_are_not_added_up() {
    let app = TestApp::with(with_providers);
    let (tee, mara) = (app.product("tee", 30.0, 10_000), app.customer("mara"));
    repeat(repetitions(), |repetition| {
        let order = mara.order_now(&tee, 5).expect(201).json();
        let payment = format!("pi_{repetition}");
        app.stripe(&stripe_event(&format!("evt_{repetition}"), &order, &payment, 15_000)).expect(200);
        let report = |contender: usize| {
            sleep(gap(repetition, contender));
            let sum = [4_000, 9_000][contender];
            let charge = json!({"id": format!("ch_{repetition}"), "payment_intent": payment, "amount_refunded": sum,
                "currency": "inr"});
            let event_id = format!("evt_{repetition}_{sum}");
            app.stripe(&json!({"id": event_id, "type": "charge.refunded", "data": {"object": charge}}))
        };
        let contend = || duel(|| report(0), || report(1));
        let (one, other) = match repetition.is_multiple_of(4) {
            true => app.behind_a_lock(&order_row(&order), 2, contend),
            false => contend(),
        };
        assert_eq!([one, other].map(|reply| reply.expect(200).json()["outcome"].clone()), ["applied", "applied"]);
        assert_eq!(app.order(&order)["refunded_amount"], 90.0);
    });
}

/// Before the exchange, the old order holds all money of the refund. After it, both orders hold a part.
#[test]
fn a_reported_refund_and_an_exchange_at_once_record_each_amount_once() {
    let app = TestApp::with(with_providers);
    let (tee, cap) = (app.product("tee", 30.0, 10_000), app.product("cap", 30.0, 10_000));
    let (mara, admin) = (app.customer("mara"), app.admin());
    repeat(repetitions(), |repetition| {
        let order = mara.order_now(&tee, 2).expect(201).json();
        let payment = format!("pi_{repetition}");
        app.stripe(&stripe_event(&format!("evt_{repetition}"), &order, &payment, 6_000)).expect(200);
        let call = |contender: usize| {
            sleep(gap(repetition, contender));
            if contender == 0 {
                let charge = json!({"id": format!("ch_{repetition}"), "payment_intent": payment,
                    "amount_refunded": 6_000, "currency": "inr"});
                let event_id = format!("evt_{repetition}_back");
                return app.stripe(&json!({"id": event_id, "type": "charge.refunded", "data": {"object": charge}}));
            }
            let body = json!({"cancel": lines(&order, 1), "items": [{"product_id": cap.id, "quantity": 1}]});
            admin.post(&format!("/orders/{}/exchange", order["id"]), &body)
        };
        let contend = || duel(|| call(0), || call(1));
        let (refunded, exchanged) = match repetition.is_multiple_of(4) {
            true => app.behind_a_lock(&order_row(&order), 2, contend),
            false => contend(),
        };
        assert_eq!(refunded.expect(200).json()["outcome"], "applied");
        let new = exchanged.expect(201).json()["order"].clone();
        let amounts = [&order, &new].map(|order| app.order(order)["refunded_amount"].as_f64().unwrap());
        assert!(amounts == [60.0, 0.0] || amounts == [30.0, 30.0], "{amounts:?}");
    });
}

/// Staff have confirmed 30.00 under the reference, and the provider reports 60.00 twice.
#[test]
fn the_rest_of_a_confirmed_payment_is_recorded_once() {
    let app = TestApp::with(with_providers);
    let (tee, mara, admin) = (app.product("tee", 30.0, 10_000), app.customer("mara"), app.admin());
    repeat(repetitions(), |repetition| {
        let order = mara.order_now(&tee, 2).expect(201).json();
        let payment = format!("pi_{repetition}");
        let path = format!("/orders/{}", order["id"]);
        let cancellation = json!({"lines": lines(&order, 1), "reason": "r"});
        admin.post(&format!("{path}/cancel-lines"), &cancellation).expect(200);
        admin.post(&format!("{path}/payment/confirm"), &json!({"payment_reference": payment})).expect(200);
        let report = |contender: usize| {
            sleep(gap(repetition, contender));
            app.stripe(&stripe_event(&format!("evt_{repetition}_{contender}"), &order, &payment, 6_000))
        };
        let contend = || duel(|| report(0), || report(1));
        let (one, other) = match repetition.is_multiple_of(4) {
            true => app.behind_a_lock(&order_row(&order), 2, contend),
            false => contend(),
        };
        let outcomes = [one, other].map(|reply| reply.expect(200).json()["outcome"].clone());
        assert_eq!(outcomes, ["mismatched", "mismatched"]);
        let now = app.order(&order);
        assert_eq!((&now["received_amount"], &now["unapplied_amount"]), (&json!(60.0), &json!(30.0)));
    });
}

#[test]
fn one_reference_pays_one_of_two_orders() {
    for shop in Shop::of_each_queue_kind() {
        let (tee, mara) = (shop.product(10_000), shop.customer("mara"));
        repeat(repetitions_per_queue_kind(), |repetition| {
            let orders = [mara.order(&tee, 1), mara.order(&tee, 1)];
            let body = json!({"payment_reference": format!("pay-{}", orders[0]["id"])});
            let confirm = |contender: usize| {
                sleep(gap(repetition, contender));
                post(&shop, &orders[contender], "payment/confirm", &body)
            };
            let contend = || duel(|| confirm(0), || confirm(1));
            let replies = match repetition.is_multiple_of(4) {
                true => shop.compete(repetition, 2, &order_rows(&orders), contend),
                false => contend(),
            };
            let (_, refused) = winner(replies, 200);
            refused.refused(409, "PAYMENT_REFERENCE_USED");
            let now = orders.each_ref().map(|order| shop.app.order(order));
            let unapplied: f64 = now.iter().map(|order| order["unapplied_amount"].as_f64().unwrap()).sum();
            assert_eq!(unapplied, 30.0);
        });
    }
}
