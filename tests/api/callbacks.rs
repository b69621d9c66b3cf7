//! Signed callbacks of payment providers.

use crate::common::provider::{SECRET, razorpay_event, sign, stripe_event, stripe_header, with_providers};
use crate::common::shop::{Product, STORE};
use crate::common::{Reply, TestApp, Value, json};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

/// An order under payment of five tees: 150.00.
fn shop() -> (TestApp, Product, Value) {
    let app = TestApp::with(with_providers);
    let tee = app.product("tee-red", 30.0, 100);
    let order = app.customer("mara").order_upi(&tee, 5);
    (app, tee, order)
}

#[track_caller]
fn outcome(reply: Reply, outcome: &str) {
    assert_eq!(reply.expect(200).json(), json!({"received": true, "outcome": outcome}));
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// The number of events with this outcome.
fn recorded(app: &TestApp, outcome: &str) -> i64 {
    let count: Count = diesel::sql_query("SELECT count(*) FROM payment_events WHERE outcome = $1")
        .bind::<Text, _>(outcome)
        .get_result(&mut app.connection())
        .unwrap();
    count.count
}

#[test]
fn a_signed_payment_sells_what_was_kept() {
    let (app, tee, order) = shop();
    outcome(app.stripe(&stripe_event("evt_1", &order, "pi_1", 15_000)), "applied");
    let paid = app.order(&order);
    assert_eq!((&paid["status"], &paid["payment_status"]), (&json!("pending"), &json!("paid")));
    assert_eq!((&paid["payment_reference"], &paid["refund_due"]), (&json!("pi_1"), &json!(false)));
    assert_eq!(app.stock(&tee), (95, 0, 5));
    assert_eq!(app.history(&order)[1]["actor"], "system");

    let order = app.customer("mara").order_upi(&tee, 1);
    outcome(app.razorpay(&razorpay_event(&order, "pay_1", 3_000)), "applied");
    assert_eq!(app.status(&order), ("pending".into(), "paid".into()));
    assert_eq!(app.stock(&tee), (94, 0, 6));
}

#[test]
fn duplicates_are_accepted_and_change_nothing() {
    let (app, tee, order) = shop();
    let event = stripe_event("evt_1", &order, "pi_1", 15_000);
    outcome(app.stripe(&event), "applied");
    app.without_effect(|| {
        for _ in 0..5 {
            outcome(app.stripe(&event), "duplicate");
        }
    });
    // Another event of the same payment is accepted and does not change the order.
    outcome(app.stripe(&stripe_event("evt_2", &order, "pi_1", 15_000)), "applied");
    assert_eq!((app.stock(&tee), app.history(&order).len()), ((95, 0, 5), 2));
    let order = app.customer("mara").order_upi(&tee, 1);
    let event = razorpay_event(&order, "pay_1", 3_000);
    outcome(app.razorpay(&event), "applied");
    app.without_effect(|| outcome(app.razorpay(&event), "duplicate"));
}

#[test]
fn many_duplicates_at_once_have_one_effect() {
    let (app, tee, order) = shop();
    let event = stripe_event("evt_1", &order, "pi_1", 15_000);
    let outcomes =
        crate::common::race(8, |_| app.stripe(&event).expect(200).json()["outcome"].as_str().unwrap().to_owned());
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "applied").count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "duplicate").count(), 7, "{outcomes:?}");
    assert_eq!(app.stock(&tee), (95, 0, 5));
}

