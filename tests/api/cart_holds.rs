//! Carts that hold their items, in stores that have turned this on.

use std::thread;

use crate::common::batch_queue::poll;
use crate::common::locks::stock_rows;
use crate::common::{TestApp, Value, json};
use chrono::{DateTime, Utc};
use stockroom::auth::Role;

/// The seconds for which a line is still held by the server's clock, if it is held.
fn held_for(app: &TestApp, line: &Value) -> Option<i64> {
    let until: DateTime<Utc> = line["reserved_until"].as_str()?.parse().unwrap();
    Some((until - Utc::now()).num_seconds() - app.seconds_advanced())
}

/// The tolerance is the time of the requests.
fn is_about(found: Option<i64>, expected: i64) -> bool {
    found.is_some_and(|seconds| (expected - 60..=expected).contains(&seconds))
}

#[test]
fn what_is_in_a_cart_is_there_for_nobody_else_until_its_time_is_up() {
    let app = TestApp::start();
    app.hold_carts();
    let tee = app.product("tee-red", 30.0, 100);
    let (mara, noor) = (app.customer("mara"), app.customer("noor"));
    let cart = mara.try_add(&tee, 5).expect(201).json();
    let line = &cart["items"][0];
    assert!(is_about(held_for(&app, line), 900), "{line}");
    assert_eq!((&line["available_quantity"], &cart["problems"]), (&json!(100), &json!([])));
    assert_eq!(app.stock(&tee), (100, 5, 0));
    assert_eq!(app.available(&tee), 95);
    noor.try_add(&tee, 95).expect(201);
    assert_eq!(app.available(&tee), 0);
    noor.delete("/cart").expect(204);

    app.advance(840);
    assert_eq!((app.available(&tee), app.expire_holds()), (95, 0));
    app.advance(61);
    assert_eq!(app.available(&tee), 100);
    let line = &mara.cart()["items"][0];
    assert_eq!((&line["quantity"], &line["reserved_until"]), (&json!(5), &json!(null)));
    assert_eq!(app.expire_holds(), 1);
    assert_eq!(app.stock(&tee), (100, 0, 0));
    assert_eq!(mara.cart()["items"][0], *line, "the line stays, unheld");
    mara.checkout().expect(201);
    assert_eq!(app.stock(&tee), (95, 0, 5));
}

#[test]
fn without_cart_holds_a_cart_keeps_nothing() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 3);
    let cart = app.customer("mara").try_add(&tee, 5).expect(201).json();
    assert_eq!(cart["items"][0]["reserved_until"], json!(null));
    assert_eq!(cart["problems"][0]["code"], "INSUFFICIENT_STOCK");
    assert_eq!(app.stock(&tee), (3, 0, 0));
}

#[test]
fn a_changed_quantity_moves_the_difference() {
    let app = TestApp::start();
    app.hold_carts();
    let tee = app.product("tee-red", 30.0, 10);
    let mara = app.customer("mara");
    let item = mara.try_add(&tee, 2).expect(201).json()["items"][0]["id"].clone();
    let path = format!("/cart/items/{item}");
    let reserved = |quantity: i64| {
        let (stock, reserved, sold) = app.stock(&tee);
        assert_eq!((stock, reserved, sold), (10, quantity, 0));
    };
    reserved(2);
    mara.try_add(&tee, 3).expect(201);
    reserved(5);
    mara.put(&path, &json!({"quantity": 9})).expect(200);
    reserved(9);
    mara.put(&path, &json!({"quantity": 4})).expect(200);
    reserved(4);
    mara.put(&path, &json!({"quantity": 10})).expect(200);
    reserved(10);
    app.without_effect(|| {
        let problem = mara.put(&path, &json!({"quantity": 11})).refused(400, "INSUFFICIENT_STOCK");
        let shown = &problem["stock_errors"][0];
        assert_eq!((&shown["available_quantity"], &shown["requested_quantity"]), (&json!(10), &json!(11)));
    });
    let cart = mara.delete(&path).expect(200).json();
    assert_eq!(cart["items"], json!([]));
    reserved(0);
    mara.try_add(&tee, 7).expect(201);
    reserved(7);
    mara.delete("/cart").expect(204);
    reserved(0);
}

#[test]
fn what_cannot_be_held_leaves_the_cart_as_it_was() {
    let app = TestApp::start();
    app.hold_carts();
    let (tee, cap) = (app.product("tee-red", 30.0, 10), app.product("cap", 5.0, 0));
    let (mara, noor) = (app.customer("mara"), app.customer("noor"));
    noor.add_to_cart(&tee, 4);
    mara.add_to_cart(&tee, 2);
    app.without_effect(|| {
        let problem = mara.try_add(&tee, 5).refused(400, "INSUFFICIENT_STOCK");
        assert_eq!(problem["detail"], "Insufficient stock for 'Tee red'. Available: 6, Requested: 7");
        mara.try_add(&cap, 1).refused(400, "INSUFFICIENT_STOCK");
    });
    assert_eq!(app.stock(&tee), (10, 6, 0));
}

