//! A repeated request has one effect: keys, their scope, and the stored answers.

use crate::common::{Client, Reply, TestApp, Value, json, race};

const REPLAYED: &str = "idempotent-replayed";

/// The second answer has the bytes of the first one, and the header of a replay.
#[track_caller]
fn assert_replayed(first: &Reply, again: &Reply) {
    assert_eq!((again.status, again.text()), (first.status, first.text()), "{}", again.asked);
    assert_eq!((first.header(REPLAYED), again.header(REPLAYED)), ("", "true"), "{}", again.asked);
    assert_eq!(first.header("content-type"), again.header("content-type"), "{}", again.asked);
}

struct Shop {
    app: TestApp,
    rice: crate::common::shop::Product,
    mara: Client,
    body: Value,
}

impl Shop {
    /// A customer with two units in the cart.
    fn open() -> Self {
        let app = TestApp::start();
        let rice = app.product("rice", 12.50, 100);
        let mara = app.customer("mara");
        mara.add_to_cart(&rice, 2);
        let body = json!({"shipping_address_id": mara.address()});
        Self { app, rice, mara, body }
    }
}

#[test]
fn a_checkout_sent_again_is_answered_with_the_same_bytes() {
    let Shop { app, rice, mara, body } = Shop::open();
    let keyed = mara.clone().with_key("checkout-1");
    let first = keyed.post("/checkout", &body).expect(201);
    for _ in 0..3 {
        assert_replayed(&first, &app.without_effect(|| keyed.post("/checkout", &body)));
    }
    assert_eq!(app.stock(&rice), (98, 0, 2));
    // Later changes do not affect the stored answer.
    mara.post_nothing(&format!("/orders/{}/cancel", first.id())).expect(200);
    mara.add_to_cart(&rice, 9);
    assert_replayed(&first, &app.without_effect(|| keyed.post("/checkout", &body)));
    assert_eq!(mara.get("/orders/me").expect(200).json()["total"], 1);
}

#[test]
fn without_a_key_the_second_checkout_finds_an_empty_cart() {
    let Shop { app, mara, body, .. } = Shop::open();
    mara.post("/checkout", &body).expect(201);
    app.without_effect(|| mara.post("/checkout", &body)).refused(400, "CART_EMPTY");
}

#[test]
fn another_request_with_the_key_is_refused() {
    let Shop { app, rice, mara, body } = Shop::open();
    let keyed = mara.clone().with_key("k");
    keyed.post("/checkout", &body).expect(201);
    let refused = |work: &dyn Fn() -> Reply| {
        app.without_effect(work).refused(422, "IDEMPOTENCY_KEY_REUSED");
    };
    let mut other = body.clone();
    other["notes"] = json!("quickly");
    refused(&|| keyed.post("/checkout", &other));
    refused(&|| keyed.post("/orders", &json!({"items": [{"product_id": rice.id, "quantity": 1}]})));
    refused(&|| keyed.post("/cart/items", &json!({"product_id": rice.id, "quantity": 1})));
    // The query is part of the request.
    let order = mara.get("/orders/me").expect(200).json()["items"][0]["id"].clone();
    let cancel = mara.with_key("c");
    cancel.post(&format!("/orders/{order}/cancel?reason=one"), &json!({})).expect(200);
    refused(&|| cancel.post(&format!("/orders/{order}/cancel?reason=two"), &json!({})));
}

