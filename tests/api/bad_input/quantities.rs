//! Quantities, levels and the number of lines.

use super::{Shop, raw};
use crate::common::json;

const BAD_QUANTITIES: [&str; 12] =
    ["0", "-1", "1.5", "\"2\"", "2147483648", "1000000", "10001", "null", "true", "[]", "1e400", "9223372036854775808"];

#[test]
fn quantities_are_integers_from_1_to_10_000() {
    let shop = Shop::open();
    for text in BAD_QUANTITIES {
        let send = |path: &'static str, method: &'static str, body: String| {
            shop.refused(
                || shop.mara.send_bytes(method, path, "application/json", body.as_bytes()),
                422,
                "VALIDATION_FAILED",
            )
        };
        let rice = shop.rice;
        send("/cart/items", "POST", format!(r#"{{"product_id":{rice},"quantity":{text}}}"#));
        let shown = send("/orders", "POST", format!(r#"{{"items":[{{"product_id":{rice},"quantity":{text}}}]}}"#));
        if text != "1e400" {
            assert_eq!(shown["errors"][0]["field"], "items[0].quantity", "{shown}");
        }
        let items = format!(r#"{{"items":[{{"product_id":{rice},"quantity":{text}}}]}}"#);
        send("/inventory/availability", "POST", items);
        let line: &'static str = format!("/cart/items/{}", shop.line).leak();
        send(line, "PUT", format!(r#"{{"quantity":{text}}}"#));
    }
    for quantity in ["0", "-1", "1.5", "2147483648", "1000000", "x"] {
        let path = format!("/inventory/products/{}/availability/{quantity}", shop.rice);
        shop.refused(|| shop.app.guest().get(&path), 422, "VALIDATION_FAILED");
    }
}

#[test]
fn levels_of_stock_are_integers_from_none_to_a_trillion() {
    let shop = Shop::open();
    let put = |quantity: &str, movement: &str| {
        let body = json!({"quantity": raw(quantity), "movement_type": movement, "reason": "r"});
        shop.admin.put(&format!("/inventory/products/{}/stock", shop.rice), &body)
    };
    for quantity in ["-1", "1.5", "\"2\"", "1000000000001", "null"] {
        for movement in ["in", "out", "adjustment"] {
            shop.refused(|| put(quantity, movement), 422, "VALIDATION_FAILED");
        }
    }
    shop.refused(|| put("0", "in"), 422, "VALIDATION_FAILED");
    shop.refused(|| put("0", "out"), 422, "VALIDATION_FAILED");
    shop.refused(|| put("5", "steal"), 422, "VALIDATION_FAILED");
    shop.refused(|| put("100", "out"), 400, "INSUFFICIENT_STOCK");
    // There are 99 units, so that this addition would exceed the largest level.
    shop.refused(|| put("1000000000000", "in"), 422, "VALIDATION_FAILED");
    let make = |stock: &str| {
        shop.admin
            .post("/inventory/products", &json!({"sku": "new", "name": "New", "price": 1, "initial_stock": raw(stock)}))
    };
    for stock in ["-1", "0.5", "1000000000001", "\"1\""] {
        shop.refused(|| make(stock), 422, "VALIDATION_FAILED");
    }
}

#[test]
fn lines_have_a_limit() {
    let shop = Shop::open();
    let lines = |count: usize| json!(vec![json!({"product_id": shop.rice, "quantity": 1}); count]);
    shop.refused(|| shop.order_of(&lines(0)), 422, "VALIDATION_FAILED");
    shop.refused(|| shop.order_of(&lines(101)), 422, "VALIDATION_FAILED");
    shop.refused(|| shop.order_of(&lines(10_000)), 413, "PAYLOAD_TOO_LARGE");
    let ask = |count: usize| shop.mara.post("/inventory/availability", &json!({"items": lines(count)}));
    shop.refused(|| ask(0), 422, "VALIDATION_FAILED");
    shop.refused(|| ask(101), 422, "VALIDATION_FAILED");
    shop.refused(|| ask(10_000), 413, "PAYLOAD_TOO_LARGE");
}