#[test]
fn activity_extends_every_line_up_to_a_maximum_age() {
    let app = TestApp::start();
    app.hold_carts();
    let (tee, cap) = (app.product("tee-red", 30.0, 10), app.product("cap", 5.0, 10));
    let mara = app.customer("mara");
    mara.add_to_cart(&tee, 2);
    for _ in 0..3 {
        app.advance(800);
        let cart = mara.add_to_cart(&cap, 1).json();
        for line in cart["items"].as_array().unwrap() {
            assert!(is_about(held_for(&app, line), 900), "{line}");
        }
        assert_eq!(app.expire_holds(), 0);
    }
    app.advance(800);
    // The first line is held for 3,200 seconds, and the maximum is 3,600.
    let cart = mara.add_to_cart(&cap, 1).json();
    assert!(is_about(held_for(&app, &cart["items"][0]), 400), "{cart}");
    assert!(is_about(held_for(&app, &cart["items"][1]), 900), "{cart}");
    mara.cart();
    assert!(is_about(held_for(&app, &mara.cart()["items"][0]), 400), "looking is no activity");
    app.advance(500);
    assert_eq!(app.stock(&tee), (10, 0, 0));
    assert_eq!(app.stock(&cap), (10, 4, 0));
}

/// The result does not depend on whether the job has ended the hold.
#[test]
fn a_line_that_ran_out_is_held_anew_when_it_is_changed_and_only_then() {
    for job_runs in [true, false] {
        let app = TestApp::start();
        app.hold_carts();
        let (tee, cap) = (app.product("tee-red", 30.0, 10), app.product("cap", 5.0, 10));
        let mara = app.customer("mara");
        mara.add_to_cart(&tee, 2);
        app.advance(901);
        if job_runs {
            assert_eq!(app.expire_holds(), 1);
        }
        // A change of another line does not hold the old one.
        let cart = mara.add_to_cart(&cap, 1).json();
        assert_eq!(held_for(&app, &cart["items"][0]), None, "job {job_runs}: {cart}");
        assert!(is_about(held_for(&app, &cart["items"][1]), 900));
        assert_eq!(app.stock(&tee), (10, 0, 0));
        // A change of the line itself holds all of it again for the full time.
        let cart = mara.add_to_cart(&tee, 1).json();
        assert!(is_about(held_for(&app, &cart["items"][0]), 900), "job {job_runs}: {cart}");
        assert_eq!(app.stock(&tee), (10, 3, 0));
    }
}

/// The maximum age of a hold does not prevent a new hold of the line.
#[test]
fn a_line_past_the_maximum_age_is_held_anew() {
    for job_runs in [true, false] {
        let app = TestApp::start();
        app.hold_carts();
        let tee = app.product("tee-red", 30.0, 10);
        let mara = app.customer("mara");
        mara.add_to_cart(&tee, 2);
        app.advance(3_700);
        if job_runs {
            assert_eq!(app.expire_holds(), 1);
        }
        let cart = mara.add_to_cart(&tee, 3).json();
        assert!(is_about(held_for(&app, &cart["items"][0]), 900), "job {job_runs}: {cart}");
        assert_eq!(app.stock(&tee), (10, 5, 0));
        assert_eq!(app.available(&tee), 5);
    }
}

#[test]
fn a_checkout_uses_the_cart_s_own_holds() {
    let app = TestApp::start();
    app.hold_carts();
    let tee = app.product("tee-red", 30.0, 5);
    let (mara, noor) = (app.customer("mara"), app.customer("noor"));
    mara.add_to_cart(&tee, 5);
    noor.order_now(&tee, 1).refused(400, "INSUFFICIENT_STOCK");
    let order = mara.checkout().expect(201).json();
    assert_eq!(order["stock_reductions"][0]["previous_stock"], 5);
    assert_eq!(order["stock_reductions"][0]["new_stock"], 0);
    assert_eq!(app.stock(&tee), (0, 0, 5));
    assert_eq!(mara.cart()["items"], json!([]));
}

#[test]
fn a_checkout_uses_them_also_past_their_deadline() {
    let app = TestApp::start();
    app.hold_carts();
    let tee = app.product("tee-red", 30.0, 5);
    let mara = app.customer("mara");
    mara.add_to_cart(&tee, 5);
    app.advance(901);
    mara.checkout().expect(201);
    assert_eq!(app.stock(&tee), (0, 0, 5));
    assert_eq!(app.expire_holds(), 0);
}

