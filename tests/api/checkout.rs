//! Buying a cart: the example of the guide, its figures, and every refusal.

use crate::common::shop::Product;
use crate::common::{Client, TestApp, Value, json};

fn tee(app: &TestApp, stock: i64) -> Product {
    app.create_product(
        &json!({"sku": "tee-red", "name": "T-Shirt Red - Medium", "price": 30.00, "initial_stock": stock}),
    )
}

#[test]
fn the_purchase_of_the_guide() {
    let app = TestApp::start();
    let tee = tee(&app, 100);
    let mara = app.customer("mara");
    let cart = mara.add_to_cart(&tee, 5).json();
    assert_eq!(
        (&cart["total_items"], &cart["total_amount"], &cart["problems"]),
        (&json!(5), &json!(150.0), &json!([]))
    );
    assert_eq!(app.stock(&tee), (100, 0, 0));

    let body = json!({"shipping_address_id": mara.address(), "payment_method": "credit_card", "notes": "Ring twice"});
    let reply = mara.post("/checkout", &body).expect(201);
    for amount in ["\"subtotal\":150.00", "\"total_amount\":150.00", "\"unit_price\":30.00", "\"tax_amount\":0.00"] {
        assert!(reply.text().contains(amount), "{amount} is missing in {}", reply.text());
    }
    let order = reply.json();
    assert_eq!((&order["status"], &order["payment_status"]), (&json!("pending"), &json!("pending")));
    assert_eq!(order["next_statuses"], json!(["processing", "cancelled"]));
    assert_eq!((&order["payment_method"], &order["notes"]), (&json!("credit_card"), &json!("Ring twice")));
    assert_eq!(
        order["stock_reductions"],
        json!([{"product_id": tee.id, "size": null, "quantity": 5, "previous_stock": 100, "new_stock": 95,
                "reference_id": order["order_number"]}])
    );
    assert_eq!(app.stock(&tee), (95, 0, 5));
    assert_eq!(mara.get("/cart").expect(200).json()["items"], json!([]));

    let cancel = format!("/orders/{}/cancel", order["id"]);
    assert_eq!(mara.post_nothing(&cancel).expect(200).json()["status"], "cancelled");
    assert_eq!(app.stock(&tee), (100, 0, 0));
    let again = app.without_effect(|| mara.post_nothing(&cancel)).refused(409, "ORDER_NOT_CANCELLABLE");
    assert_eq!(
        again["detail"],
        "Order with status 'cancelled' cannot be cancelled. Only pending or processing orders can be cancelled."
    );
    assert_eq!(app.stock(&tee), (100, 0, 0));
}

