//! Payments and cancellations in one batch.

use crate::common::batch_queue::{Call, call};
use crate::common::{Client, Reply, TestApp, Value, json};

fn pay(cashier: &Client, order: &Value, reference: &str, amount: f64) -> Reply {
    let body = json!({"payment_reference": reference, "amount": amount});
    cashier.post(&format!("/orders/{}/payment/confirm", order["id"]), &body)
}

fn fail(cashier: &Client, order: &Value) -> Reply {
    cashier.post(&format!("/orders/{}/payment/fail", order["id"]), &json!({"reason": "card declined"}))
}

/// Exactly this amount can be refunded.
fn assert_received(app: &TestApp, order: &Value, amount: f64, more: f64) {
    let refund = |amount: f64| {
        let body = json!({"refund_reference": "back", "amount": amount});
        app.admin().post(&format!("/orders/{}/refund", order["id"]), &body)
    };
    refund(more).refused(422, "VALIDATION_FAILED");
    refund(amount).expect(200);
}

/// Sends the calls in this order. They are one batch, so that all changed orders have the same `updated_at`.
fn settle(app: &TestApp, calls: &[Call<'_>]) -> Vec<Reply> {
    let replies = app.batch_queue().send_in_one_batch(calls);
    let done = replies.iter().filter(|reply| reply.status == 200 && reply.header("idempotent-replayed").is_empty());
    let mut moments: Vec<Value> = done.map(|reply| reply.json()["updated_at"].clone()).collect();
    moments.dedup();
    assert!(moments.len() <= 1, "they were not one batch: {moments:?}");
    replies
}

#[test]
fn payments_failures_and_cancels_of_one_product_are_settled_together() {
    let app = TestApp::start();
    let (lamp, mara, cashier) = (app.product("lamp", 40.0, 100), app.customer("mara"), app.cashier());
    let orders: Vec<Value> = (0..5).map(|_| mara.order_upi(&lamp, 2)).collect();
    let sold = mara.order_now(&lamp, 3).expect(201).json();
    assert_eq!(app.stock(&lamp), (97, 10, 3));
    let calls = [
        call(|| pay(&cashier, &orders[0], "p0", 80.0)),
        call(|| pay(&cashier, &orders[1], "p1", 79.0)),
        call(|| fail(&cashier, &orders[2])),
        call(|| mara.cancel(&orders[3])),
        call(|| mara.cancel(&sold)),
        call(|| pay(&cashier, &orders[4], "p4", 80.0)),
    ];
    // Another customer is refused before the queue.
    app.customer("ivan").cancel(&orders[4]).refused(404, "ORDER_NOT_FOUND");
    let mut replies = settle(&app, &calls).into_iter();
    let mut next = || replies.next().unwrap();
    let paid = next().expect(200).json();
    assert_eq!((&paid["status"], &paid["payment_status"]), (&json!("pending"), &json!("paid")));
    assert_eq!(paid["stock_reductions"][0]["quantity"], 2);
    next().refused(422, "VALIDATION_FAILED");
    let failed = next().expect(200).json();
    assert_eq!((&failed["status"], &failed["payment_status"]), (&json!("cancelled"), &json!("failed")));
    assert_eq!(next().expect(200).json()["status"], "cancelled");
    assert_eq!(next().expect(200).json()["status"], "cancelled");
    assert_eq!(next().expect(200).json()["payment_status"], "paid");
    // Two orders of 2 units are paid, and one still waits for its payment.
    assert_eq!(app.stock(&lamp), (96, 2, 4));
}

#[test]
fn several_changes_of_one_order_are_made_one_after_the_other() {
    let app = TestApp::start();
    let (lamp, mara, cashier) = (app.product("lamp", 40.0, 10), app.customer("mara"), app.cashier());
    let (first, second) = (mara.order_upi(&lamp, 2), mara.order_upi(&lamp, 3));
    let calls = [
        call(|| pay(&cashier, &first, "one", 80.0)),
        call(|| pay(&cashier, &first, "one", 80.0)),
        call(|| pay(&cashier, &first, "two", 80.0)),
        call(|| mara.cancel(&first)),
        call(|| mara.cancel(&first)),
        call(|| mara.cancel(&second)),
        call(|| pay(&cashier, &second, "late", 120.0)),
        call(|| pay(&cashier, &second, "late", 120.0)),
    ];
    let mut replies = settle(&app, &calls).into_iter();
    let mut next = || replies.next().unwrap();
    // Each answer shows the order after its own change, not at the end of the batch.
    for _ in 0..2 {
        let paid = next().expect(200).json();
        assert_eq!((&paid["status"], &paid["payment_status"]), (&json!("pending"), &json!("paid")));
    }
    next().refused(409, "ALREADY_PAID");
    let cancelled = next().expect(200).json();
    assert_eq!((&cancelled["status"], &cancelled["refund_due"]), (&json!("cancelled"), &json!(true)));
    next().refused(409, "ORDER_NOT_CANCELLABLE");
    assert_eq!(next().expect(200).json()["refund_due"], false);
    for _ in 0..2 {
        next().refused(409, "INVALID_TRANSITION");
    }
    // The late payment is recorded once, and all units are returned.
    assert_eq!(app.order(&second)["refund_due"], true);
    assert_received(&app, &second, 120.0, 120.01);
    assert_eq!(app.stock(&lamp), (10, 0, 0));
}

#[test]
fn a_late_payment_is_recorded_in_a_batch_with_payments_in_time() {
    let app = TestApp::start();
    let (lamp, mara, cashier) = (app.product("lamp", 40.0, 10), app.customer("mara"), app.cashier());
    let late = mara.order_upi(&lamp, 4);
    app.advance(600);
    let good = mara.order_upi(&lamp, 3);
    app.advance(301);
    let keyed = app.cashier().with_key("late-money");
    let calls = [call(|| pay(&keyed, &late, "late", 160.0)), call(|| pay(&cashier, &good, "good", 120.0))];
    let mut replies = settle(&app, &calls).into_iter();
    replies.next().unwrap().refused(409, "PAYMENT_EXPIRED");
    assert_eq!(replies.next().unwrap().expect(200).json()["payment_status"], "paid");
    assert_eq!(app.status(&late), ("cancelled".to_owned(), "expired".to_owned()));
    assert_eq!(app.order(&late)["refund_due"], true);
    // A refusal does not use up its key. The repeated request has the same answer and records nothing more.
    pay(&keyed, &late, "late", 160.0).refused(409, "PAYMENT_EXPIRED");
    assert_received(&app, &late, 160.0, 160.01);
    assert_eq!(app.stock(&lamp), (7, 0, 3));
}

#[test]
fn payments_whose_sum_is_larger_than_one_amount_are_recorded() {
    let app = TestApp::start();
    let (lamp, mara, cashier) = (app.product("lamp", 40.0, 10), app.customer("mara"), app.cashier());
    let order = mara.order_upi(&lamp, 1);
    mara.cancel(&order).expect(200);
    pay(&cashier, &order, "one", 9_999_999_999_999.0).refused(409, "INVALID_TRANSITION");
    pay(&cashier, &order, "two", 9_999_999_999_999.0).refused(409, "INVALID_TRANSITION");
    let order = mara.get(&format!("/orders/{}", order["id"])).expect(200).json();
    assert_eq!(order["received_amount"], 19_999_999_999_998.0);
    assert_eq!(order["refund_due_amount"], 19_999_999_999_998.0);
}

#[test]
fn one_key_is_one_payment_and_another_body_is_refused() {
    let app = TestApp::start();
    let (lamp, mara, cashier) = (app.product("lamp", 40.0, 10), app.customer("mara"), app.cashier().with_key("till"));
    let order = mara.order_upi(&lamp, 1);
    let calls = [
        call(|| pay(&cashier, &order, "one", 40.0)),
        call(|| pay(&cashier, &order, "one", 40.0)),
        call(|| pay(&cashier, &order, "two", 40.0)),
    ];
    let replies = settle(&app, &calls);
    let bytes = replies[0].clone().expect(200).text();
    assert_eq!(replies[1].clone().expect(200).text(), bytes);
    assert_eq!(replies[1].header("idempotent-replayed"), "true");
    replies[2].clone().refused(422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(app.stock(&lamp), (9, 0, 1));
}
