//! Taxes by country and category, taxes that prices contain, and discounts by staff. The figures are worked out by hand.

use crate::common::shop::Product;
use crate::common::{TestApp, Value, json};

fn product(app: &TestApp, sku: &str, price: f64, category: Option<&str>) -> Product {
    app.create_product(
        &json!({"sku": sku, "name": sku, "price": price, "initial_stock": 50, "category": category, "min_stock_level": 0}),
    )
}

fn rates(app: &TestApp) -> String {
    format!("/stores/{}/tax-rates", app.store)
}

/// 18 % in India and 5 % on food there; 1 % on books everywhere.
fn set_indian_rates(app: &TestApp) {
    let list = json!([
        {"country": "IN", "percent": 18, "name": "GST"},
        {"country": "IN", "category": "Food", "percent": 5, "name": "GST on food"},
        {"category": "Books", "percent": 1, "name": "Books"},
    ]);
    app.admin().put(&rates(app), &json!({"rates": list})).expect(200);
}

fn amounts<const N: usize>(body: &Value, names: [&str; N]) -> [f64; N] {
    names.map(|name| body[name].as_f64().unwrap_or_else(|| panic!("no {name} in {body}")))
}

fn of_items(order: &Value, name: &str) -> Vec<f64> {
    order["items"].as_array().unwrap().iter().map(|item| item[name].as_f64().unwrap()).collect()
}

const SUMS: [&str; 6] =
    ["subtotal", "tax_amount", "included_tax_amount", "shipping_amount", "discount_amount", "total_amount"];

#[test]
fn managers_replace_the_rates_as_a_whole() {
    let app = TestApp::start();
    let manager = app.staff(&["stores:manage"]);
    let path = rates(&app);
    assert_eq!(manager.get(&path).expect(200).json(), json!({"rates": []}));
    let list = json!({"rates": [
        {"country": "US", "region": "Oregon", "category": "Books", "percent": 0, "name": "None"},
        {"country": "US", "region": null, "category": null, "percent": 12.5, "name": "Sales tax"},
    ]});
    assert_eq!(manager.put(&path, &list).expect(200).json(), manager.get(&path).expect(200).json());
    let read = manager.get(&path).expect(200).json();
    assert_eq!((&read["rates"][0]["region"], &read["rates"][1]["category"]), (&json!("Oregon"), &Value::Null));
    assert_eq!(read["rates"][1]["percent"], json!(12.5));
    // The same rates again change nothing.
    let audited = || app.admin().get("/audit").expect(200).json()["total"].clone();
    let before = audited();
    manager.put(&path, &list).expect(200);
    assert_eq!(audited(), before);
    manager.put(&path, &json!({"rates": []})).expect(200);
    assert_eq!(manager.get(&path).expect(200).json(), json!({"rates": []}));
    app.staff(&["orders:read"]).get(&path).refused(403, "FORBIDDEN");
    app.customer("mara").put(&path, &list).refused(403, "FORBIDDEN");
}

#[test]
fn rates_that_cannot_apply_are_refused() {
    let app = TestApp::start();
    let manager = app.staff(&["stores:manage"]);
    let path = rates(&app);
    let rate = |change: Value| {
        let mut rate = json!({"country": "IN", "percent": 5, "name": "GST"});
        for (name, value) in change.as_object().unwrap() {
            rate[name] = value.clone();
        }
        rate
    };
    for (change, field) in [
        (json!({"country": null}), "rates[0].country"),
        (json!({"country": null, "category": "Food", "region": "Kerala"}), "rates[0].country"),
        (json!({"country": " "}), "rates[0].country"),
        (json!({"percent": 101}), "rates[0].percent"),
        (json!({"percent": null}), "rates[0].percent"),
        (json!({"name": ""}), "rates[0].name"),
        (json!({"category": "c".repeat(101)}), "rates[0].category"),
    ] {
        let reply = app.without_effect(|| manager.put(&path, &json!({"rates": [rate(change.clone())]})));
        reply.refused_field(field);
    }
    let twice = json!({"rates": [rate(json!({})), rate(json!({"country": "in", "percent": 6}))]});
    manager.put(&path, &twice).refused_field("rates[1]");
    let many: Vec<Value> = (0..201).map(|number| rate(json!({"category": format!("c{number}")}))).collect();
    manager.put(&path, &json!({"rates": many})).refused_field("rates");
    manager.put(&path, &json!({"rates": many[..200]})).expect(200);
}