#[test]
fn what_is_not_signed_by_the_provider_has_no_effect() {
    let (app, _, order) = shop();
    let body = stripe_event("evt_1", &order, "pi_1", 15_000).to_string();
    let body = body.as_bytes();
    let good = stripe_header(SECRET, body, 0);
    let (time, signature) = good.split_once(',').unwrap();
    let refused = |header: &str, bytes: &[u8]| {
        app.guest().call_back("stripe", "Stripe-Signature", header, bytes).refused(401, "UNAUTHENTICATED");
    };
    app.without_effect(|| {
        refused(&stripe_header("another secret", body, 0), body);
        refused(&good, &stripe_event("evt_1", &order, "pi_1", 1).to_string().into_bytes());
        refused(&good, &[body, b" "].concat());
        // A signature that is too old, or from the future, may be a replayed callback.
        for seconds in [-302, -86_400, 330, 86_400] {
            refused(&stripe_header(SECRET, body, seconds), body);
        }
        // The time is new and the signature is old.
        refused(&format!("{time},{}", stripe_header(SECRET, body, -400).split_once(',').unwrap().1), body);
        refused(&format!("t=abc,{signature}"), body);
        refused(&format!("t=-9223372036854775808,{signature}"), body);
        let upper = signature.trim_start_matches("v1=").to_uppercase();
        for header in ["", "v1=", "t=1", time, signature, "t=1,v1=zz", &format!("{time},v0={upper}")] {
            refused(header, body);
        }
        app.guest().post(&format!("/payments/webhook/{STORE}/stripe"), &json!({})).refused(401, "UNAUTHENTICATED");
        // The signature has the format of another provider.
        let razorpay = sign(SECRET, &[body]);
        refused(&razorpay, body);
        app.guest().call_back("razorpay", "X-Razorpay-Signature", &good, body).refused(401, "UNAUTHENTICATED");
        app.guest().call_back("razorpay", "X-Razorpay-Signature", "00", body).refused(401, "UNAUTHENTICATED");
        app.guest().call_back("razorpay", "X-Razorpay-Signature", "", body).refused(401, "UNAUTHENTICATED");
        // No access token replaces the signature.
        let admin = app.admin().call_back("stripe", "Stripe-Signature", "t=1,v1=00", body);
        admin.refused(401, "UNAUTHENTICATED");
    });
    let inside = stripe_header(SECRET, body, -290);
    outcome(app.guest().call_back("stripe", "Stripe-Signature", &inside, body), "applied");
}

#[test]
fn a_body_that_is_no_event_is_refused() {
    let (app, _, order) = shop();
    let send = |body: &[u8]| app.guest().call_back("stripe", "Stripe-Signature", &stripe_header(SECRET, body, 0), body);
    app.without_effect(|| {
        for body in [&b""[..], b"{", b"\xff\xfe", b"id=evt_1", &[b'['; 20_000]] {
            send(body).refused(400, "MALFORMED_REQUEST");
        }
        for body in [
            "[]",
            "null",
            "1",
            "{}",
            r#"{"id":"evt_1"}"#,
            r#"{"id":1,"type":"payment_intent.succeeded"}"#,
            r#"{"id":"","type":"x"}"#,
            r#"{"id":"evt\u0000","type":"x"}"#,
        ] {
            send(body.as_bytes()).refused(422, "VALIDATION_FAILED");
        }
        let long = json!({"id": "e".repeat(256), "type": "payment_intent.succeeded"}).to_string();
        send(long.as_bytes()).refused(422, "VALIDATION_FAILED");
        let huge = json!({"id": "evt_1", "type": "x", "padding": "x".repeat(64 * 1024)}).to_string();
        send(huge.as_bytes()).refused(413, "PAYLOAD_TOO_LARGE");
        let body = razorpay_event(&order, "pay_1", 15_000);
        let mut without_payment = body.clone();
        without_payment["payload"] = json!({});
        app.razorpay(&without_payment).refused(422, "VALIDATION_FAILED");
    });
    let other = json!({"id": "evt_9", "type": "customer.created", "data": {"object": {"id": "cus_1"}}});
    outcome(app.stripe(&other), "ignored");
    let failed = json!({"id": "evt_10", "type": "payment_intent.payment_failed", "data": {"object": {
        "id": "pi_1", "metadata": {"order_number": order["order_number"]}}}});
    outcome(app.stripe(&failed), "ignored");
    assert_eq!(app.status(&order), ("under_paying".into(), "pending".into()), "the customer may try again");
}

#[test]
fn a_callback_needs_no_content_type_of_json_nor_a_key() {
    let (app, _, order) = shop();
    let body = stripe_event("evt_1", &order, "pi_1", 15_000).to_string();
    let header = stripe_header(SECRET, body.as_bytes(), 0);
    let path = format!("/payments/webhook/{STORE}/stripe");
    let sender = app.guest().with_header("Stripe-Signature", &header).with_header("Idempotency-Key", "x y");
    outcome(sender.send_bytes("POST", &path, "application/json; charset=utf-8", body.as_bytes()), "applied");
    sender.get(&path).expect(405);
}

