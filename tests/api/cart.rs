//! Filling a cart.

use crate::common::{TestApp, Value, json};

#[test]
fn a_cart_has_every_documented_field() {
    let app = TestApp::start();
    let mara = app.customer("mara");
    let empty = mara.get("/cart").expect(200).json();
    assert_eq!((&empty["items"], &empty["total_items"], &empty["total_amount"]), (&json!([]), &json!(0), &json!(0.0)));
    assert_eq!(empty["problems"][0]["code"], "CART_EMPTY");
    let rice = app.product("rice", 12.50, 7);
    let cart = mara.add_to_cart(&rice, 2);
    assert!(cart.text().contains("\"subtotal\":25.00"), "{}", cart.text());
    let cart = cart.json();
    for name in ["subtotal", "tax_amount", "shipping_amount", "discount_amount", "total_amount", "total_items"] {
        assert!(cart[name].is_number(), "{name} is missing in {cart}");
    }
    assert_eq!(cart["problems"], json!([]));
    let mut item = cart["items"][0].clone();
    item["id"] = Value::Null;
    assert_eq!(
        item,
        json!({"id": null, "product_id": rice.id, "sku": "rice", "product_name": "Rice", "size": null, "quantity": 2,
               "unit_price": 12.5, "total_price": 25.0, "available_quantity": 7, "reserved_until": null})
    );
    assert_eq!(mara.get("/cart").expect(200).json(), cart);
}

#[test]
fn the_same_product_again_adds_up_by_id_and_by_sku() {
    let app = TestApp::start();
    let rice = app.product("rice", 12.50, 7);
    let mara = app.customer("mara");
    mara.add_to_cart(&rice, 2);
    let cart = mara.post("/cart/items", &json!({"product_id": "rice", "quantity": 3})).expect(201).json();
    assert_eq!((cart["items"].as_array().unwrap().len(), &cart["items"][0]["quantity"]), (1, &json!(5)));
    // Adding does not check the stock, but the quantity of a line is limited.
    assert_eq!(mara.add_to_cart(&rice, 9_995).json()["total_items"], 10_000);
    let more = json!({"product_id": rice.id, "quantity": 1});
    let refusal = app.without_effect(|| mara.post("/cart/items", &more)).refused(422, "VALIDATION_FAILED");
    assert_eq!(refusal["errors"][0]["field"], "quantity");
}

#[test]
fn problems_show_what_would_refuse_the_checkout() {
    let app = TestApp::start();
    let (rice, salt, soap) = (app.product("rice", 10.0, 3), app.product("salt", 5.0, 9), app.product("soap", 5.0, 9));
    let mara = app.customer("mara");
    mara.add_to_cart(&rice, 4);
    mara.add_to_cart(&salt, 1);
    mara.add_to_cart(&soap, 1);
    app.archive(&salt);
    let cart = mara.get("/cart").expect(200).json();
    let problems: Vec<_> = cart["problems"].as_array().unwrap().iter().collect();
    assert_eq!(problems.len(), 2, "{cart}");
    assert_eq!(
        (&problems[0]["code"], &problems[0]["message"], &problems[0]["item_id"]),
        (
            &json!("INSUFFICIENT_STOCK"),
            &json!("Insufficient stock for 'Rice'. Available: 3, Requested: 4"),
            &cart["items"][0]["id"]
        )
    );
    assert_eq!(
        (&problems[1]["code"], &problems[1]["item_id"]),
        (&json!("PRODUCT_UNAVAILABLE"), &cart["items"][1]["id"])
    );
}

