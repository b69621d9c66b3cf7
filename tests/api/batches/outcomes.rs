//! The requests of one batch have different outcomes.

use crate::common::batch_queue::{Call, call};
use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, Value, json};

const REPLAYED: &str = "idempotent-replayed";

pub fn order_of(product: &Product, quantity: i64) -> Value {
    json!({"items": [{"product_id": product.id, "quantity": quantity}]})
}

/// Sends the calls in this order, so that they are in one batch.
fn place(app: &TestApp, calls: Vec<Call<'_>>) -> Vec<Reply> {
    let replies = app.batch_queue().send_in_one_batch(&calls);
    // One batch has one time.
    let mut moments: Vec<Value> = replies
        .iter()
        .filter(|reply| reply.status == 201 && reply.header(REPLAYED).is_empty())
        .map(|reply| reply.json()["created_at"].clone())
        .collect();
    moments.dedup();
    assert!(moments.len() <= 1, "they were not one batch");
    replies
}

#[test]
fn refusals_of_every_kind_fail_no_other_request() {
    let app = TestApp::start();
    let (rice, lamp, gone) =
        (app.product("rice", 12.50, 100), app.product("lamp", 40.0, 3), app.product("gone", 1.0, 9));
    let with_cart = |name: &str, product: &Product| {
        let client = app.customer(name);
        client.add_to_cart(product, 2);
        let address = client.address();
        (client, address)
    };
    let ((mara, home), (ivan, _), (noor, there)) =
        (with_cart("mara", &rice), with_cart("ivan", &rice), with_cart("noor", &gone));
    app.archive(&gone);
    let (pia, empty) = (app.customer("pia"), app.customer("pia").address());
    let order = |body: Value| pia.post("/orders", &body);
    let changed = json!({"items": [{"product_id": rice.id, "quantity": 1, "unit_price": 12.00}]});
    let unknown = json!({"items": [{"product_id": "no-such-thing", "quantity": 1}]});
    let strange = json!({"items": [{"product_id": rice.id, "quantity": 1}], "payment_method": "shells"});
    let calls = vec![
        call(|| mara.checkout_to(home)),
        call(|| pia.checkout_to(empty)),
        call(|| order(order_of(&lamp, 5))),
        call(|| order(changed.clone())),
        call(|| ivan.checkout_to(home)),
        call(|| order(order_of(&rice, 3))),
        call(|| noor.checkout_to(there)),
        call(|| order(unknown.clone())),
        call(|| order(strange.clone())),
        call(|| app.guest().post("/orders", &order_of(&rice, 1))),
        call(|| ivan.post("/orders", &order_of(&rice, 4))),
    ];
    let mut replies = place(&app, calls).into_iter();
    let mut next = || replies.next().unwrap();
    let reduction = |reply: Reply| reply.expect(201).json()["stock_reductions"][0]["previous_stock"].clone();
    assert_eq!(reduction(next()), 100);
    next().refused(400, "CART_EMPTY");
    let short = next().refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(short["detail"], "Insufficient stock for 'Lamp'. Available: 3, Requested: 5");
    next().refused(409, "PRICE_CHANGED");
    next().refused(404, "ADDRESS_NOT_FOUND");
    assert_eq!(reduction(next()), 98);
    next().refused(409, "PRODUCT_UNAVAILABLE");
    next().refused(404, "PRODUCT_NOT_FOUND");
    next().refused(422, "VALIDATION_FAILED");
    next().refused(401, "UNAUTHENTICATED");
    assert_eq!(reduction(next()), 95);
    assert_eq!((app.stock(&rice), app.stock(&lamp)), ((91, 0, 9), (3, 0, 0)));
    // A refused checkout leaves the cart as it was.
    assert_eq!(ivan.cart()["items"][0]["quantity"], 2);
    assert_eq!(mara.cart()["items"], json!([]));
}

#[test]
fn a_batch_of_refusals_places_no_order() {
    let app = TestApp::start();
    let lamp = app.product("lamp", 40.0, 3);
    let keyed: Vec<Client> = (0..3).map(|index| app.customer("mara").with_key(&format!("key-{index}"))).collect();
    let order = |index: usize, quantity| keyed[index].post("/orders", &order_of(&lamp, quantity));
    app.without_effect(|| {
        let calls = vec![call(|| order(0, 4)), call(|| order(1, 5)), call(|| order(2, 6))];
        for refusal in place(&app, calls) {
            refusal.refused(400, "INSUFFICIENT_STOCK");
        }
        app.guest().get("/inventory/products/lamp")
    });
    // A refusal does not use up its key.
    assert_eq!(order(0, 3).expect(201).header(REPLAYED), "");
}