#[test]
fn an_unknown_provider_or_store_is_not_found() {
    let (app, _, order) = shop();
    let body = stripe_event("evt_1", &order, "pi_1", 15_000).to_string();
    let header = stripe_header(SECRET, body.as_bytes(), 0);
    let sender = app.guest().with_header("Stripe-Signature", &header);
    app.without_effect(|| {
        for (path, code) in [
            (format!("/payments/webhook/{STORE}/paypal"), "NOT_FOUND"),
            (format!("/payments/webhook/{STORE}/STRIPE"), "NOT_FOUND"),
            ("/payments/webhook/NOWHERE/stripe".to_owned(), "STORE_NOT_FOUND"),
            ("/payments/webhook/99999999999999999999/stripe".to_owned(), "STORE_NOT_FOUND"),
        ] {
            sender.send_bytes("POST", &path, "application/json", body.as_bytes()).refused(404, code);
        }
    });
    // The store can be named by its id too.
    let path = format!("/payments/webhook/{}/stripe", app.store);
    outcome(sender.send_bytes("POST", &path, "application/json", body.as_bytes()), "applied");
}

#[test]
fn a_provider_without_a_secret_is_not_there() {
    let app = TestApp::start();
    let body = b"{}";
    app.without_effect(|| {
        for secret in ["", "whsec"] {
            let header = stripe_header(secret, body, 0);
            app.guest().call_back("stripe", "Stripe-Signature", &header, body).refused(404, "NOT_FOUND");
            let header = sign(secret, &[body]);
            app.guest().call_back("razorpay", "X-Razorpay-Signature", &header, body).refused(404, "NOT_FOUND");
        }
    });
}

#[test]
fn money_of_an_unknown_order_waits_for_it() {
    let (app, tee, _) = shop();
    let unknown = json!({"order_number": "ORD-20261121-A4F2K7Q9ZM"});
    let event = stripe_event("evt_1", &unknown, "pi_1", 3_000);
    outcome(app.stripe(&event), "unmatched");
    outcome(app.stripe(&event), "duplicate");
    assert_eq!(app.apply_waiting_events(), 0);
    // The order becomes known later, as if the callback had arrived before the COMMIT of the checkout.
    let order = app.customer("mara").order_upi(&tee, 1);
    rename(&app, &order, "ORD-20261121-A4F2K7Q9ZM");
    assert_eq!((app.apply_waiting_events(), app.apply_waiting_events()), (1, 0));
    assert_eq!(app.status(&order), ("pending".into(), "paid".into()));
    assert_eq!((recorded(&app, "applied"), recorded(&app, "unmatched")), (1, 0));
    outcome(app.stripe(&event), "duplicate");
    assert_eq!(app.stock(&tee), (99, 5, 1));
}

#[test]
fn money_that_waited_too_long_is_due_to_be_given_back() {
    let (app, tee, _) = shop();
    let unknown = json!({"order_number": "ORD-20261121-A4F2K7Q9ZM"});
    outcome(app.stripe(&stripe_event("evt_1", &unknown, "pi_1", 3_000)), "unmatched");
    let order = app.customer("mara").order_upi(&tee, 1);
    rename(&app, &order, "ORD-20261121-A4F2K7Q9ZM");
    app.advance(901);
    assert_eq!(app.apply_waiting_events(), 1);
    assert_eq!(app.status(&order), ("cancelled".into(), "expired".into()));
    assert_eq!((app.order(&order)["refund_due"].clone(), recorded(&app, "refund_due")), (json!(true), 1));
}

/// Changes the number of an order, also in its movements and its stored answer.
fn rename(app: &TestApp, order: &Value, number: &str) {
    let old = order["order_number"].as_str().unwrap();
    let mut conn = app.connection();
    for sql in [
        "UPDATE orders SET order_number = $2 WHERE order_number = $1",
        "UPDATE stock_movements SET reference_id = $2 WHERE reference_id = $1",
    ] {
        diesel::sql_query(sql).bind::<Text, _>(old).bind::<Text, _>(number).execute(&mut conn).unwrap();
    }
}