#[test]
fn an_order_is_taxed_by_its_country_and_the_categories() {
    let app = TestApp::start();
    app.set_store(&json!({"tax_rate": 10, "shipping_flat_rate": 100, "shipping_tax": "as_goods"}));
    set_indian_rates(&app);
    let (rice, pen) = (product(&app, "rice", 10.00, Some("food")), product(&app, "pen", 33.33, None));
    let mara = app.customer("mara");
    mara.add_to_cart(&rice, 2);
    let cart = mara.add_to_cart(&pen, 3).json();
    // A cart has no address: 10 % of 119.99 and the delivery.
    let of_cart = json!([{"name": "Tax", "percent": 10, "base": 219.99, "tax": 22.00, "included": false}]);
    assert_eq!((&cart["tax_lines"], &cart["total_amount"]), (&of_cart, &json!(241.99)));
    // The delivery is shared 16.67 to 83.33.
    let expected = json!([
        {"name": "GST on food", "percent": 5, "base": 36.67, "tax": 1.83, "included": false},
        {"name": "GST", "percent": 18, "base": 183.32, "tax": 33.00, "included": false},
    ]);
    let body = json!({"shipping_address_id": mara.address()});
    let preview = mara.post("/checkout/preview", &body).expect(200).json();
    let order = mara.post("/checkout", &body).expect(201).json();
    for order in [&preview["order"], &order] {
        assert_eq!(order["tax_lines"], expected);
        assert_eq!(amounts(order, SUMS), [119.99, 34.83, 0.0, 100.0, 0.0, 254.82]);
        assert_eq!(of_items(order, "tax_amount"), [1.00, 18.00]);
    }
    assert_eq!(mara.get(&format!("/orders/{}", order["id"])).expect(200).json(), order);
    // An order keeps its taxes.
    app.admin().put(&rates(&app), &json!({"rates": []})).expect(200);
    assert_eq!(mara.get(&format!("/orders/{}", order["id"])).expect(200).json(), order);
}

#[test]
fn an_order_without_an_address_has_the_rates_of_categories() {
    let app = TestApp::start();
    app.set_store(&json!({"tax_rate": 10, "shipping_flat_rate": 5, "guest_orders": true}));
    set_indian_rates(&app);
    let (novel, pen) = (product(&app, "novel", 20.00, Some("Books")), product(&app, "pen", 3.00, Some("Food")));
    let items = json!([{"product_id": novel.id, "quantity": 1}, {"product_id": pen.id, "quantity": 1}]);
    let order = app.guest().post("/orders", &json!({"items": items})).expect(201).json();
    let expected = json!([
        {"name": "Books", "percent": 1, "base": 20.00, "tax": 0.20, "included": false},
        {"name": "Tax", "percent": 10, "base": 3.00, "tax": 0.30, "included": false},
    ]);
    assert_eq!(order["tax_lines"], expected);
    assert_eq!(amounts(&order, SUMS), [23.00, 0.50, 0.0, 5.00, 0.0, 28.50]);
}

#[test]
fn an_order_that_is_collected_is_taxed_at_its_place() {
    let app = TestApp::start();
    app.set_store(&json!({"shipping_flat_rate": 20, "tax_rate": 10, "shipping_tax": "as_goods"}));
    set_indian_rates(&app);
    let rice = product(&app, "rice", 10.00, Some("Food"));
    let pickup = json!({"code": "corner", "name": "Corner", "country": "IN", "pickup": {"enabled": true}});
    let corner = app.admin().post("/locations", &pickup).expect(201).id();
    app.receive(&rice, 5, corner).expect(200);
    let body = json!({"items": [{"product_id": rice.id, "quantity": 1}], "pickup_location_id": corner});
    let order = app.customer("mara").post("/orders", &body).expect(201).json();
    assert_eq!(order["tax_lines"][0]["name"], "GST on food");
    assert_eq!(amounts(&order, SUMS), [10.00, 0.50, 0.0, 0.0, 0.0, 10.50]);
}

