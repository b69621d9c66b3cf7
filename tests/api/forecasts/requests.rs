//! Refused requests, and other stores.

use super::Shop;
use crate::common::json;

#[test]
fn a_forecast_needs_a_product_and_its_size() {
    let shop = Shop::open();
    let tee = shop.app.sized_product("tee", 10.0, &[("M", 5), ("L", 5)]);
    let path = |query: &str| format!("/reports/forecast{query}");
    shop.admin.get(&path("")).refused(422, "VALIDATION_FAILED");
    shop.admin.get(&path("?product_id=unknown")).refused(404, "PRODUCT_NOT_FOUND");
    shop.admin.get(&path(&format!("?product_id={}", tee.id))).refused(422, "SIZE_REQUIRED");
    shop.admin.get(&path("?product_id=tee&size=S")).refused(404, "SIZE_NOT_FOUND");
    for horizon in ["0", "91", "-1", "x", "1.5", ""] {
        shop.admin.get(&path(&format!("?product_id=tee&size=M&horizon={horizon}"))).refused(422, "VALIDATION_FAILED");
    }
    let found = shop.admin.get(&path("?product_id=tee&size=m&horizon=90")).expect(200).json();
    assert_eq!(found["items"].as_array().unwrap().len(), 90);
    let default = shop.admin.get(&path("?product_id=tee&size=L")).expect(200).json();
    assert_eq!(default["items"].as_array().unwrap().len(), 28);
}

#[test]
fn reports_need_their_permission() {
    let shop = Shop::open();
    shop.app.product("rice", 10.0, 5);
    let reader = shop.app.staff(&["reports:read"]);
    let other = shop.app.staff(&["inventory:read"]);
    for path in ["/reports/forecast?product_id=rice", "/reports/stock"] {
        reader.get(path).expect(200);
        other.get(path).refused(403, "FORBIDDEN");
        shop.mara.get(path).refused(403, "FORBIDDEN");
        shop.app.guest().get(path).refused(401, "UNAUTHENTICATED");
    }
    shop.admin.get("/reports/stock?sort=price").refused(422, "VALIDATION_FAILED");
}

#[test]
fn a_service_level_is_from_50_to_99_percent() {
    let shop = Shop::open();
    let store = shop.admin.get("/stores").expect(200).json()["items"][0].clone();
    assert_eq!(store["service_level"], json!(95));
    let path = format!("/stores/{}", store["id"]);
    for level in [json!(49), json!(100), json!(95.5), json!("many"), json!(null)] {
        shop.admin.patch(&path, &json!({"service_level": level})).refused(422, "VALIDATION_FAILED");
    }
    let changed = shop.admin.patch(&path, &json!({"service_level": 99})).expect(200).json();
    assert_eq!(changed["service_level"], json!(99));
}

#[test]
fn other_stores_are_not_reported() {
    let shop = Shop::open();
    shop.app.product("rice", 10.0, 5);
    let other = shop.app.other_store("OTHER");
    let reader = shop.app.staff_of(other, &["reports:read"]);
    assert_eq!(reader.get("/reports/stock").expect(200).json()["total"], json!(0));
    reader.get("/reports/forecast?product_id=rice").refused(404, "PRODUCT_NOT_FOUND");
}
