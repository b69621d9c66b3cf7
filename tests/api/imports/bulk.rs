//! Many products in one request.

use super::counts;
use crate::common::{TestApp, json, minor};

#[test]
fn rows_of_products_are_created_and_changed() {
    let app = TestApp::start();
    let admin = app.admin();
    let rows = json!([
        {"sku": "one", "name": "One", "price": "1.00", "initial_stock": 4, "category": "a"},
        {"sku": "two", "name": "Two", "price": 2.5},
        {"sku": "two", "size": "S", "price": "3.00"},
    ]);
    let created = admin.post("/inventory/products/bulk", &rows).expect(201).json();
    assert_eq!((counts(&created["import"]), created["rows"].as_array().unwrap().len()), ([3, 0, 0, 0], 3));
    assert_eq!(super::stock_of(&admin, "one"), 4);
    let changes = json!([{"sku": "one", "price": "1.50", "category": null}, {"sku": "two", "name": "Two"}]);
    let changed = admin.patch("/inventory/products/bulk", &changes).expect(200).json();
    assert_eq!(counts(&changed["import"]), [0, 1, 1, 0]);
    assert_eq!(changed["rows"][1], json!({"row": 2, "key": "two", "action": "unchanged", "errors": []}));
    let one = admin.get("/inventory/products/one").expect(200).json();
    assert_eq!((minor(&one["price"]), &one["category"]), (150, &json!(null)));
    let dry = admin.patch("/inventory/products/bulk?dry_run=true", &json!([{"sku": "one", "price": "9"}]));
    assert_eq!(counts(&dry.expect(200).json()["import"]), [0, 1, 0, 0]);
    assert_eq!(minor(&admin.get("/inventory/products/one").expect(200).json()["price"]), 150);
}

#[test]
fn a_key_gives_the_stored_answer() {
    let app = TestApp::start();
    let admin = app.admin().with_key("rows-1");
    let rows = json!([{"sku": "one", "name": "One", "price": "1.00"}]);
    let first = admin.post("/inventory/products/bulk", &rows).expect(201);
    let again = admin.post("/inventory/products/bulk", &rows).expect(201);
    assert_eq!((first.bytes, again.header("idempotent-replayed")), (again.bytes.clone(), "true"));
    let other = json!([{"sku": "two", "name": "One", "price": "1.00"}]);
    admin.post("/inventory/products/bulk", &other).refused(422, "IDEMPOTENCY_KEY_REUSED");
}

#[test]
fn wrong_rows_are_refused() {
    let app = TestApp::start();
    let admin = app.admin();
    for (rows, field) in [
        (json!([]), ""),
        (json!({"sku": "one"}), ""),
        (json!([1]), "[0]"),
        (json!([{"sku": "one", "colour": "red"}]), "colour"),
        (json!([{"name": "one"}]), "sku"),
    ] {
        admin.post("/inventory/products/bulk", &rows).refused_field(field);
    }
    let many: Vec<_> = (0..501).map(|n| json!({"sku": format!("p-{n}"), "name": "P", "price": "1"})).collect();
    admin.post("/inventory/products/bulk", &json!(many)).refused_field("");
    let refused = admin.post("/inventory/products/bulk", &json!([{"sku": "one", "price": "1"}]));
    let refused = refused.expect(201).json();
    assert_eq!(
        (&refused["import"]["state"], &refused["rows"][0]["errors"][0]["field"]),
        (&json!("failed"), &json!("name"))
    );
    let csv = admin.send_bytes("POST", "/inventory/products/bulk", "text/csv", b"sku,name,price\none,One,1\n");
    csv.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    app.staff(&["inventory:update"]).post("/inventory/products/bulk", &json!([])).refused(403, "FORBIDDEN");
    app.guest().patch("/inventory/products/bulk", &json!([])).refused(401, "UNAUTHENTICATED");
}