#[test]
fn prices_that_include_their_taxes_stay_as_they_are() {
    let app = TestApp::start();
    app.set_store(&json!({"tax_rate": 19, "prices_include_tax": true, "shipping_flat_rate": 5}));
    let tee = product(&app, "tee", 9.99, None);
    let mara = app.customer("mara");
    let cart = mara.add_to_cart(&tee, 3).json();
    let order = mara.checkout().expect(201).json();
    let expected = json!([{"name": "Tax", "percent": 19, "base": 25.18, "tax": 4.79, "included": true}]);
    for body in [&cart, &order] {
        assert_eq!(body["tax_lines"], expected);
        assert_eq!(amounts(body, SUMS), [29.97, 0.0, 4.79, 5.00, 0.0, 34.97]);
    }
    assert_eq!((of_items(&order, "tax_amount"), of_items(&order, "included_tax_amount")), (vec![0.0], vec![4.79]));
    // 34.97 × 19 / 119 is 5.583.
    app.set_store(&json!({"shipping_tax": "as_goods"}));
    mara.add_to_cart(&tee, 3);
    let order = mara.checkout().expect(201).json();
    assert_eq!(amounts(&order, SUMS), [29.97, 0.0, 5.58, 5.00, 0.0, 34.97]);
    assert_eq!(of_items(&order, "included_tax_amount"), [4.78]);
}

#[test]
fn a_store_without_taxes_has_no_tax_lines() {
    let app = TestApp::start();
    let order = app.customer("mara").buy(&product(&app, "tee", 9.99, None), 1);
    assert_eq!((&order["tax_lines"], &order["tax_amount"]), (&json!([]), &json!(0.00)));
}

#[test]
fn staff_give_a_discount_that_lowers_the_tax() {
    let app = TestApp::start();
    app.set_store(&json!({"tax_rate": 5, "guest_orders": true}));
    let (pin, tee) = (product(&app, "pin", 0.10, None), product(&app, "tee", 20.00, None));
    let order = |items: Value, discount: Value| json!({"items": items, "discount_amount": discount});
    let pins = || json!([{"product_id": pin.id, "quantity": 3}]);
    let clerk = app.staff(&["orders:create", "orders:discount"]);
    // 5 % of 0.25 is 0.0125.
    let placed = clerk.post("/orders", &order(pins(), json!(0.05))).expect(201).json();
    assert_eq!(amounts(&placed, SUMS), [0.30, 0.01, 0.0, 0.0, 0.05, 0.26]);
    // The lines are 0.30 and 40.00, so their shares of 10.00 are 0.07 and 9.93. 5 % of 30.30 is 1.515.
    let both = json!([{"product_id": pin.id, "quantity": 3}, {"product_id": tee.id, "quantity": 2}]);
    let placed = clerk.post("/orders", &order(both, json!(10))).expect(201).json();
    assert_eq!(amounts(&placed, SUMS), [40.30, 1.52, 0.0, 0.0, 10.00, 31.82]);
    assert_eq!(of_items(&placed, "discount_amount"), [0.07, 9.93]);
    // The whole subtotal may be given, but not more.
    let free = clerk.post("/orders", &order(pins(), json!(0.30))).expect(201).json();
    assert_eq!((&free["total_amount"], &free["payment_status"]), (&json!(0.00), &json!("paid")));
    for refused in [json!(0.31), json!(0.001), json!(-1), json!("x")] {
        app.without_effect(|| clerk.post("/orders", &order(pins(), refused.clone()))).refused_field("discount_amount");
    }
    for other in [app.staff(&["orders:create"]), app.customer("mara"), app.guest()] {
        let refusal = app.without_effect(|| other.post("/orders", &order(pins(), json!(0.05))));
        assert!(refusal.refused(403, "FORBIDDEN")["detail"].as_str().unwrap().contains("orders:discount"));
    }
    app.admin().post("/orders", &order(pins(), json!(0.05))).expect(201);
}
