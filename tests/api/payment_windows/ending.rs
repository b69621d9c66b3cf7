//! The end of a window without payment, and payments that arrive after it.

use crate::common::{TestApp, json};

#[test]
fn a_window_that_passes_gives_the_stock_back() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 100);
    let mara = app.customer("mara");
    let address = mara.address();
    mara.add_to_cart(&tee, 5);
    let body = json!({"shipping_address_id": address, "payment_method": "upi"});
    let order = mara.post("/checkout", &body).expect(201).json();
    app.advance(899);
    assert_eq!(app.expire_holds(), 0);
    app.advance(2);
    assert_eq!(app.stock(&tee), (100, 0, 0));
    assert_eq!(app.expire_holds(), 1);
    assert_eq!(app.expire_holds(), 0);
    assert_eq!(app.stock(&tee), (100, 0, 0));
    let path = format!("/orders/{}", order["id"]);
    let ended = mara.get(&path).expect(200).json();
    assert_eq!((&ended["status"], &ended["payment_status"]), (&json!("cancelled"), &json!("expired")));
    let history = mara.get(&format!("{path}/history")).expect(200).json();
    let reason = history[1]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("Payment expired at ") && reason.ends_with(". Stock released automatically."),
        "{reason}"
    );
    assert_eq!(history[1]["actor"], "system");
}

#[test]
fn a_failed_payment_gives_the_stock_back() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 100);
    let (mara, cashier) = (app.customer("mara"), app.cashier());
    let order = mara.order_upi(&tee, 5);
    let path = format!("/orders/{}/payment/fail", order["id"]);
    let failed = cashier.post(&path, &json!({"reason": "card declined"})).expect(200).json();
    assert_eq!((&failed["status"], &failed["payment_status"]), (&json!("cancelled"), &json!("failed")));
    assert_eq!((&failed["refund_due"], &failed["stock_reductions"]), (&json!(false), &json!([])));
    assert_eq!(app.stock(&tee), (100, 0, 0));
    let history = app.history(&order);
    assert_eq!((&history[1]["reason"], history.len()), (&json!("card declined"), 2));

    // The repeated request has the same answer and no second effect.
    app.without_effect_but_keys(|| assert_eq!(cashier.post_nothing(&path).expect(200).json(), failed));
    cashier.confirm(&order, "pay-1").refused(409, "INVALID_TRANSITION");
    assert_eq!(app.status(&order), ("cancelled".into(), "failed".into()));
    assert_eq!(app.order(&order)["refund_due"], true);
    assert_eq!(app.stock(&tee), (100, 0, 0));
}

#[test]
fn only_a_payment_under_way_can_fail() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 100);
    let (mara, cashier) = (app.customer("mara"), app.cashier());
    let paid = mara.order_upi(&tee, 5);
    cashier.confirm(&paid, "pay-1").expect(200);
    let sold_at_checkout = mara.order_now(&tee, 1).expect(201).json();
    for order in [&paid, &sold_at_checkout] {
        let path = format!("/orders/{}/payment/fail", order["id"]);
        app.without_effect(|| cashier.post_nothing(&path).refused(409, "INVALID_TRANSITION"));
    }
    assert_eq!(app.stock(&tee), (94, 0, 6));
}

#[test]
fn a_customer_who_cancels_releases_the_stock_at_once() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 100);
    let mara = app.customer("mara");
    let order = mara.order_upi(&tee, 5);
    assert_eq!(order["next_statuses"], json!(["cancelled"]));
    let cancelled = mara.cancel(&order).expect(200).json();
    assert_eq!((&cancelled["status"], &cancelled["payment_status"]), (&json!("cancelled"), &json!("pending")));
    assert_eq!((&cancelled["refund_due"], &cancelled["stock_reductions"]), (&json!(false), &json!([])));
    assert_eq!(app.stock(&tee), (100, 0, 0));
    mara.cancel(&order).refused(409, "ORDER_NOT_CANCELLABLE");
    app.advance(1_000);
    assert_eq!(app.expire_holds(), 0);
    assert_eq!(app.status(&order), ("cancelled".into(), "pending".into()));
}