#[test]
fn an_order_has_every_documented_field_and_is_the_same_when_it_is_read() {
    let app = TestApp::start();
    let tee = app.create_product(
        &json!({"sku": "tee-red", "name": "Tee red", "price": 30.00, "brand": "Loom", "category": "Clothes",
                "unit": "piece", "barcode": "8901234567890", "initial_stock": 9}),
    );
    let mara = app.customer("mara");
    mara.add_to_cart(&tee, 2);
    let address = mara.address();
    let made = mara.checkout_to(address).expect(201);
    let order = made.json();
    let fields: Vec<&str> = order.as_object().unwrap().keys().map(String::as_str).collect();
    let mut documented = vec![
        "id",
        "order_number",
        "store_id",
        "user_id",
        "created_by",
        "customer_name",
        "customer_email",
        "customer_phone",
        "delivery_address",
        "status",
        "payment_status",
        "fulfilment_status",
        "payment_method",
        "payment_expires_at",
        "paid_at",
        "payment_reference",
        "credited_amount",
        "net_total",
        "received_amount",
        "credit_used_amount",
        "unapplied_amount",
        "refund_due",
        "refund_due_amount",
        "refunded_amount",
        "tracking_number",
        "currency",
        "subtotal",
        "tax_amount",
        "included_tax_amount",
        "tax_lines",
        "shipping_amount",
        "discount_amount",
        "total_amount",
        "items",
        "total_items",
        "stock_reductions",
        "shipments",
        "invoice_number",
        "exchange_of",
        "shipping_address",
        "billing_address",
        "notes",
        "pickup_location_id",
        "pickup_status",
        "ready_at",
        "unfulfilled",
        "next_statuses",
        "created_at",
        "updated_at",
    ];
    documented.sort_unstable();
    assert_eq!(fields, documented);
    for null in ["customer_name", "payment_expires_at", "paid_at", "payment_reference", "notes"] {
        assert_eq!(order[null], Value::Null, "{null}");
    }
    assert_eq!((&order["payment_method"], &order["currency"]), (&json!("cod"), &json!("INR")));
    assert_eq!((&order["refund_due"], &order["user_id"]), (&json!(false), &json!(mara.user.unwrap().0)));
    assert_eq!(order["store_id"], app.store.0);
    let item = &order["items"][0];
    assert_eq!((&item["sku"], &item["size"], &item["quantity"]), (&json!("tee-red"), &Value::Null, &json!(2)));
    let attributes = json!({"brand": "Loom", "category": "Clothes", "unit": "piece", "barcode": "8901234567890"});
    assert_eq!(item["attributes"], attributes);
    assert_eq!((&order["shipping_address"]["id"], &order["billing_address"]["id"]), (&json!(address), &json!(address)));
    assert_eq!(order["shipping_address"]["full_name"], "Mara Iyer");
    let number = order["order_number"].as_str().unwrap();
    let day = order["created_at"].as_str().unwrap()[..10].replace('-', "");
    assert!(number.starts_with(&format!("ORD-{day}-")) && number.len() == 23, "{number}");
    assert!(number[13..].bytes().all(|b| b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains(&b)), "{number}");
    assert!(order["created_at"].as_str().unwrap().ends_with('Z'));

    for name in [order["id"].to_string(), number.to_owned()] {
        assert_eq!(mara.get(&format!("/orders/{name}")).expect(200).text(), made.text());
    }
}

#[test]
fn ordering_50_of_42_changes_nothing() {
    let app = TestApp::start();
    let tee = tee(&app, 42);
    let mara = app.customer("mara");
    mara.add_to_cart(&tee, 50);
    let address = mara.address();
    let refusal = app.without_effect(|| mara.checkout_to(address)).refused(400, "INSUFFICIENT_STOCK");
    let message = "Insufficient stock for 'T-Shirt Red - Medium'. Available: 42, Requested: 50";
    assert_eq!((&refusal["detail"], &refusal["title"]), (&json!(message), &json!("Insufficient stock")));
    assert_eq!(
        refusal["stock_errors"],
        json!([{"product_id": tee.id, "sku": "tee-red", "product_name": "T-Shirt Red - Medium", "size": null,
                "requested_quantity": 50, "available_quantity": 42, "shortage": 8, "message": message}])
    );
    assert_eq!(app.stock(&tee), (42, 0, 0));
    assert_eq!(mara.get("/cart").expect(200).json()["total_items"], 50);
    let preview = mara.post("/checkout/preview", &json!({"shipping_address_id": address})).expect(200).json();
    assert_eq!((&preview["ok"], &preview["order"]), (&json!(false), &Value::Null));
    assert_eq!(preview["refusal"]["stock_errors"], refusal["stock_errors"]);
    assert_eq!((&preview["refusal"]["code"], &preview["refusal"]["status"]), (&refusal["code"], &json!(400)));
}