#[test]
fn neither_the_version_prefix_nor_the_order_of_fields_makes_another_request() {
    let Shop { app, rice, mara, .. } = Shop::open();
    let keyed = mara.with_key("k");
    let send = |client: &Client, text: &str| client.send_bytes("POST", "/orders", "application/json", text.as_bytes());
    let one = format!(r#"{{"items":[{{"product_id":{},"quantity":1}}],"notes":"n"}}"#, rice.id);
    let two = format!(r#"{{ "notes": "n", "items": [ {{"quantity": 1, "product_id": {}}} ] }}"#, rice.id);
    let first = send(&keyed, &one).expect(201);
    assert_replayed(&first, &app.without_effect(|| send(&keyed, &two)));
    assert_replayed(&first, &app.without_effect(|| send(&keyed.clone().under("/api"), &one)));
    let slash = keyed.send_bytes("POST", "/orders/", "application/json", one.as_bytes());
    assert_replayed(&first, &slash);
    let charset = keyed.send_bytes("POST", "/orders", "application/json; charset=utf-8", one.as_bytes());
    assert_replayed(&first, &charset);
}

#[test]
fn a_refused_request_leaves_its_key_free() {
    let Shop { app, rice, mara, body } = Shop::open();
    let keyed = mara.clone().with_key("k");
    app.set_stock(&rice, 1);
    app.without_effect(|| keyed.post("/checkout", &body)).refused(400, "INSUFFICIENT_STOCK");
    app.without_effect(|| keyed.post("/checkout", &json!({}))).refused(422, "VALIDATION_FAILED");
    app.set_stock(&rice, 100);
    let first = keyed.post("/checkout", &body).expect(201);
    assert_eq!(first.header(REPLAYED), "");
    assert_replayed(&first, &keyed.post("/checkout", &body));
    // A late payment is recorded and refused. Its key is free too.
    let clerk = app.staff(&["payments:confirm"]).with_key("late");
    mara.post_nothing(&format!("/orders/{}/cancel", first.id())).expect(200);
    let confirm = format!("/orders/{}/payment/confirm", first.id());
    for _ in 0..2 {
        let late = clerk.post(&confirm, &json!({"payment_reference": "p"}));
        assert_eq!(late.header(REPLAYED), "");
        late.refused(409, "INVALID_TRANSITION");
    }
}

#[test]
fn keys_are_scoped_to_store_and_caller() {
    let Shop { app, rice, mara, body } = Shop::open();
    app.other_store("STORE-B");
    let rice_there = app.product_in("STORE-B", "rice", 1.00, 10);
    let order = |product: &crate::common::shop::Product| json!({"items": [{"product_id": product.id, "quantity": 1}]});
    let (mara_keyed, noor_keyed) = (mara.clone().with_key("k"), app.customer("noor").with_key("k"));
    let clerk_keyed = app.staff(&["orders:create"]).with_key("k");
    let first = mara_keyed.post("/orders", &order(&rice)).expect(201);
    let mut made = vec![first.id()];
    for client in [&noor_keyed, &clerk_keyed] {
        let reply = client.post("/orders", &order(&rice)).expect(201);
        assert_eq!(reply.header(REPLAYED), "");
        assert_replayed(&reply, &client.post("/orders", &order(&rice)));
        made.push(reply.id());
    }
    made.dedup();
    assert_eq!(made.len(), 3);
    let there = mara_keyed.clone().in_store("STORE-B").post("/orders", &order(&rice_there)).expect(201);
    assert_eq!(there.header(REPLAYED), "");
    // The store may be named by its id or its code.
    let store = app.store.to_string();
    assert_replayed(&first, &mara_keyed.clone().in_store(&store).post("/orders", &order(&rice)));
    mara.with_key("another").post("/checkout", &body).expect(201);
    assert_eq!(app.stock(&rice), (95, 0, 5));
}

#[test]
fn a_key_has_1_to_255_visible_characters() {
    let Shop { app, mara, body, .. } = Shop::open();
    for key in ["", "two words", "clé", &"k".repeat(256)] {
        let reply = app.without_effect(|| mara.clone().with_key(key).post("/checkout", &body));
        assert_eq!(reply.refused(422, "VALIDATION_FAILED")["errors"][0]["field"], "Idempotency-Key", "{key:?}");
    }
    mara.with_key(&"~!k".repeat(85)).post("/checkout", &body).expect(201);
}

#[test]
fn every_call_that_changes_something_takes_a_key() {
    let Shop { app, rice, mara, .. } = Shop::open();
    app.set_store(&json!({"guest_orders": true}));
    let admin = app.admin();
    let order = mara.post("/orders", &json!({"items": [{"product_id": rice.id, "quantity": 1}]})).expect(201).id();
    let line = mara.get("/cart").expect(200).json()["items"][0]["id"].clone();
    let address =
        json!({"full_name": "M", "phone": "12345", "line1": "1", "city": "B", "postal_code": "1", "country": "IN"});
    let stock = json!({"quantity": 5, "movement_type": "in", "reason": "delivery"});
    let id = mara.address();
    let nothing = Value::Null;
    let calls: Vec<(&Client, &str, String, Value)> = vec![
        (&mara, "POST", "/cart/items".into(), json!({"product_id": "rice", "quantity": 1})),
        (&mara, "PUT", format!("/cart/items/{line}"), json!({"quantity": 7})),
        (&mara, "POST", "/addresses".into(), address.clone()),
        (&mara, "PUT", format!("/addresses/{id}"), address),
        (&mara, "DELETE", format!("/addresses/{id}"), nothing.clone()),
        (&mara, "POST", format!("/orders/{order}/cancel"), json!({"reason": "r"})),
        (&mara, "DELETE", format!("/cart/items/{line}"), nothing.clone()),
        (&mara, "DELETE", "/cart".into(), nothing.clone()),
        (&admin, "POST", "/inventory/products".into(), json!({"sku": "tea", "name": "Tea", "price": 8})),
        (&admin, "PUT", format!("/inventory/products/{}/stock", rice.id), stock),
        (&admin, "PATCH", format!("/inventory/products/{}", rice.id), json!({"name": "Basmati"})),
        (&admin, "DELETE", "/inventory/products/tea".into(), nothing),
        (&admin, "POST", "/stores".into(), json!({"code": "STORE-N", "name": "New", "currency": "INR"})),
        (&admin, "PATCH", format!("/stores/{}", app.store), json!({"name": "Renamed"})),
        (
            &admin,
            "POST",
            "/users".into(),
            json!({"email": "s@example.com", "password": "correct horse battery", "role": "staff", "permissions": []}),
        ),
    ];
    for (index, (client, method, path, body)) in calls.iter().enumerate() {
        let keyed = (*client).clone().with_key(&format!("call-{index}"));
        let send = || keyed.send(method, path, Some(body).filter(|body| !body.is_null()));
        let first = send();
        assert!((200..300).contains(&first.status), "{} was answered: {} {}", first.asked, first.status, first.text());
        assert_replayed(&first, &app.without_effect(send));
    }
}

/// A secret as a guest's client makes it.
fn guest_secret() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[test]
fn a_guest_with_a_secret_sends_a_request_twice_and_it_is_done_once() {
    let Shop { app, rice, .. } = Shop::open();
    app.set_store(&json!({"guest_orders": true}));
    let body = json!({"items": [{"product_id": rice.id, "quantity": 1}]});
    let with_secret = || app.guest().with_key("checkout-1").with_header("X-Guest-Secret", &guest_secret());
    let (one, other) = (with_secret(), with_secret());
    let first = one.post("/orders", &body).expect(201);
    assert_replayed(&first, &app.without_effect(|| one.post("/orders", &body)));
    // Another guest at the same address with the same key and body has an order of their own.
    let second = other.post("/orders", &body).expect(201);
    assert_eq!(second.header(REPLAYED), "");
    assert_ne!((second.id(), &second.json()["guest_token"]), (first.id(), &first.json()["guest_token"]));
    assert_replayed(&first, &one.post("/orders", &body));
    // The token of the order is such a secret too.
    let token = first.json()["guest_token"].as_str().unwrap().to_owned();
    let cancel = app.guest().with_key("cancel-1").with_header("X-Order-Token", &token);
    let path = format!("/orders/{}/cancel", first.id());
    let cancelled = cancel.post_nothing(&path).expect(200);
    assert_replayed(&cancelled, &app.without_effect(|| cancel.post_nothing(&path)));
    for weak in ["", "short", &"x".repeat(256), "two words and then some more of them"] {
        let guest = app.guest().with_key("checkout-2").with_header("X-Guest-Secret", weak);
        let problem = app.without_effect(|| guest.post("/orders", &body)).refused(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0]["field"], "X-Guest-Secret", "{weak}");
    }
}

#[test]
fn a_guest_without_a_secret_never_gets_the_order_of_another_guest() {
    let Shop { app, rice, .. } = Shop::open();
    app.set_store(&json!({"guest_orders": true}));
    let body = json!({"items": [{"product_id": rice.id, "quantity": 1}]});
    let guest = || app.guest().with_key("checkout-1");
    let first = guest().post("/orders", &body).expect(201);
    let token = first.json()["guest_token"].as_str().unwrap().to_owned();
    // It may be a repetition by the same guest, so that there is no second order either.
    for other in [guest(), guest().with_header("X-Order-Token", "short")] {
        let refusal = app.without_effect(|| other.post("/orders", &body));
        assert!(!refusal.text().contains(&token) && !refusal.text().contains("ORD-"), "{}", refusal.text());
        refusal.refused(422, "IDEMPOTENCY_KEY_REUSED");
    }
    for round in 0..10 {
        let keyed = app.guest().with_key(&format!("twins-{round}"));
        let replies = race(4, |_| keyed.post("/orders", &body));
        let made = replies.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(made, 1, "{replies:?}");
        let refused = replies.into_iter().filter(|reply| reply.status != 201);
        refused.for_each(|reply| assert!(reply.status == 422 || reply.status == 409, "{}", reply.text()));
    }
    // A request without a key cannot be replayed.
    app.guest().post("/orders", &body).expect(201);
    app.guest().post("/orders", &body).expect(201);
}

#[test]
fn another_password_makes_another_request() {
    let app = TestApp::start();
    let admin = app.admin().with_key("k");
    let clerk = app.account("clerk", stockroom::auth::Role::Staff);
    let (path, one) = (format!("/users/{clerk}"), json!({"password": "a good long password"}));
    let first = admin.patch(&path, &one).expect(200);
    assert_replayed(&first, &app.without_effect(|| admin.patch(&path, &one)));
    for other in
        [json!({"password": "another good password"}), json!({"full_name": "C", "password": "a good long password"})]
    {
        app.without_effect(|| admin.patch(&path, &other)).refused(422, "IDEMPOTENCY_KEY_REUSED");
    }
    let new = |password: &str| json!({"email": "new@example.com", "password": password, "role": "customer"});
    let admin = admin.with_key("create");
    let made = admin.post("/users", &new("a good long password")).expect(201);
    assert_replayed(&made, &app.without_effect(|| admin.post("/users", &new("a good long password"))));
    app.without_effect(|| admin.post("/users", &new("another good password"))).refused(422, "IDEMPOTENCY_KEY_REUSED");
}

#[test]
fn two_requests_with_one_key_are_one_order() {
    let Shop { app, rice, mara, .. } = Shop::open();
    let body = json!({"items": [{"product_id": rice.id, "quantity": 1}]});
    for round in 0..20 {
        let keyed = mara.clone().with_key(&format!("twins-{round}"));
        let replies = race(4, |_| keyed.post("/orders", &body));
        let mut made: Vec<String> = replies
            .into_iter()
            .filter(|reply| reply.code().as_deref() != Some("REQUEST_IN_PROGRESS"))
            .map(|reply| reply.expect(201).text())
            .collect();
        made.dedup();
        assert_eq!(made.len(), 1, "{made:#?}");
        assert_eq!(app.stock(&rice).2, round + 1);
    }
}
