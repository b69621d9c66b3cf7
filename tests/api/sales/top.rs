//! The products that sold best.

use super::{Shop, go_to};
use crate::common::{Value, json, minor};

fn top(shop: &Shop, query: &str) -> Vec<Value> {
    shop.app.value_stock();
    let path = format!("/reports/top-products?from=2027-02-01&to=2027-02-01{query}");
    let read = || shop.app.staff(&["reports:read"]).get(&path).expect(200).json()["items"].as_array().unwrap().clone();
    let before = read();
    shop.app.fold_sales();
    assert_eq!(before, read());
    before
}

#[test]
fn sizes_are_ordered_by_units_revenue_or_margin() {
    let shop = Shop::open();
    let tee = shop.app.create_product(&json!({"sku": "tee", "name": "Tee", "price": 30, "cost_price": 29,
        "sizes": [{"size": "S", "initial_stock": 50}, {"size": "L", "initial_stock": 50}]}));
    go_to(&shop.app, "2027-02-01T10:00:00Z");
    shop.order(&shop.mara, &[(&shop.rice, 7), (&shop.oil, 4)]);
    let items =
        json!([{"product_id": tee.id, "size": "S", "quantity": 2}, {"product_id": tee.id, "size": "L", "quantity": 5}]);
    let order = shop.mara.post("/orders", &json!({"items": items})).expect(201).json();
    shop.mara.cancel(&shop.order(&shop.mara, &[(&shop.oil, 5)])).expect(200);

    let skus =
        |rows: &[Value]| -> Vec<String> { rows.iter().map(|row| row["sku"].as_str().unwrap().to_owned()).collect() };
    let (small, large) = (order["items"][0]["sku"].as_str().unwrap(), order["items"][1]["sku"].as_str().unwrap());
    // Units as they were sold: 9 of oil, of which 5 were cancelled.
    let by_units = top(&shop, "&by=units");
    assert_eq!(skus(&by_units), ["oil", "rice", large, small]);
    assert_eq!(by_units[0]["units"], 9);
    assert_eq!(minor(&by_units[0]["revenue"]), 8000);
    assert!(by_units[0]["margin"].is_null());
    let by_revenue = top(&shop, "");
    assert_eq!(skus(&by_revenue), [large, "oil", "rice", small]);
    assert_eq!((&by_revenue[0]["size"], &by_revenue[0]["product_id"]), (&json!("L"), &json!(tee.id)));
    let by_margin = top(&shop, "&by=margin");
    assert_eq!(skus(&by_margin), ["rice", large, small]);
    assert_eq!(minor(&by_margin[0]["margin"]), 2800);
    assert_eq!(skus(&top(&shop, "&by=margin&limit=1")), ["rice"]);
}
