//! Buying without a cart: a customer, staff for a customer, and a guest with their token.

use crate::common::{Client, TestApp, Value, json};

fn one_of(product: &crate::common::shop::Product) -> Value {
    json!({"items": [{"product_id": product.id, "quantity": 1}]})
}

#[test]
fn a_customer_buys_for_themself_and_keeps_their_cart() {
    let app = TestApp::start();
    let rice = app.product("rice", 12.50, 10);
    let mara = app.customer("mara");
    mara.add_to_cart(&rice, 4);
    let address = mara.address();
    let body = json!({
        "items": [{"product_id": "rice", "quantity": 2, "unit_price": 12.50, "product_name": "Ignored", "unit": "kg"}],
        "customer_name": "Mara Iyer", "customer_phone": "+91 98450 12345", "delivery_address": "12 Lake Road",
        "shipping_address_id": address, "payment_method": "bank_transfer", "notes": "Gate 2"
    });
    let made = mara.post("/orders", &body).expect(201);
    let order = made.json();
    let mara_id = json!(mara.user.unwrap().0);
    assert_eq!((&order["user_id"], &order["created_by"]), (&mara_id, &mara_id));
    assert_eq!((&order["status"], &order["total_amount"]), (&json!("pending"), &json!(25.0)));
    assert_eq!((&order["customer_name"], &order["customer_phone"]), (&body["customer_name"], &body["customer_phone"]));
    assert_eq!((&order["delivery_address"], &order["notes"]), (&body["delivery_address"], &body["notes"]));
    assert_eq!(
        (&order["shipping_address"]["id"], &order["payment_method"]),
        (&json!(address), &json!("bank_transfer"))
    );
    assert_eq!((&order["items"][0]["product_name"], &order["items"][0]["sku"]), (&json!("Rice"), &json!("rice")));
    assert_eq!(order.get("guest_token"), None);
    assert_eq!(app.stock(&rice), (8, 0, 2));
    assert_eq!(mara.get("/cart").expect(200).json()["total_items"], 4);
    assert_eq!(mara.get(&format!("/orders/{}", order["id"])).expect(200).text(), made.text());
    // Only `items` is required.
    let bare = mara.post("/orders", &one_of(&rice)).expect(201).json();
    for null in ["customer_name", "customer_phone", "delivery_address", "shipping_address", "billing_address", "notes"]
    {
        assert_eq!(bare[null], Value::Null, "{null}");
    }
    assert_eq!(bare["payment_method"], "cod");
}

#[test]
fn staff_buy_for_a_named_customer() {
    let app = TestApp::start();
    let rice = app.product("rice", 12.50, 10);
    let clerk = app.staff(&["orders:create"]);
    let body = json!({"items": [{"product_id": rice.id, "quantity": 1}], "customer_name": "Walk-in"});
    let order = clerk.post("/orders", &body).expect(201).json();
    assert_eq!((&order["user_id"], &order["created_by"]), (&Value::Null, &json!(clerk.user.unwrap().0)));
    assert_eq!((&order["customer_name"], order.get("guest_token")), (&json!("Walk-in"), None));
    let reader = app.staff(&["orders:read"]);
    assert_eq!(reader.get(&format!("/orders/{}", order["id"])).expect(200).json(), order);
    let history = reader.get(&format!("/orders/{}/history", order["id"])).expect(200).json();
    assert_eq!(history[0]["actor"], format!("user:{}", clerk.user.unwrap()));
    // The permission is checked first.
    let refusal = app.without_effect(|| reader.post("/orders", &json!({"items": "?"}))).refused(403, "FORBIDDEN");
    assert!(refusal["detail"].as_str().unwrap().contains("orders:create"), "{refusal}");
}