#[test]
fn every_short_line_is_listed() {
    let app = TestApp::start();
    let (enough, few) = (app.product("rice", 10.0, 5), app.product("salt", 5.0, 1));
    let sized = app.sized_product("tee-red", 30.0, &[("S", 0), ("M", 2)]);
    let mara = app.customer("mara");
    mara.add_to_cart(&enough, 5);
    mara.add_to_cart(&few, 4);
    mara.add_size_to_cart(&sized, "M", 3);
    let address = mara.address();
    let refusal = app.without_effect(|| mara.checkout_to(address)).refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(refusal["detail"], "Insufficient stock for 'Salt'. Available: 1, Requested: 4");
    let short: Vec<_> = refusal["stock_errors"].as_array().unwrap().iter().collect();
    assert_eq!(short.len(), 2, "{refusal}");
    assert_eq!((&short[0]["sku"], &short[0]["shortage"]), (&json!("salt"), &json!(3)));
    assert_eq!((&short[1]["size"], &short[1]["available_quantity"]), (&json!("M"), &json!(2)));
    assert_eq!(short[1]["product_id"], sized.id);
}

#[test]
fn the_last_units_can_be_bought_and_not_one_more() {
    let app = TestApp::start();
    let tee = tee(&app, 3);
    assert_eq!(app.customer("mara").buy(&tee, 3)["stock_reductions"][0]["new_stock"], 0);
    let noor = app.customer("noor");
    noor.add_to_cart(&tee, 1);
    let refusal = noor.checkout().refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(refusal["detail"], "Insufficient stock for 'T-Shirt Red - Medium'. Available: 0, Requested: 1");
    assert_eq!(app.stock(&tee), (0, 0, 3));
}

#[test]
fn two_at_14_with_5_percent_and_20_shipping_cost_49_40() {
    let app = TestApp::start();
    app.set_store(&json!({"tax_rate": 5, "shipping_flat_rate": 20.00}));
    let soap = app.product("soap", 14.00, 10);
    let mara = app.customer("mara");
    let cart = mara.add_to_cart(&soap, 2).text();
    let order = mara.checkout().expect(201).text();
    for text in [cart, order] {
        for amount in ["subtotal\":28.00", "tax_amount\":1.40", "shipping_amount\":20.00", "total_amount\":49.40"] {
            assert!(text.contains(amount), "{amount} is missing in {text}");
        }
    }
    // Tax is rounded half up, once for the order: 5 % of 0.30 is 0.015.
    let pin = app.product("pin", 0.10, 10);
    mara.add_to_cart(&pin, 3);
    assert!(mara.checkout().expect(201).text().contains("\"tax_amount\":0.02"));
}

#[test]
fn the_expected_total_is_a_guard() {
    let app = TestApp::start();
    let tee = tee(&app, 10);
    let mara = app.customer("mara");
    mara.add_to_cart(&tee, 2);
    let address = mara.address();
    let expecting = |total: Value| json!({"shipping_address_id": address, "expected_total": total});
    for wrong in [json!(59.99), json!(60.01), json!(0)] {
        let reply = app.without_effect(|| mara.post("/checkout", &expecting(wrong)));
        assert_eq!(reply.refused(409, "PRICE_CHANGED")["detail"], "The total is 60.00 now.");
    }
    mara.post("/checkout", &expecting(json!(60))).expect(201);
}

#[test]
fn a_price_that_changed_after_adding_is_charged_as_it_is_now() {
    let app = TestApp::start();
    let tee = tee(&app, 10);
    let mara = app.customer("mara");
    mara.add_to_cart(&tee, 2);
    app.set_product(&tee, &json!({"price": 35.50, "name": "T-Shirt Crimson"}));
    assert_eq!(mara.get("/cart").expect(200).json()["total_amount"], 71.0);
    let address = mara.address();
    let old = json!({"shipping_address_id": address, "expected_total": 60.00});
    app.without_effect(|| mara.post("/checkout", &old)).refused(409, "PRICE_CHANGED");
    let order = mara.checkout_to(address).expect(201).json();
    assert_eq!((&order["total_amount"], &order["items"][0]["unit_price"]), (&json!(71.0), &json!(35.5)));
    // An order keeps the price of its placement.
    app.set_product(&tee, &json!({"price": 1.00, "name": "Something else"}));
    let read = mara.get(&format!("/orders/{}", order["id"])).expect(200).json();
    assert_eq!(read, order);
    assert_eq!(read["items"][0]["product_name"], "T-Shirt Crimson");
}