#[test]
fn late_money_is_recorded_and_due_to_be_given_back() {
    let (app, tee, order) = shop();
    app.advance(901);
    outcome(app.stripe(&stripe_event("evt_1", &order, "pi_1", 15_000)), "refund_due");
    assert_eq!(app.status(&order), ("cancelled".into(), "expired".into()));
    assert_eq!(app.stock(&tee), (100, 0, 0));
    let due = app.admin().get("/orders?refund_due=true").expect(200).json();
    assert_eq!((&due["total"], &due["items"][0]["id"]), (&json!(1), &order["id"]));
    // Another event of the same payment is not recorded a second time.
    outcome(app.stripe(&stripe_event("evt_2", &order, "pi_1", 15_000)), "refund_due");
    let refund = json!({"refund_reference": "re_1"});
    let refunded = app.admin().post(&format!("/orders/{}/refund", order["id"]), &refund).expect(200).json();
    assert_eq!(refunded["refunded_amount"].as_f64(), Some(150.0));

    let order = app.customer("mara").order_upi(&tee, 1);
    app.customer("mara").cancel(&order).expect(200);
    outcome(app.razorpay(&razorpay_event(&order, "pay_1", 3_000)), "refund_due");
    assert_eq!(app.order(&order)["refund_due"], true);
}

#[test]
fn money_that_does_not_fit_is_recorded_and_applied_to_nothing() {
    let (app, tee, order) = shop();
    let event = |id: &str, change: &dyn Fn(&mut Value)| {
        let mut event = stripe_event(id, &order, &format!("pi_of_{id}"), 15_000);
        change(&mut event["data"]["object"]);
        outcome(app.stripe(&event), "mismatched");
        outcome(app.stripe(&event), "duplicate");
    };
    event("evt_negative", &|payment| payment["amount_received"] = json!(-15_000));
    event("evt_float", &|payment| (payment["amount_received"], payment["amount"]) = (json!(150.0), json!(150.0)));
    event("evt_currency", &|payment| payment["currency"] = json!("usd"));
    event("evt_no_currency", &|payment| payment["currency"] = json!(null));
    event("evt_no_amount", &|payment| (payment["amount_received"], payment["amount"]) = (json!(null), json!(null)));
    event("evt_no_payment", &|payment| payment["id"] = json!(null));
    event("evt_no_order", &|payment| payment["metadata"] = json!({}));
    assert_eq!(recorded(&app, "mismatched"), 7);
    assert_eq!((app.status(&order), app.stock(&tee)), (("under_paying".into(), "pending".into()), (100, 5, 0)));
    outcome(app.stripe(&stripe_event("evt_1", &order, "pi_1", 15_000)), "applied");
}

#[test]
fn a_part_of_the_amount_counts_and_the_excess_is_unapplied() {
    let (app, tee, order) = shop();
    let money = |order: &Value| {
        let now = app.order(order);
        ["received_amount", "unapplied_amount", "refund_due_amount"].map(|name| now[name].as_f64().unwrap())
    };
    outcome(app.stripe(&stripe_event("evt_1", &order, "pi_1", 10_000)), "mismatched");
    outcome(app.stripe(&stripe_event("evt_1", &order, "pi_1", 10_000)), "duplicate");
    outcome(app.stripe(&stripe_event("evt_2", &order, "pi_1", 10_000)), "mismatched");
    assert_eq!((app.status(&order), app.stock(&tee)), (("under_paying".into(), "pending".into()), (100, 5, 0)));
    assert_eq!(money(&order), [100.0, 0.0, 0.0]);
    // Staff who report a payment know what is left of 150.00.
    let cashier = app.cashier();
    let confirm = |amount: f64| {
        let body = json!({"payment_reference": "cash", "amount": amount});
        cashier.post(&format!("/orders/{}/payment/confirm", order["id"]), &body)
    };
    app.without_effect(|| confirm(150.0)).refused(422, "VALIDATION_FAILED");
    outcome(app.stripe(&stripe_event("evt_3", &order, "pi_3", 6_000)), "mismatched");
    assert_eq!((app.status(&order), app.stock(&tee)), (("pending".into(), "paid".into()), (95, 0, 5)));
    assert_eq!(money(&order), [160.0, 10.0, 10.0]);
    outcome(app.stripe(&stripe_event("evt_4", &order, "pi_4", 15_000)), "mismatched");
    assert_eq!(money(&order), [310.0, 160.0, 160.0]);
    assert_eq!(app.order(&order)["payment_reference"], "pi_3");
    // All payments can be refunded: the parts, the excess and the second payment.
    app.customer("mara").cancel(&order).expect(200);
    assert_eq!(money(&order), [310.0, 160.0, 310.0]);
    let refund = json!({"refund_reference": "re_1"});
    let refunded = app.admin().post(&format!("/orders/{}/refund", order["id"]), &refund).expect(200).json();
    assert_eq!((&refunded["refunded_amount"], &refunded["unapplied_amount"]), (&json!(310.0), &json!(0.0)));
    assert_eq!(refunded["payment_status"], "refunded");
}