#[test]
fn a_guest_opens_and_cancels_their_one_order_with_its_token() {
    let app = TestApp::start();
    app.set_store(&json!({"guest_orders": true}));
    let rice = app.product("rice", 12.50, 10);
    let guest = app.guest();
    let order = guest.post("/orders", &one_of(&rice)).expect(201).json();
    let other = guest.post("/orders", &one_of(&rice)).expect(201).json();
    assert_eq!((&order["user_id"], &order["created_by"]), (&Value::Null, &Value::Null));
    let token = order["guest_token"].as_str().unwrap();
    assert!(token.len() >= 32 && order["guest_token"] != other["guest_token"]);
    let holder = guest.clone().with_header("X-Order-Token", token);
    let path = |order: &Value, rest: &str| format!("/orders/{}{rest}", order["id"]);

    let mut shown = order.clone();
    shown.as_object_mut().unwrap().remove("guest_token");
    assert_eq!(holder.get(&path(&order, "")).expect(200).json(), shown);
    assert_eq!(holder.get(&format!("/orders/{}", order["order_number"].as_str().unwrap())).expect(200).json(), shown);
    assert_eq!(holder.get(&path(&order, "/history")).expect(200).json()[0]["actor"], "guest");
    // The token opens nothing else.
    holder.get(&path(&other, "")).refused(404, "ORDER_NOT_FOUND");
    app.without_effect(|| holder.post_nothing(&path(&other, "/cancel"))).refused(404, "ORDER_NOT_FOUND");
    holder.get("/orders").refused(401, "UNAUTHENTICATED");
    holder.get("/orders/me").refused(401, "UNAUTHENTICATED");
    holder.put(&path(&order, ""), &json!({"notes": "mine"})).refused(401, "UNAUTHENTICATED");
    guest.get(&path(&order, "")).refused(401, "UNAUTHENTICATED");
    app.without_effect(|| guest.post_nothing(&path(&order, "/cancel"))).refused(401, "UNAUTHENTICATED");
    let outsider = guest.clone().with_header("X-Order-Token", "0123456789abcdef");
    outsider.get(&path(&order, "")).refused(404, "ORDER_NOT_FOUND");
    app.customer("mara").get(&path(&order, "")).refused(404, "ORDER_NOT_FOUND");

    assert_eq!(app.stock(&rice), (8, 0, 2));
    assert_eq!(holder.post_nothing(&path(&order, "/cancel")).expect(200).json()["status"], "cancelled");
    assert_eq!(app.stock(&rice), (9, 0, 1));
    holder.post_nothing(&path(&order, "/cancel")).refused(409, "ORDER_NOT_CANCELLABLE");
}

#[test]
fn a_store_that_is_not_open_to_guests_asks_them_to_sign_in() {
    let app = TestApp::start();
    let rice = app.product("rice", 12.50, 10);
    app.without_effect(|| app.guest().post("/orders", &one_of(&rice))).refused(401, "UNAUTHENTICATED");
    // This refusal comes after the body was read, which may name the store, and before its other errors.
    let absent = json!({"items": [{"product_id": "nothing", "quantity": 1}], "payment_method": "beads"});
    app.without_effect(|| app.guest().post("/orders", &absent)).refused(401, "UNAUTHENTICATED");
}

#[test]
fn a_store_is_selected_in_the_body() {
    let app = TestApp::start();
    let other = app.other_store("STORE-B");
    let (rice, tea) = (app.product("rice", 12.50, 10), app.product_in("STORE-B", "tea", 8.00, 10));
    let mara = app.customer("mara");
    for name in [json!("STORE-B"), json!(other.0)] {
        let body = json!({"items": [{"product_id": "tea", "quantity": 1}], "store_id": name});
        let order = mara.post("/orders", &body).expect(201).json();
        assert_eq!(order["store_id"], other.0);
        mara.get(&format!("/orders/{}", order["id"])).refused(404, "ORDER_NOT_FOUND");
        mara.clone().in_store("STORE-B").get(&format!("/orders/{}", order["id"])).expect(200);
    }
    let here = json!({"items": [{"product_id": tea.id, "quantity": 1}]});
    mara.post("/orders", &here).refused(404, "PRODUCT_NOT_FOUND");
    let nowhere = json!({"items": [{"product_id": rice.id, "quantity": 1}], "store_id": "STORE-X"});
    app.without_effect(|| mara.post("/orders", &nowhere)).refused(404, "STORE_NOT_FOUND");
    // Staff can use only their own store.
    let clerk = app.staff(&["orders:create"]);
    let there = json!({"items": [{"product_id": "tea", "quantity": 1}], "store_id": "STORE-B"});
    app.without_effect(|| clerk.post("/orders", &there)).refused(404, "STORE_NOT_FOUND");
}