/// An order without its numbers and times, which a preview cannot have.
fn as_preview(mut order: Value) -> Value {
    for name in ["id", "order_number", "created_at", "updated_at"] {
        order[name] = Value::Null;
    }
    for item in order["items"].as_array_mut().unwrap() {
        item["id"] = Value::Null;
    }
    for reduction in order["stock_reductions"].as_array_mut().unwrap() {
        reduction["reference_id"] = Value::Null;
    }
    order
}

#[test]
fn a_preview_is_what_checkout_then_answers_and_writes_nothing() {
    let app = TestApp::start();
    app.set_store(&json!({"tax_rate": 12.5, "shipping_flat_rate": 7.25}));
    let (tee, rice) = (tee(&app, 10), app.product("rice", 45.10, 3));
    let mara = app.customer("mara");
    mara.add_to_cart(&tee, 2);
    mara.add_to_cart(&rice, 3);
    let body = json!({"shipping_address_id": mara.address(), "billing_address_id": mara.address(), "notes": "Soon"});
    let preview = app.without_effect(|| mara.post("/checkout/preview", &body)).expect(200).json();
    assert_eq!((&preview["ok"], &preview["refusal"]), (&json!(true), &Value::Null));
    assert_eq!((&preview["order"]["id"], &preview["order"]["order_number"]), (&Value::Null, &Value::Null));
    let order = mara.post("/checkout", &body).expect(201).json();
    assert_eq!(as_preview(preview["order"].clone()), as_preview(order));
    let empty = mara.post("/checkout/preview", &body).expect(200).json();
    assert_eq!(empty["refusal"]["code"], "CART_EMPTY");
}

#[test]
fn a_preview_refuses_with_errors_what_is_wrong_in_the_request() {
    let app = TestApp::start();
    let mara = app.customer("mara");
    let others = app.customer("noor").address();
    app.guest().post("/checkout/preview", &json!({"shipping_address_id": 1})).refused(401, "UNAUTHENTICATED");
    let preview = |body: Value| mara.post("/checkout/preview", &body);
    preview(json!({"shipping_address_id": others})).refused(404, "ADDRESS_NOT_FOUND");
    preview(json!({"shipping_address_id": "1"})).refused(422, "VALIDATION_FAILED");
    preview(json!({"shipping_address_id": 1, "payment_method": "beads"})).refused(422, "VALIDATION_FAILED");
}

#[test]
fn an_empty_cart_is_refused_in_the_words_of_the_guide() {
    let app = TestApp::start();
    let mara = app.customer("mara");
    let address = mara.address();
    let refusal = app.without_effect(|| mara.checkout_to(address)).refused(400, "CART_EMPTY");
    assert_eq!(refusal["detail"], "Cart is empty. Add items before checkout.");
}

#[test]
fn an_archived_product_refuses_the_cart_that_has_it() {
    let app = TestApp::start();
    let (tee, rice) = (tee(&app, 10), app.product("rice", 10.0, 10));
    let mara = app.customer("mara");
    mara.add_to_cart(&rice, 1);
    mara.add_to_cart(&tee, 1);
    app.archive(&tee);
    let address = mara.address();
    let refusal = app.without_effect(|| mara.checkout_to(address)).refused(409, "PRODUCT_UNAVAILABLE");
    assert!(refusal["detail"].as_str().unwrap().contains("T-Shirt Red - Medium"), "{refusal}");
    app.without_effect(|| mara.post("/cart/items", &json!({"product_id": tee.id, "quantity": 1})))
        .refused(409, "PRODUCT_UNAVAILABLE");
    let line = mara.get("/cart").expect(200).json()["items"][1]["id"].clone();
    mara.delete(&format!("/cart/items/{line}")).expect(200);
    mara.checkout_to(address).expect(201);
}