#[test]
fn a_checkout_that_is_paid_later_carries_the_hold_over() {
    let app = TestApp::start();
    app.hold_carts();
    let tee = app.product("tee-red", 30.0, 5);
    let mara = app.customer("mara");
    mara.add_to_cart(&tee, 5);
    app.advance(600);
    let body = json!({"shipping_address_id": mara.address(), "payment_method": "upi"});
    let order = mara.post("/checkout", &body).expect(201).json();
    assert_eq!(order["status"], "under_paying");
    assert_eq!(app.stock(&tee), (5, 5, 0));
    app.advance(600);
    assert_eq!(app.expire_holds(), 0, "the window of the order began at the checkout");
    app.cashier().confirm(&order, "pay-1").expect(200);
    assert_eq!(app.stock(&tee), (0, 0, 5));
}

#[test]
fn an_order_without_a_cart_does_not_use_its_holds() {
    let app = TestApp::start();
    app.hold_carts();
    let tee = app.product("tee-red", 30.0, 5);
    let mara = app.customer("mara");
    mara.add_to_cart(&tee, 4);
    app.without_effect(|| mara.order_now(&tee, 2).refused(400, "INSUFFICIENT_STOCK"));
    mara.order_now(&tee, 1).expect(201);
    assert_eq!(app.stock(&tee), (4, 4, 1));
    mara.checkout().expect(201);
    assert_eq!(app.stock(&tee), (0, 0, 5));
}

#[test]
fn a_store_that_stops_holding_carts_releases_what_they_hold() {
    let app = TestApp::start();
    app.hold_carts();
    let (tee, cap) = (app.product("tee-red", 30.0, 5), app.product("cap", 5.0, 1));
    let (mara, noor) = (app.customer("mara"), app.customer("noor"));
    mara.add_to_cart(&tee, 4);
    noor.add_to_cart(&tee, 1);
    let kept = app.admin().reserve(&cap, 1).expect(201).json();
    app.set_store(&json!({"hold_cart_items": false}));
    // Holds of orders and reservations stay.
    assert_eq!((app.stock(&tee), app.stock(&cap)), ((5, 0, 0), (1, 1, 0)));
    let shown = app.admin().get("/inventory/movements?kind=release").expect(200).json();
    assert_eq!(shown["total"], 2);
    assert_eq!(shown["items"][0]["reason"], "The store stopped holding what is in carts.");
    assert_eq!(shown["items"][0]["actor"], "system");
    app.audit();
    // The lines stay without new holds, and adding does not check the stock.
    mara.add_to_cart(&tee, 1);
    let cart = mara.add_to_cart(&cap, 7).json();
    assert_eq!(cart["items"][0]["reserved_until"], json!(null));
    mara.delete(&format!("/cart/items/{}", cart["items"][1]["id"])).expect(200);
    mara.checkout().expect(201);
    assert_eq!((app.stock(&tee), app.stock(&cap)), ((0, 0, 5), (1, 1, 0)));
    app.admin().post_nothing(&format!("/reservations/{}/release", kept["id"])).expect(200);
    app.set_store(&json!({"hold_cart_items": false}));
    assert_eq!(app.release_carts(), 0);
}

#[test]
fn many_carts_are_released_when_their_store_stops_holding() {
    let app = TestApp::start();
    app.hold_carts();
    let tee = app.product("tee-red", 30.0, 1_000);
    let buyers: Vec<_> = (0..8).map(|buyer| app.customer(&format!("buyer-{buyer}"))).collect();
    buyers.iter().for_each(|buyer| drop(buyer.add_to_cart(&tee, 1)));
    copy_cart(&app, 500);
    assert_eq!(app.stock(&tee).1, 508);
    app.set_store(&json!({"hold_cart_items": false}));
    assert_eq!(app.stock(&tee), (1_000, 0, 0));
}

#[test]
fn a_store_that_stops_holding_releases_all_carts_although_the_token_of_the_change_ends_meanwhile() {
    let app = TestApp::start();
    app.leave_out_other_server();
    app.hold_carts();
    let tee = app.product("tee-red", 30.0, 1_000);
    app.customer("mara").add_to_cart(&tee, 1);
    copy_cart(&app, 300);
    let boss = app.account("boss", Role::Admin);
    let client = app.guest().with_token(&app.token(boss, Role::Admin));
    let change = || client.patch(&format!("/stores/{}", app.store), &json!({"hold_cart_items": false}));
    // The first release waits for the stock row. Before it goes on, the token ends.
    let reply = app.behind_a_lock(&stock_rows(&[&tee]), 2, || {
        thread::scope(|scope| {
            let change = scope.spawn(change);
            assert!(poll(|| (app.waiting_for_a_lock() == 1).then_some(())).is_some(), "no release waits");
            app.admin().patch(&format!("/users/{boss}"), &json!({"active": false})).expect(200);
            app.set_stock(&tee, 1_000);
            change.join().unwrap()
        })
    });
    assert_eq!(reply.expect(200).json()["hold_cart_items"], false);
    client.get("/users").refused(401, "UNAUTHENTICATED");
    assert_eq!(app.stock(&tee), (1_000, 0, 0));
}