#[test]
fn equal_lines_are_merged() {
    let app = TestApp::start();
    let rice = app.product("rice", 12.50, 10);
    let tee = app.sized_product("tee-red", 30.0, &[("S", 5), ("M", 5)]);
    let mara = app.customer("mara");
    let body = json!({"items": [
        {"product_id": rice.id, "quantity": 2}, {"product_id": tee.id, "quantity": 1, "size": "S"},
        {"product_id": "rice", "quantity": 3}, {"product_id": "tee-red", "quantity": 2, "size": "M"},
        {"product_id": "tee-red", "quantity": 1, "size": "S"}]});
    let order = mara.post("/orders", &body).expect(201).json();
    let lines: Vec<_> = order["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            (line["sku"].as_str().unwrap().split('-').next().unwrap(), line["size"].clone(), line["quantity"].clone())
        })
        .collect();
    assert_eq!(lines, [("rice", Value::Null, json!(5)), ("tee", json!("S"), json!(2)), ("tee", json!("M"), json!(2))]);
    assert_eq!(app.stock(&rice), (5, 0, 5));
    // Equal lines have one demand together, and so one shortage.
    let much = json!({"items": [{"product_id": rice.id, "quantity": 3}, {"product_id": "rice", "quantity": 3}]});
    let refusal = app.without_effect(|| mara.post("/orders", &much)).refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(refusal["stock_errors"].as_array().unwrap().len(), 1, "{refusal}");
    assert_eq!(refusal["stock_errors"][0]["requested_quantity"], 6);
    let over = json!({"items": [{"product_id": rice.id, "quantity": 9_999}, {"product_id": "rice", "quantity": 2}]});
    let refusal = app.without_effect(|| mara.post("/orders", &over)).refused(422, "VALIDATION_FAILED");
    assert_eq!(refusal["errors"][0]["field"], "items[1].quantity");
}

#[test]
fn the_unit_price_is_only_a_guard() {
    let app = TestApp::start();
    let rice = app.product("rice", 12.50, 10);
    let mara = app.customer("mara");
    let at = |price: Value| json!({"items": [{"product_id": rice.id, "quantity": 1, "unit_price": price}]});
    for wrong in [json!(12.49), json!(0), json!(12.51)] {
        app.without_effect(|| mara.post("/orders", &at(wrong))).refused(409, "PRICE_CHANGED");
    }
    assert_eq!(mara.post("/orders", &at(json!(12.5))).expect(201).json()["total_amount"], 12.5);
    // One wrong price among equal lines is enough.
    let two = json!({"items": [{"product_id": rice.id, "quantity": 1, "unit_price": 12.5},
                               {"product_id": rice.id, "quantity": 1, "unit_price": 1}]});
    app.without_effect(|| mara.post("/orders", &two)).refused(409, "PRICE_CHANGED");
}

#[test]
fn refusals_are_decided_in_the_order_of_the_contract() {
    let app = TestApp::start();
    let (rice, gone, few) = (app.product("rice", 5.0, 10), app.product("gone", 5.0, 10), app.product("few", 5.0, 1));
    let tee = app.sized_product("tee-red", 30.0, &[("S", 5)]);
    app.archive(&gone);
    let mara = app.customer("mara");
    let address = app.customer("noor").address();
    // Each request has one error less than the one before.
    let unsized_tee = json!({"product_id": tee.id, "quantity": 1});
    let over = [json!({"product_id": rice.id, "quantity": 9_999}), json!({"product_id": rice.id, "quantity": 9_999})];
    let absent = json!({"product_id": "nothing", "quantity": 1});
    let no_size = json!({"product_id": tee.id, "quantity": 1, "size": "XXL"});
    let archived = json!({"product_id": gone.id, "quantity": 1});
    let wrong_price = json!({"product_id": rice.id, "quantity": 1, "unit_price": 4});
    let short = json!({"product_id": few.id, "quantity": 2});
    let order = |items: &[&Value], extra: Value| {
        let mut body = json!({"items": items});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        app.without_effect(|| mara.post("/orders", &body))
    };
    let rest = [&archived, &wrong_price, &short];
    let theirs = json!({"shipping_address_id": address});
    order(&[&absent, &unsized_tee, rest[0], rest[1], rest[2]], theirs.clone()).refused(422, "SIZE_REQUIRED");
    order(&[&absent, &over[0], &over[1], rest[0]], theirs.clone()).refused(422, "VALIDATION_FAILED");
    let beads = json!({"shipping_address_id": address, "payment_method": "beads"});
    order(&[&absent, rest[0]], beads).refused(422, "VALIDATION_FAILED");
    order(&[&absent, rest[0], rest[1], rest[2]], theirs.clone()).refused(404, "PRODUCT_NOT_FOUND");
    order(&[&no_size, rest[0], rest[1], rest[2]], theirs.clone()).refused(404, "SIZE_NOT_FOUND");
    order(&rest, theirs).refused(404, "ADDRESS_NOT_FOUND");
    order(&rest, json!({})).refused(409, "PRODUCT_UNAVAILABLE");
    order(&[&wrong_price, &short], json!({})).refused(409, "PRICE_CHANGED");
    order(&[&short], json!({})).refused(400, "INSUFFICIENT_STOCK");
}