#[test]
fn the_last_units_are_sold_once_to_the_first_requests() {
    let app = TestApp::start();
    let lamp = app.product("lamp", 40.0, 10);
    let buyers: Vec<Client> = (0..20).map(|number| app.customer(&format!("buyer-{number}"))).collect();
    let calls = buyers.iter().map(|buyer| call(|| buyer.post("/orders", &order_of(&lamp, 3)))).collect();
    let replies = place(&app, calls);
    for (reply, before) in replies.iter().zip([10, 7, 4]) {
        assert_eq!(reply.clone().expect(201).json()["stock_reductions"][0]["previous_stock"], before);
    }
    for reply in replies.into_iter().skip(3) {
        assert_eq!(reply.refused(400, "INSUFFICIENT_STOCK")["stock_errors"][0]["available_quantity"], 1);
    }
    assert_eq!(app.stock(&lamp), (1, 0, 9));
}

#[test]
fn one_cart_in_two_tabs_is_one_order() {
    let app = TestApp::start();
    let rice = app.product("rice", 12.50, 100);
    let mara = app.customer("mara");
    mara.add_to_cart(&rice, 2);
    let home = mara.address();
    let tab = || call(|| mara.checkout_to(home));
    let mut replies = place(&app, vec![tab(), tab(), tab()]).into_iter();
    replies.next().unwrap().expect(201);
    for other in replies {
        other.refused(400, "CART_EMPTY");
    }
    assert_eq!(app.stock(&rice), (98, 0, 2));
}

#[test]
fn a_key_that_is_twice_in_a_batch_is_one_order() {
    let app = TestApp::start();
    let (rice, lamp) = (app.product("rice", 12.50, 100), app.product("lamp", 40.0, 3));
    let keyed = |name: &str, key: &str| app.customer(name).with_key(key);
    let (mara, noor, ivan, pia) = (keyed("mara", "k"), keyed("noor", "k"), keyed("ivan", "k"), keyed("pia", "k"));
    let order = |client: &Client, product: &Product, quantity| client.post("/orders", &order_of(product, quantity));
    let before = order(&pia, &rice, 1).expect(201);
    let calls = vec![
        call(|| order(&mara, &rice, 2)),
        call(|| order(&mara, &rice, 2)),
        call(|| order(&mara, &rice, 3)),
        // The same key of another caller is another key.
        call(|| order(&noor, &rice, 2)),
        // The first request is refused, so that the second one can use the key.
        call(|| order(&ivan, &lamp, 9)),
        call(|| order(&ivan, &rice, 5)),
        // The order was placed before. It is replayed, also after a different request with its key.
        call(|| order(&pia, &rice, 7)),
        call(|| order(&pia, &rice, 1)),
    ];
    let mut replies = app.batch_queue().send_in_one_batch(&calls).into_iter();
    let mut next = || replies.next().unwrap();
    let (first, again) = (next().expect(201), next().expect(201));
    assert_eq!((first.text(), again.header(REPLAYED)), (again.text(), "true"));
    assert_eq!(first.header(REPLAYED), "");
    next().refused(422, "IDEMPOTENCY_KEY_REUSED");
    let other = next().expect(201);
    assert_eq!((other.header(REPLAYED), other.id() == first.id()), ("", false));
    next().refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(next().expect(201).json()["total_items"], 5);
    next().refused(422, "IDEMPOTENCY_KEY_REUSED");
    let replayed = next().expect(201);
    assert_eq!((replayed.text(), replayed.header(REPLAYED)), (before.text(), "true"));
    assert_eq!(app.stock(&rice), (90, 0, 10));
}

/// The store holds cart items, and one payment method sells at payment.
#[test]
fn holds_of_carts_and_of_orders_are_kept_apart() {
    let app = TestApp::start();
    app.hold_carts();
    let lamp = app.product("lamp", 40.0, 4);
    let (mara, noor) = (app.customer("mara"), app.customer("noor"));
    mara.add_to_cart(&lamp, 2);
    let home = mara.address();
    let upi = json!({"items": [{"product_id": lamp.id, "quantity": 2}], "payment_method": "upi"});
    let calls = vec![
        call(|| noor.post("/orders", &order_of(&lamp, 3))),
        call(|| noor.post("/orders", &upi)),
        call(|| mara.checkout_to(home)),
    ];
    let replies = place(&app, calls);
    replies[0].clone().refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(replies[1].clone().expect(201).json()["status"], "under_paying");
    assert_eq!(replies[2].clone().expect(201).json()["status"], "pending");
    assert_eq!(app.stock(&lamp), (2, 2, 2));
}
