//! Stock that is kept while a customer pays: the window, its payment, its failure, its end.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something unexpected happens"
)]

mod common;

use common::{TestApp, json};

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
    // From a cart that holds, and in a preview.
    app.hold_carts();
    mara.add_to_cart(&free, 4);
    let body = json!({"shipping_address_id": mara.address(), "payment_method": "upi"});
    let preview = mara.post("/checkout/preview", &body).expect(200).json();
    assert_eq!((&preview["order"]["status"], &preview["order"]["payment_status"]), (&json!("pending"), &json!("paid")));
    let made = mara.post("/checkout", &body).expect(201).json();
    assert_eq!((&made["payment_status"], app.stock(&free)), (&json!("paid"), (0, 0, 10)));
    let cancelled = mara.cancel(&made).expect(200).json();
    assert_eq!((&cancelled["refund_due"], app.stock(&free)), (&json!(false), (4, 0, 6)));
    // Shipping is to be paid for.
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

    // Told once more: the same answer, and nothing twice.
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
fn a_customer_who_walks_away_gives_the_stock_back_at_once() {
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
    // Cancelled after it was paid: the stock is back, the money is due.
    let cancelled = mara.cancel(&order).expect(200).json();
    assert_eq!((&cancelled["payment_status"], &cancelled["refund_due"]), (&json!("paid"), &json!(true)));
    let refund = json!({"refund_reference": "back"});
    let refunded = app.admin().post(&format!("/orders/{}/refund", order["id"]), &refund).expect(200).json();
    assert_eq!((&refunded["payment_status"], &refunded["refund_due"]), (&json!("refunded"), &json!(false)));
    assert_eq!(app.stock(&tee), (100, 0, 0));
}