#[test]
fn a_live_order_that_is_paid_twice_has_money_to_give_back() {
    let (app, tee, order) = shop();
    outcome(app.stripe(&stripe_event("evt_1", &order, "pi_1", 15_000)), "applied");
    let due = |query: &str| app.admin().get(&format!("/orders?refund_due={query}")).expect(200).json()["total"].clone();
    assert_eq!((due("true"), due("false")), (json!(0), json!(1)));
    outcome(app.stripe(&stripe_event("evt_2", &order, "pi_2", 15_000)), "mismatched");
    let now = app.order(&order);
    assert_eq!((&now["status"], &now["payment_status"]), (&json!("pending"), &json!("paid")));
    assert_eq!((&now["received_amount"], &now["refund_due_amount"]), (&json!(300.0), &json!(150.0)));
    assert_eq!((&now["refund_due"], due("true"), due("false")), (&json!(true), json!(1), json!(0)));
    let refund = |reference: &str, amount: f64| {
        let body = json!({"refund_reference": reference, "amount": amount});
        app.admin().post(&format!("/orders/{}/refund", order["id"]), &body).expect(200).json()
    };
    assert_eq!(refund("re_1", 100.0)["refund_due_amount"], 50.0);
    let settled = refund("re_2", 50.0);
    assert_eq!((&settled["refund_due"], &settled["payment_status"]), (&json!(false), &json!("paid")));
    assert_eq!((due("true"), app.stock(&tee)), (json!(0), (95, 0, 5)));
    // The refund of the second payment does not reduce the revenue of the first one.
    let figures = app.admin().get("/orders/statistics").expect(200).json();
    assert_eq!((&figures["revenue"], &figures["today"]["revenue"]), (&json!(150.0), &json!(150.0)));
}

#[test]
fn a_callback_finds_its_order_in_any_case() {
    let (app, _, order) = shop();
    let mut event = stripe_event("evt_1", &order, "pi_1", 15_000);
    let number = order["order_number"].as_str().unwrap().to_lowercase();
    event["data"]["object"]["metadata"]["order_number"] = json!(number);
    outcome(app.stripe(&event), "applied");
}

#[test]
fn an_attempt_that_the_provider_ends_leaves_the_window_open() {
    let (app, tee, order) = shop();
    let ended = |id: &str| {
        app.stripe(&json!({"id": id, "type": "payment_intent.canceled", "data": {"object": {
            "id": "pi_1", "metadata": {"order_number": order["order_number"]}}}}))
    };
    outcome(ended("evt_1"), "ignored");
    assert_eq!(app.status(&order), ("under_paying".into(), "pending".into()));
    assert_eq!(app.stock(&tee), (100, 5, 0));
    outcome(ended("evt_1"), "duplicate");
    outcome(app.stripe(&stripe_event("evt_3", &order, "pi_2", 15_000)), "applied");
    assert_eq!(app.status(&order), ("pending".into(), "paid".into()));
}

#[test]
fn each_store_takes_its_own_events() {
    let (app, _, order) = shop();
    app.other_store("STORE-TWO");
    let body = stripe_event("evt_1", &order, "pi_1", 15_000).to_string();
    let header = stripe_header(SECRET, body.as_bytes(), 0);
    let sender = app.guest().with_header("Stripe-Signature", &header);
    let elsewhere =
        sender.send_bytes("POST", "/payments/webhook/STORE-TWO/stripe", "application/json", body.as_bytes());
    outcome(elsewhere, "unmatched");
    assert_eq!(app.status(&order), ("under_paying".into(), "pending".into()));
    outcome(app.stripe(&stripe_event("evt_1", &order, "pi_1", 15_000)), "applied");
}
