//! Holds that are past their deadline, before a job has ended them.

use crate::common::{TestApp, json};

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
        let shown = |value: &serde_json::Value| {
            assert_eq!(value["stock_quantity"], 12, "{value}");
            assert_eq!(value["reserved_quantity"], reserved, "{value}");
            assert_eq!(value["available_quantity"], available, "{value}");
        };
        let read = |path: &str| admin.get(path).expect(200).json();
        let product = read(&format!("/inventory/products/{}", tee.id));
        shown(&product);
        shown(&product["variants"][0]);
        assert_eq!(product["stock_status"], status);
        let listed = read(&format!("/inventory/products?stock_status={status}"));
        assert_eq!(listed["total"], 1);
        shown(&listed["items"][0]);
        shown(&read(&format!("/inventory/products/{}/{}", app.store, tee.id)));
        let stock = read(&format!("/inventory/products/{}/stock", tee.id));
        shown(&stock);
        shown(&stock["locations"][0]);
        shown(&read("/inventory")["items"][0]);
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

/// An order, a cart and a reservation hold ten units, and their deadlines have passed.
fn all_kept_and_overdue(app: &TestApp) -> crate::common::shop::Product {
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
    // The row is damaged, so that its hold cannot be released.
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
fn an_order_that_another_transaction_has_locked_is_skipped() {
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