#[test]
fn a_hundred_short_lines_with_long_names_are_refused_with_at_most_64_kib() {
    let app = TestApp::start();
    app.set_store(&json!({"guest_orders": true}));
    let name = "🧣".repeat(255);
    let lines = (0..100).map(|number| {
        let body = json!({"sku": format!("scarf-{number}"), "name": &name, "price": 9.00, "initial_stock": 0});
        json!({"product_id": app.create_product(&body).id, "quantity": 1})
    });
    let lines: Vec<Value> = lines.collect();
    let reply = app.without_effect(|| app.guest().post("/orders", &json!({"items": &lines})));
    assert!(reply.text().len() <= 64 * 1024, "{}", reply.text().len());
    let refusal = reply.refused(400, "INSUFFICIENT_STOCK");
    let short = refusal["stock_errors"].as_array().unwrap();
    assert_eq!(short.len(), 100);
    for (line, error) in lines.iter().zip(short) {
        assert_eq!((&error["product_id"], &error["shortage"]), (&line["product_id"], &json!(1)));
        let shown = error["product_name"].as_str().unwrap();
        assert!(shown.starts_with('🧣') && shown.contains('…') && shown.ends_with('🧣'), "{shown}");
        assert_eq!(error["message"], format!("Insufficient stock for '{shown}'. Available: 0, Requested: 1"));
    }
    assert_eq!(refusal["detail"], short[0]["message"]);
    // A single name stays whole.
    let refusal = app.guest().post("/orders", &json!({"items": &lines[..1]})).refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(refusal["stock_errors"][0]["product_name"], name);
}

#[test]
fn nobody_reads_or_cancels_an_order_of_another() {
    let app = TestApp::start();
    app.other_store("STORE-B");
    let rice = app.product("rice", 12.50, 10);
    let order = app.customer("mara").post("/orders", &one_of(&rice)).expect(201).json();
    let (path, number) = (format!("/orders/{}", order["id"]), order["order_number"].as_str().unwrap());
    let absent = app.customer("noor").get("/orders/999999").refused(404, "ORDER_NOT_FOUND");
    let elsewhere = app.staff_of(app.other_store("STORE-C"), &["orders:read", "orders:update"]);
    for outsider in [app.customer("noor"), elsewhere, app.customer("mara").in_store("STORE-B")] {
        for path in [path.clone(), format!("/orders/{number}"), format!("{path}/history")] {
            assert_eq!(outsider.get(&path).refused(404, "ORDER_NOT_FOUND")["detail"], absent["detail"]);
        }
        app.without_effect(|| outsider.post_nothing(&format!("{path}/cancel"))).refused(404, "ORDER_NOT_FOUND");
    }
    let clerk = app.staff(&["orders:create"]);
    let needs = |reply: crate::common::Reply, permission: &str| {
        let refusal = reply.refused(403, "FORBIDDEN");
        assert!(refusal["detail"].as_str().unwrap().contains(permission), "{refusal}");
    };
    needs(clerk.get(&path), "orders:read");
    needs(clerk.get("/orders/999999"), "orders:read");
    needs(clerk.post_nothing(&format!("{path}/cancel")), "orders:update");
    needs(clerk.post_nothing("/orders/999999/cancel"), "orders:update");
    // An order that staff bought for themselves belongs to them, as to a customer.
    let address = clerk.address();
    clerk.add_to_cart(&rice, 1);
    let own = clerk.checkout_to(address).expect(201).json();
    assert_eq!(clerk.get(&format!("/orders/{}", own["id"])).expect(200).json(), own);
    clerk.post_nothing(&format!("/orders/{}/cancel", own["id"])).expect(200);
    let nobody: Client = app.guest();
    nobody.post(&format!("{path}/cancel"), &json!({"reason": 5})).refused(401, "UNAUTHENTICATED");
}