#[test]
fn each_store_says_by_method_when_stock_is_sold() {
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

#[test]
fn past_its_deadline_a_hold_counts_as_free_in_every_figure() {
    let app = TestApp::start();
    app.hold_carts();
    let tee = app.create_product(&json!({"sku": "tee-red", "name": "Tee red", "price": 30.0, "initial_stock": 12,
                                         "min_stock_level": 2, "category": "tees"}));
    let (mara, noor, admin) = (app.customer("mara"), app.customer("noor"), app.admin());
    mara.order_upi(&tee, 4);
    noor.add_to_cart(&tee, 3);
    let reservation = admin.reserve(&tee, 5).expect(201).json();
    let figures = |reserved: i64, status: &str| {
        let available = 12 - reserved;
        let told = |value: &serde_json::Value| {
            assert_eq!(value["stock_quantity"], 12, "{value}");
            assert_eq!(value["reserved_quantity"], reserved, "{value}");
            assert_eq!(value["available_quantity"], available, "{value}");
        };
        let read = |path: &str| admin.get(path).expect(200).json();
        let product = read(&format!("/inventory/products/{}", tee.id));
        told(&product);
        told(&product["variants"][0]);
        assert_eq!(product["stock_status"], status);
        let listed = read(&format!("/inventory/products?stock_status={status}"));
        assert_eq!(listed["total"], 1);
        told(&listed["items"][0]);
        told(&read(&format!("/inventory/products/{}/{}", app.store, tee.id)));
        let stock = read(&format!("/inventory/products/{}/stock", tee.id));
        told(&stock);
        told(&stock["locations"][0]);
        told(&read("/inventory")["items"][0]);
        let low = read("/inventory/products/low-stock");
        assert_eq!(low["total"], i64::from(status != "in_stock"), "{low}");
        let summary = read("/inventory/summary");
        assert_eq!((&summary["reserved_units"], &summary[status]), (&json!(reserved), &json!(1)), "{summary}");
        let one = read(&format!("/inventory/products/{}/availability/12", tee.id));
        assert_eq!((&one["available_quantity"], &one["shortage"]), (&json!(available), &json!(reserved)), "{one}");
        assert_eq!(one["available"], available == 12);
        let items = json!({"items": [{"product_id": tee.id, "quantity": 12}]});
        let many = admin.post("/inventory/availability", &items).expect(200).json();
        assert_eq!(
            (&many["available"], &many["items"][0]["max_fulfillable"]),
            (&json!(available == 12), &json!(available))
        );
        let metrics = read("/inventory/reservations/metrics");
        assert_eq!(metrics["reserved_units"], reserved, "{metrics}");
    };
    figures(12, "out_of_stock");
    let cart = noor.cart();
    assert_eq!((&cart["items"][0]["available_quantity"], &cart["problems"]), (&json!(3), &json!([])));
    app.advance(901);
    // No job has run.
    figures(0, "in_stock");
    let cart = noor.cart();
    assert_eq!(
        (&cart["items"][0]["available_quantity"], &cart["items"][0]["reserved_until"]),
        (&json!(12), &json!(null))
    );
    let read = admin.get(&format!("/reservations/{}", reservation["id"])).expect(200).json();
    assert_eq!((&read["state"], &read["items"]), (&json!("expired"), &reservation["items"]));
    assert_eq!(admin.get("/reservations?state=active").expect(200).json()["total"], 0);
    assert_eq!(admin.get("/reservations?state=expired").expect(200).json()["total"], 1);
    assert_eq!(app.expire_holds(), 3);
    figures(0, "in_stock");
    let read = admin.get(&format!("/reservations/{}", reservation["id"])).expect(200).json();
    assert_eq!((&read["state"], &read["items"]), (&json!("expired"), &reservation["items"]));
}

/// Ten units are kept until a deadline that has passed, by an order, a cart and a reservation.
fn all_kept_and_overdue(app: &TestApp) -> common::shop::Product {
    app.hold_carts();
    let tee = app.product("tee-red", 30.0, 10);
    app.customer("walked-away").order_upi(&tee, 4);
    app.customer("forgot").add_to_cart(&tee, 3);
    app.admin().reserve(&tee, 3).expect(201);
    assert_eq!(app.available(&tee), 0);
    app.customer("mara").order_now(&tee, 1).refused(400, "INSUFFICIENT_STOCK");
    app.advance(901);
    tee
}

#[test]
fn an_order_gets_what_only_expired_holds_keep() {
    let app = TestApp::start();
    let tee = all_kept_and_overdue(&app);
    app.customer("mara").order_now(&tee, 10).expect(201);
    assert_eq!(app.stock(&tee), (0, 0, 10));
    assert_eq!(app.expire_holds(), 0, "all had to be ended for this");
}

#[test]
fn a_checkout_gets_what_only_expired_holds_keep() {
    let app = TestApp::start();
    let tee = all_kept_and_overdue(&app);
    app.set_store(&json!({"hold_cart_items": false}));
    let mara = app.customer("mara");
    mara.add_to_cart(&tee, 10);
    let preview = mara.post("/checkout/preview", &json!({"shipping_address_id": mara.address()})).expect(200).json();
    assert_eq!(preview["ok"], true, "{preview}");
    mara.checkout().expect(201);
    assert_eq!(app.stock(&tee), (0, 0, 10));
}

#[test]
fn a_cart_that_holds_gets_what_only_expired_holds_keep() {
    let app = TestApp::start();
    let tee = all_kept_and_overdue(&app);
    let mara = app.customer("mara");
    let problem = mara.try_add(&tee, 11).refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(problem["stock_errors"][0]["available_quantity"], 10);
    mara.try_add(&tee, 10).expect(201);
    assert_eq!(app.stock(&tee), (10, 10, 0));
}

#[test]
fn a_reservation_gets_what_only_expired_holds_keep() {
    let app = TestApp::start();
    let tee = all_kept_and_overdue(&app);
    app.admin().reserve(&tee, 10).expect(201);
    assert_eq!(app.stock(&tee), (10, 10, 0));
}

#[test]
fn stock_that_only_expired_holds_keep_can_be_taken_out_and_counted_lower() {
    let app = TestApp::start();
    let tee = all_kept_and_overdue(&app);
    let path = format!("/inventory/products/{}/stock", tee.id);
    let change = |kind: &str, quantity: i64| {
        app.admin().put(&path, &json!({"quantity": quantity, "movement_type": kind, "reason": "moved"}))
    };
    let out = change("out", 8).expect(200).json();
    assert_eq!((&out["new_stock"], &out["reserved_quantity"]), (&json!(2), &json!(0)));
    assert_eq!(app.stock(&tee), (2, 0, 0));

    app.admin().reserve(&tee, 2).expect(201);
    change("adjustment", 1).refused(409, "STOCK_BELOW_RESERVED");
    app.advance(901);
    change("adjustment", 1).expect(200);
    assert_eq!(app.stock(&tee), (1, 0, 0));
}

#[test]
fn what_cannot_be_ended_holds_up_nothing_else() {
    let app = TestApp::start();
    let mara = app.customer("mara");
    let tees: Vec<_> = (0..5).map(|index| app.product(&format!("tee-{index}"), 30.0, 10)).collect();
    app.other_store("STORE-TWO");
    let cap = app.product_in("STORE-TWO", "cap", 5.0, 10);
    let orders: Vec<_> = tees.iter().map(|tee| mara.order_upi(tee, 2)).collect();
    let elsewhere = mara.clone().in_store("STORE-TWO");
    let other = elsewhere.order_upi(&cap, 3);
    app.advance(901);
    // A row that was damaged by hand: its hold can't be released.
    let reserve = |quantity: i64| {
        let sql = format!(
            "UPDATE stock_levels SET reserved_quantity = {quantity} WHERE variant_id = {}",
            tees[1].body["variants"][0]["id"]
        );
        diesel::RunQueryDsl::execute(diesel::sql_query(sql), &mut app.connection()).unwrap();
    };
    reserve(0);
    assert!(app.try_expire_holds().is_err());
    for (index, order) in orders.iter().enumerate() {
        assert_eq!(app.status(order).0, if index == 1 { "under_paying" } else { "cancelled" });
    }
    let path = format!("/orders/{}", other["id"]);
    assert_eq!(elsewhere.get(&path).expect(200).json()["status"], "cancelled");
    reserve(2);
    assert_eq!(app.expire_holds(), 1);
    assert_eq!(app.stock(&tees[1]), (10, 0, 0));
}

#[test]
fn an_order_that_somebody_works_on_is_left_to_them() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 10);
    let mara = app.customer("mara");
    let (busy, idle) = (mara.order_upi(&tee, 2), mara.order_upi(&tee, 3));
    app.advance(901);
    let mut conn = app.connection();
    let lock = format!("BEGIN; SELECT 1 FROM orders WHERE id = {} FOR UPDATE", busy["id"]);
    diesel::connection::SimpleConnection::batch_execute(&mut conn, &lock).unwrap();
    assert_eq!(app.expire_holds(), 1);
    assert_eq!((app.status(&busy).0, app.status(&idle).0), ("under_paying".into(), "cancelled".into()));
    diesel::connection::SimpleConnection::batch_execute(&mut conn, "ROLLBACK").unwrap();
    assert_eq!(app.expire_holds(), 1);
    assert_eq!(app.stock(&tee), (10, 0, 0));
}

#[test]
fn nothing_ends_an_order_after_its_window_but_the_window() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 100);
    let (mara, admin) = (app.customer("mara"), app.admin());
    let late = |end: &dyn Fn(&str)| {
        let order = mara.order_upi(&tee, 5);
        app.advance(901);
        // The job has not been there.
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
