//! Reports about stock.

use super::{create_products, fields, skus};
use crate::common::shop::Product;
use crate::common::{TestApp, Value, json};

#[test]
fn low_stock_is_worst_first() {
    let app = TestApp::start();
    create_products(&app);
    let low = app.staff(&["inventory:read"]).get("/inventory/products/low-stock").expect(200).json();
    assert_eq!(skus(&low), ["p-salt", "p-dal"]);
    assert_eq!(low["total"], 2);
}

#[test]
fn the_summary_adds_up() {
    let app = TestApp::start();
    let create = |sku: &str, category: Value, price: f64, cost: Value, levels: (i64, i64)| {
        let body = json!({"sku": sku, "name": sku, "category": category, "price": price, "cost_price": cost,
                          "initial_stock": levels.0, "min_stock_level": levels.1});
        app.create_product(&body)
    };
    create("rice", json!("Staples"), 10.0, json!(7.5), (50, 10));
    create("dal", json!("Staples"), 20.0, json!(15), (5, 5));
    create("soap", json!(null), 30.0, json!(null), (2, 0));
    create("salt", json!("Spices"), 40.0, json!(1), (0, 3));
    let sizes = json!([{"size": "S", "initial_stock": 3}, {"size": "L", "initial_stock": 2, "price": 33}]);
    app.create_product(
        &json!({"sku": "tee", "name": "tee", "category": "Clothing", "price": 30, "cost_price": 16, "sizes": sizes}),
    );
    app.archive(&create("old", json!("Staples"), 99.0, json!(98), (7, 0)));
    let reader = app.staff(&["inventory:read"]);
    let reply = reader.get("/inventory/summary").expect(200);
    // 50 × 7.50 + 5 × 15 + 5 × 16, and 50 × 10 + 5 × 20 + 2 × 30 + 3 × 30 + 2 × 33.
    assert!(reply.text().contains("\"stock_value\":530.00,\"retail_value\":816.00"), "{}", reply.text());
    let category = |name: Value, products: i64, units: i64, stock: f64, retail: f64| json!({"category": name, "products": products, "total_units": units, "stock_value": stock, "retail_value": retail});
    let expected = json!({
        "total_products": 5, "total_units": 62, "reserved_units": 0, "in_stock": 3, "low_stock": 1, "out_of_stock": 1,
        "stock_value": 530.0, "retail_value": 816.0,
        "by_category": [category(json!("Clothing"), 1, 5, 80.0, 156.0), category(json!("Spices"), 1, 0, 0.0, 0.0),
                        category(json!("Staples"), 2, 55, 450.0, 600.0), category(json!(null), 1, 2, 0.0, 60.0)],
    });
    let mut summary = reply.json();
    assert_eq!(reader.get("/inventory/inventory/summary").expect(200).json(), summary);
    let low = summary.as_object_mut().unwrap().remove("low_variants").unwrap();
    assert_eq!(summary, expected);
    let shown: Vec<_> = low.as_array().unwrap().iter().map(|row| fields(row, ["sku", "stock_status"])).collect();
    assert_eq!(shown, [["salt", "out_of_stock"], ["dal", "low_stock"]]);
}

#[test]
fn levels_are_one_row_per_variant_and_location() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 10);
    let tee = app.sized_product("tee", 30.0, &[("S", 3), ("M", 4)]);
    let reader = app.staff(&["inventory:read"]);
    let levels = reader.get("/inventory?limit=2").expect(200).json();
    assert_eq!(fields(&levels, ["total", "pages"]), [json!(3), json!(2)]);
    let next = reader.get("/inventory?limit=2&page=2").expect(200).json();
    let rows: Vec<&Value> = [&levels, &next].into_iter().flat_map(|page| page["items"].as_array().unwrap()).collect();
    let shown: Vec<_> =
        rows.iter().map(|row| fields(row, ["product_id", "sku", "size", "stock_quantity", "sold_quantity"])).collect();
    let row = |product: &Product, sku: &str, size: Value, stock: i64| {
        [json!(product.id), json!(sku), size, json!(stock), json!(0)]
    };
    let expected =
        [row(&rice, "rice", json!(null), 10), row(&tee, "tee-S", json!("S"), 3), row(&tee, "tee-M", json!("M"), 4)];
    assert_eq!(shown, expected);
    assert!(rows.iter().all(|row| row["location_code"] == "main" && row["updated_at"].is_string()));
}