#[test]
fn money_that_comes_after_the_deadline_is_recorded_and_given_back() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 100);
    let (mara, cashier) = (app.customer("mara"), app.cashier());
    let clerk = app.staff(&["orders:read", "orders:update"]);
    let (order, other) = (mara.order_upi(&tee, 5), mara.order_upi(&tee, 1));
    cashier.confirm(&other, "pay-0").expect(200);
    app.advance(900);

    // The job has not run: the confirmation itself ends the order.
    let problem = cashier.confirm(&order, "pay-1").refused(409, "PAYMENT_EXPIRED");
    assert!(problem["detail"].as_str().unwrap().starts_with("The payment window ended at "), "{problem}");
    assert_eq!(app.status(&order), ("cancelled".into(), "expired".into()));
    assert_eq!(app.stock(&tee), (99, 0, 1));
    assert_eq!(app.expire_holds(), 0);
    cashier.confirm(&order, "pay-1").refused(409, "PAYMENT_EXPIRED");

    let due = clerk.get("/orders?refund_due=true").expect(200).json();
    assert_eq!((&due["total"], &due["items"][0]["id"]), (&json!(1), &order["id"]));
    assert_eq!(due["items"][0]["refund_due"], true);
    assert_eq!(clerk.get("/orders?refund_due=false").expect(200).json()["total"], 1);

    let refund = format!("/orders/{}/refund", order["id"]);
    app.without_effect(|| {
        let too_much = json!({"refund_reference": "back-1", "amount": 150.01});
        clerk.post(&refund, &too_much).refused(422, "VALIDATION_FAILED")
    });
    let part = clerk.post(&refund, &json!({"refund_reference": "back-1", "amount": 50.00})).expect(200).json();
    assert_eq!((&part["refund_due"], part["refunded_amount"].as_f64()), (&json!(true), Some(50.0)));
    clerk.post(&refund, &json!({"refund_reference": "back-1", "amount": 50.00})).expect(200);
    let whole = clerk.post(&refund, &json!({"refund_reference": "back-2"})).expect(200).json();
    assert_eq!((&whole["refund_due"], whole["refunded_amount"].as_f64()), (&json!(false), Some(150.0)));
    clerk.post(&refund, &json!({"refund_reference": "back-3"})).refused(409, "INVALID_TRANSITION");
    assert_eq!(clerk.get("/orders?refund_due=true").expect(200).json()["total"], 0);
    assert_eq!(app.stock(&tee), (99, 0, 1));
}

#[test]
fn money_for_a_cancelled_order_is_recorded_once_for_each_reference() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 100);
    let (mara, cashier) = (app.customer("mara"), app.cashier());
    let order = mara.order_upi(&tee, 5);
    mara.cancel(&order).expect(200);
    for _ in 0..3 {
        cashier.confirm(&order, "pay-1").refused(409, "INVALID_TRANSITION");
    }
    assert_eq!(app.status(&order), ("cancelled".into(), "pending".into()));
    assert_eq!(app.order(&order)["refund_due"], true);
    let key = cashier.clone().with_key("late-2");
    key.confirm(&order, "pay-2").refused(409, "INVALID_TRANSITION");
    key.confirm(&order, "pay-2").refused(409, "INVALID_TRANSITION");
    let refund = format!("/orders/{}/refund", order["id"]);
    let refunded = app.admin().post(&refund, &json!({"refund_reference": "back"})).expect(200).json();
    assert_eq!(refunded["refunded_amount"].as_f64(), Some(300.0), "two payments of 150.00 came");
    assert_eq!(app.stock(&tee), (100, 0, 0));
}

#[test]
fn nothing_ends_an_order_after_its_window_but_the_window() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 100);
    let (mara, admin) = (app.customer("mara"), app.admin());
    let late = |end: &dyn Fn(&str)| {
        let order = mara.order_upi(&tee, 5);
        app.advance(901);
        // The job has not run.
        let path = format!("/orders/{}", order["id"]);
        end(&path);
        let ended = mara.get(&path).expect(200).json();
        assert_eq!((&ended["status"], &ended["payment_status"]), (&json!("cancelled"), &json!("expired")));
        let history = mara.get(&format!("{path}/history")).expect(200).json();
        assert_eq!((history.as_array().unwrap().len(), &history[1]["actor"]), (2, &json!("system")));
    };
    late(&|path| drop(mara.post_nothing(&format!("{path}/cancel")).refused(409, "ORDER_NOT_CANCELLABLE")));
    late(&|path| drop(admin.put(path, &json!({"status": "cancelled"})).refused(409, "ORDER_NOT_CANCELLABLE")));
    late(&|path| drop(admin.post_nothing(&format!("{path}/payment/fail")).refused(409, "INVALID_TRANSITION")));
    let confirm = json!({"payment_reference": "late"});
    late(&|path| drop(admin.post(&format!("{path}/payment/confirm"), &confirm).refused(409, "PAYMENT_EXPIRED")));
    assert_eq!(app.stock(&tee), (100, 0, 0));
}
