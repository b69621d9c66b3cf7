//! Payment within the window.

use crate::common::{TestApp, json};

#[test]
fn an_order_that_costs_nothing_is_paid_at_once() {
    let app = TestApp::start();
    let free = app.product("sample", 0.0, 10);
    let mara = app.customer("mara");
    for method in ["upi", "online", "cod"] {
        let items = json!([{"product_id": free.id, "quantity": 2}]);
        let made = mara.post("/orders", &json!({"items": items, "payment_method": method})).expect(201).json();
        assert_eq!((&made["status"], &made["payment_status"]), (&json!("pending"), &json!("paid")), "{method}");
        assert_eq!((&made["payment_expires_at"], &made["paid_at"]), (&json!(null), &made["created_at"]));
        assert_eq!(made["stock_reductions"][0]["quantity"], 2);
        assert_eq!(app.order(&made), made);
        let history = app.history(&made);
        assert_eq!((history.len(), &history[0]["to"]), (1, &json!("pending")));
        app.cashier().confirm(&made, "pay").refused(409, "ALREADY_PAID");
        let paid = json!({"payment_status": "paid"});
        app.admin().put(&format!("/orders/{}", made["id"]), &paid).refused(409, "INVALID_TRANSITION");
    }
    assert_eq!(app.stock(&free), (4, 0, 6));
    app.advance(10_000);
    assert_eq!(app.expire_holds(), 0);
    // The same for a cart with holds, and for a preview.
    app.hold_carts();
    mara.add_to_cart(&free, 4);
    let body = json!({"shipping_address_id": mara.address(), "payment_method": "upi"});
    let preview = mara.post("/checkout/preview", &body).expect(200).json();
    assert_eq!((&preview["order"]["status"], &preview["order"]["payment_status"]), (&json!("pending"), &json!("paid")));
    let made = mara.post("/checkout", &body).expect(201).json();
    assert_eq!((&made["payment_status"], app.stock(&free)), (&json!("paid"), (0, 0, 10)));
    let cancelled = mara.cancel(&made).expect(200).json();
    assert_eq!((&cancelled["refund_due"], app.stock(&free)), (&json!(false), (4, 0, 6)));
    // The shipping has to be paid.
    app.set_store(&json!({"shipping_flat_rate": 5}));
    assert_eq!(mara.order_upi(&free, 1)["status"], "under_paying");
}

#[test]
fn reserved_becomes_sold_when_it_is_paid() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 100);
    let mara = app.customer("mara");
    let address = mara.address();
    mara.add_to_cart(&tee, 5);
    let body = json!({"shipping_address_id": address, "payment_method": "upi"});
    let order = mara.post("/checkout", &body).expect(201).json();
    assert_eq!((&order["status"], &order["payment_status"]), (&json!("under_paying"), &json!("pending")));
    assert_eq!(order["stock_reductions"], json!([]));
    assert!(order["payment_expires_at"].is_string());
    assert_eq!(app.stock(&tee), (100, 5, 0));
    let shown = app.guest().get(&format!("/inventory/products/{}", tee.id)).expect(200).json();
    assert_eq!(shown["available_quantity"], 95);
    assert_eq!(mara.get(&format!("/orders/{}", order["id"])).expect(200).json(), order);

    let cashier = app.staff(&["payments:confirm"]);
    let confirm = format!("/orders/{}/payment/confirm", order["id"]);
    let paid = cashier.post(&confirm, &json!({"payment_reference": "pay-1", "amount": 150.00})).expect(200).json();
    assert_eq!((&paid["status"], &paid["payment_status"]), (&json!("pending"), &json!("paid")));
    assert_eq!(paid["stock_reductions"][0]["previous_stock"], 100);
    assert_eq!(paid["stock_reductions"][0]["new_stock"], 95);
    assert_eq!(app.stock(&tee), (95, 0, 5));
    cashier.post(&confirm, &json!({"payment_reference": "pay-1"})).expect(200);
    cashier.post(&confirm, &json!({"payment_reference": "pay-2"})).refused(409, "ALREADY_PAID");
    assert_eq!(app.stock(&tee), (95, 0, 5));
}