#[test]
fn lines_are_changed_and_removed() {
    let app = TestApp::start();
    let (rice, salt) = (app.product("rice", 10.0, 3), app.product("salt", 5.0, 9));
    let mara = app.customer("mara");
    mara.add_to_cart(&rice, 1);
    let cart = mara.add_to_cart(&salt, 2).json();
    let line = |index: usize| format!("/cart/items/{}", cart["items"][index]["id"]);
    let changed = mara.put(&line(1), &json!({"quantity": 4})).expect(200).json();
    assert_eq!((&changed["total_items"], &changed["total_amount"]), (&json!(5), &json!(30.0)));
    let rest = mara.delete(&line(0)).expect(200).json();
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    app.without_effect(|| mara.delete(&line(0))).refused(404, "CART_ITEM_NOT_FOUND");
    app.without_effect(|| mara.put(&line(0), &json!({"quantity": 1}))).refused(404, "CART_ITEM_NOT_FOUND");
    // A line of another customer is answered like one that does not exist.
    let noor = app.customer("noor");
    noor.put(&line(1), &json!({"quantity": 9})).refused(404, "CART_ITEM_NOT_FOUND");
    noor.delete(&line(1)).refused(404, "CART_ITEM_NOT_FOUND");
    assert_eq!(mara.get("/cart").expect(200).json()["total_items"], 4);
    assert!(mara.delete("/cart").expect(204).bytes.is_empty());
    mara.delete("/cart").expect(204);
    assert_eq!(mara.get("/cart").expect(200).json()["items"], json!([]));
}

#[test]
fn a_line_of_an_archived_product_is_not_raised() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 9);
    let mara = app.customer("mara");
    let cart = mara.add_to_cart(&rice, 3).json();
    let line = format!("/cart/items/{}", cart["items"][0]["id"]);
    app.archive(&rice);
    app.without_effect(|| mara.put(&line, &json!({"quantity": 4}))).refused(409, "PRODUCT_UNAVAILABLE");
    for quantity in [3, 2] {
        assert_eq!(mara.put(&line, &json!({"quantity": quantity})).expect(200).json()["total_items"], quantity);
    }
    app.without_effect(|| mara.put(&line, &json!({"quantity": 3}))).refused(409, "PRODUCT_UNAVAILABLE");
    mara.delete(&line).expect(200);
}

#[test]
fn a_cart_belongs_to_a_customer_within_a_store() {
    let app = TestApp::start();
    app.other_store("STORE-B");
    let (rice, tea) = (app.product("rice", 10.0, 3), app.product_in("STORE-B", "tea", 7.0, 3));
    let mara = app.customer("mara");
    let there = mara.clone().in_store("STORE-B");
    mara.add_to_cart(&rice, 1);
    there.add_to_cart(&tea, 2);
    assert_eq!(mara.get("/cart").expect(200).json()["items"][0]["sku"], "rice");
    assert_eq!(there.get("/cart").expect(200).json()["items"][0]["sku"], "tea");
    // A product belongs to one store only.
    mara.post("/cart/items", &json!({"product_id": "tea", "quantity": 1})).refused(404, "PRODUCT_NOT_FOUND");
    mara.post("/cart/items", &json!({"product_id": tea.id, "quantity": 1})).refused(404, "PRODUCT_NOT_FOUND");
    there.checkout().expect(201);
    assert_eq!(mara.get("/cart").expect(200).json()["total_items"], 1);
}

#[test]
fn a_cart_has_at_most_100_lines() {
    let app = TestApp::start();
    let sizes: Vec<(String, i64)> = (0..50).map(|size| (format!("size {size}"), 1)).collect();
    let sizes: Vec<(&str, i64)> = sizes.iter().map(|(size, stock)| (size.as_str(), *stock)).collect();
    let products = [app.sized_product("a", 1.0, &sizes), app.sized_product("b", 1.0, &sizes)];
    let mara = app.customer("mara");
    for product in &products {
        for (size, _) in &sizes {
            mara.add_size_to_cart(product, size, 1);
        }
    }
    let more = json!({"product_id": app.product("rice", 1.0, 1).id, "quantity": 1});
    app.without_effect(|| mara.post("/cart/items", &more)).refused(422, "VALIDATION_FAILED");
    assert_eq!(mara.checkout().expect(201).json()["total_items"], 100);
}