/// Copies the first cart for this number of other customers.
fn copy_cart(app: &TestApp, count: i32) {
    use diesel::prelude::*;
    let made = format!(
        "WITH u AS (INSERT INTO users (email, password_hash, role, permissions, created_at, updated_at) \
                    SELECT 'copy-' || n || '@example.com', '!', 'customer', '[]', now(), now() \
                    FROM generate_series(1, {count}) n RETURNING id), \
              c AS (INSERT INTO carts (store_id, user_id, created_at) SELECT {store}, id, now() FROM u RETURNING id), \
              h AS (INSERT INTO stock_holds (store_id, variant_id, location_id, quantity, holder_kind, holder_id, state, \
                                             expires_at, created_at) \
                    SELECT s.store_id, s.variant_id, s.location_id, 1, 'cart', c.id, 'active', s.expires_at, now() \
                    FROM c CROSS JOIN (SELECT * FROM stock_holds ORDER BY id LIMIT 1) s RETURNING variant_id, location_id), \
              n AS (SELECT variant_id, location_id, count(*) AS units FROM h GROUP BY 1, 2), \
              l AS (UPDATE stock_levels l SET reserved_quantity = reserved_quantity + n.units, version = version + 1 \
                    FROM n WHERE l.variant_id = n.variant_id RETURNING l.*), \
              m AS (INSERT INTO stock_movements (store_id, variant_id, location_id, version, kind, stock_delta, reserved_delta, \
                sold_delta, stock_after, reserved_after, sold_after, actor, created_at) \
         SELECT store_id, variant_id, location_id, version, 'reserve', 0, {count}, 0, stock_quantity, \
                reserved_quantity, sold_quantity, 'system', now() FROM l RETURNING store_id, id) \
         INSERT INTO outbox (store_id, movements, entries, events, created_at) \
         SELECT store_id, array_agg(id), '{{}}', '[]', now() FROM m GROUP BY 1",
        store = app.store
    );
    diesel::sql_query(made).execute(&mut app.connection()).unwrap();
}

#[test]
fn adding_while_the_store_stops_holding_leaves_nothing_held() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 1_000);
    let buyers: Vec<_> = (0..4).map(|buyer| app.customer(&format!("buyer-{buyer}"))).collect();
    buyers.iter().for_each(|buyer| drop(buyer.add_to_cart(&tee, 1)));
    for _ in 0..10 {
        app.hold_carts();
        crate::common::race(buyers.len() + 1, |index| match buyers.get(index) {
            Some(buyer) => drop(buyer.add_to_cart(&tee, 1)),
            None => app.set_store(&json!({"hold_cart_items": false})),
        });
        app.release_carts();
        assert_eq!(app.stock(&tee), (1_000, 0, 0));
    }
}

#[test]
fn sizes_are_held_apart() {
    let app = TestApp::start();
    app.hold_carts();
    let tee = app.sized_product("tee", 30.0, &[("S", 2), ("M", 3)]);
    let mara = app.customer("mara");
    mara.add_size_to_cart(&tee, "S", 2);
    mara.add_size_to_cart(&tee, "M", 1);
    let more = json!({"product_id": tee.id, "quantity": 1, "size": "S"});
    mara.post("/cart/items", &more).refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(app.stock(&tee), (5, 3, 0));
    mara.checkout().expect(201);
    assert_eq!(app.stock(&tee), (2, 0, 3));
}

#[test]
fn a_cart_shows_that_the_place_of_its_hold_takes_no_orders_any_more() {
    let app = TestApp::start();
    app.hold_carts();
    let tee = app.product("tee", 30.0, 3);
    app.add_location("attic");
    let mara = app.customer("mara");
    mara.try_add(&tee, 3).expect(201);
    app.set_status(app.main_location(), "paused").expect(200);
    let cart = mara.cart();
    assert_eq!(
        (&cart["items"][0]["available_quantity"], &cart["problems"][0]["code"]),
        (&json!(0), &json!("INSUFFICIENT_STOCK"))
    );
    assert!(cart["items"][0]["reserved_until"].is_string(), "the units are kept until the hold ends: {cart}");
    mara.checkout().refused(400, "INSUFFICIENT_STOCK");
    // The hold counts again when the place sells again.
    app.set_status(app.main_location(), "active").expect(200);
    assert_eq!(mara.cart()["problems"], json!([]));
    mara.checkout().expect(201);
}