#[test]
fn a_wrong_amount_has_no_effect() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 100);
    let (mara, cashier) = (app.customer("mara"), app.cashier());
    let order = mara.order_upi(&tee, 5);
    let path = format!("/orders/{}/payment/confirm", order["id"]);
    for amount in [json!(149.99), json!(150.01), json!(0), json!(-150.0), json!(150.001), json!("150.01"), json!(1e30)]
    {
        let body = json!({"payment_reference": "pay-1", "amount": amount});
        app.without_effect(|| cashier.post(&path, &body).refused(422, "VALIDATION_FAILED"));
    }
    for body in [
        json!({}),
        json!({"payment_reference": ""}),
        json!({"payment_reference": 1}),
        json!({"payment_reference": "p".repeat(256)}),
        json!({"payment_reference": "p", "status": "paid"}),
    ] {
        app.without_effect(|| cashier.post(&path, &body).refused(422, "VALIDATION_FAILED"));
    }
    assert_eq!(app.stock(&tee), (100, 5, 0));
    cashier.post(&path, &json!({"payment_reference": "pay-1", "amount": 150})).expect(200);
}

#[test]
fn only_those_who_may_confirm_payments_of_their_store_do() {
    let app = TestApp::start();
    let other = app.other_store("STORE-TWO");
    let tee = app.product("tee-red", 30.0, 100);
    let mara = app.customer("mara");
    let order = mara.order_upi(&tee, 5);
    let all_but = ["orders:read", "orders:create", "orders:update", "inventory:update", "products:write"];
    let (noor, clerk, cashier) = (app.customer("noor"), app.staff(&all_but), app.cashier());
    let elsewhere = app.staff_of(other, &["payments:confirm"]);
    for call in ["confirm", "fail"] {
        let path = format!("/orders/{}/payment/{call}", order["id"]);
        let body = if call == "confirm" { json!({"payment_reference": "pay-1"}) } else { json!({}) };
        app.without_effect(|| {
            app.guest().post(&path, &body).refused(401, "UNAUTHENTICATED");
            mara.post(&path, &body).refused(403, "FORBIDDEN");
            noor.post(&path, &body).refused(403, "FORBIDDEN");
            clerk.post(&path, &body).refused(403, "FORBIDDEN");
            elsewhere.post(&path, &body).refused(404, "ORDER_NOT_FOUND");
            app.admin().in_store("STORE-TWO").post(&path, &body).refused(404, "ORDER_NOT_FOUND");
            let nowhere = format!("/orders/99999999999999999999/payment/{call}");
            cashier.post(&nowhere, &body).refused(404, "ORDER_NOT_FOUND");
        });
    }
    assert_eq!(app.stock(&tee), (100, 5, 0));
}

#[test]
fn an_order_sold_at_checkout_only_becomes_paid() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 100);
    let mara = app.customer("mara");
    let order = mara.order_now(&tee, 5).expect(201).json();
    assert_eq!((&order["status"], &order["payment_expires_at"]), (&json!("pending"), &json!(null)));
    app.advance(100_000);
    assert_eq!(app.expire_holds(), 0);
    let paid = app.cashier().confirm(&order, "pay-1").expect(200).json();
    assert_eq!((&paid["status"], &paid["payment_status"]), (&json!("pending"), &json!("paid")));
    assert_eq!((&paid["payment_reference"], &paid["stock_reductions"]), (&json!("pay-1"), &order["stock_reductions"]));
    assert_eq!(app.stock(&tee), (95, 0, 5));
    // A cancellation after the payment returns the stock, and the refund is due.
    let cancelled = mara.cancel(&order).expect(200).json();
    assert_eq!((&cancelled["payment_status"], &cancelled["refund_due"]), (&json!("paid"), &json!(true)));
    let refund = json!({"refund_reference": "back"});
    let refunded = app.admin().post(&format!("/orders/{}/refund", order["id"]), &refund).expect(200).json();
    assert_eq!((&refunded["payment_status"], &refunded["refund_due"]), (&json!("refunded"), &json!(false)));
    assert_eq!(app.stock(&tee), (100, 0, 0));
}

#[test]
fn each_store_decides_by_payment_method_when_stock_is_sold() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 100);
    let mara = app.customer("mara");
    app.set_store(&json!({"payment_methods": {"upi": "at_checkout", "card": "at_payment"}}));
    let order = |method: &str| {
        let items = json!([{"product_id": tee.id, "quantity": 1}]);
        mara.post("/orders", &json!({"items": items, "payment_method": method}))
    };
    assert_eq!(order("upi").expect(201).json()["status"], "pending");
    assert_eq!(order("card").expect(201).json()["status"], "under_paying");
    app.without_effect(|| order("cod").refused(422, "VALIDATION_FAILED"));
    assert_eq!(app.stock(&tee), (99, 1, 1));
}