#[test]
fn refusals_are_decided_in_the_order_of_the_contract() {
    let app = TestApp::start();
    let (archived, short) = (app.product("gone", 10.0, 10), app.product("short", 10.0, 1));
    let mara = app.customer("mara");
    let (own, others) = (mara.address(), app.customer("noor").address());
    let body = |address: i64, method: &str| json!({"shipping_address_id": address, "payment_method": method, "expected_total": 1});
    let refused = |client: &Client, body: Value, status: u16, code: &str| {
        app.without_effect(|| client.post("/checkout", &body)).refused(status, code);
    };
    refused(&app.guest(), json!({"shipping_address_id": "?"}), 401, "UNAUTHENTICATED");
    refused(&mara, body(others, "beads"), 422, "VALIDATION_FAILED");
    // The cart is still empty, and an unknown address is refused first.
    refused(&mara, body(others, "cod"), 404, "ADDRESS_NOT_FOUND");
    refused(&mara, body(own, "cod"), 400, "CART_EMPTY");
    mara.add_to_cart(&short, 5);
    let line = mara.add_to_cart(&archived, 1).json()["items"][1]["id"].clone();
    app.archive(&archived);
    refused(&mara, body(own, "cod"), 409, "PRODUCT_UNAVAILABLE");
    mara.delete(&format!("/cart/items/{line}")).expect(200);
    refused(&mara, body(own, "cod"), 409, "PRICE_CHANGED");
    refused(&mara, json!({"shipping_address_id": own}), 400, "INSUFFICIENT_STOCK");
}

#[test]
fn an_address_of_another_customer_is_answered_as_an_absent_one() {
    let app = TestApp::start();
    let tee = tee(&app, 10);
    let (mara, noor) = (app.customer("mara"), app.customer("noor"));
    mara.add_to_cart(&tee, 1);
    let (own, others) = (mara.address(), noor.address());
    let detail = |body: Value| {
        let refusal = app.without_effect(|| mara.post("/checkout", &body)).refused(404, "ADDRESS_NOT_FOUND");
        refusal["detail"].as_str().unwrap().replace(|c: char| c.is_ascii_digit(), "")
    };
    let absent = detail(json!({"shipping_address_id": 999_999}));
    assert_eq!(detail(json!({"shipping_address_id": others})), absent);
    assert_eq!(detail(json!({"shipping_address_id": own, "billing_address_id": others})), absent);
}

#[test]
fn a_size_is_sold_from_its_own_stock_at_its_own_price() {
    let app = TestApp::start();
    let tee = app.create_product(&json!({"sku": "tee-red", "name": "Tee red", "price": 30.00, "sizes": [
        {"size": "S", "initial_stock": 5}, {"size": "XL", "initial_stock": 7, "price": 33.00}]}));
    let mara = app.customer("mara");
    mara.add_size_to_cart(&tee, "S", 2);
    mara.add_size_to_cart(&tee, "XL", 1);
    let order = mara.checkout().expect(201).json();
    assert_eq!((&order["total_amount"], &order["total_items"]), (&json!(93.0), &json!(3)));
    let sizes: Vec<_> = order["stock_reductions"].as_array().unwrap().iter().collect();
    assert_eq!((&sizes[0]["size"], &sizes[0]["new_stock"]), (&json!("S"), &json!(3)));
    assert_eq!((&sizes[1]["size"], &sizes[1]["new_stock"]), (&json!("XL"), &json!(6)));
    let add = |body: Value| app.without_effect(|| mara.post("/cart/items", &body));
    add(json!({"product_id": tee.id, "quantity": 1})).refused(422, "SIZE_REQUIRED");
    add(json!({"product_id": tee.id, "quantity": 1, "size": "M"})).refused(404, "SIZE_NOT_FOUND");
    let rice = app.product("rice", 10.0, 10);
    add(json!({"product_id": rice.id, "quantity": 1, "size": "M"})).refused(404, "SIZE_NOT_FOUND");
    add(json!({"product_id": "nothing", "quantity": 1})).refused(404, "PRODUCT_NOT_FOUND");
}
