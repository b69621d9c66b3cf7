//! The statements of operations that credit parts of orders.

use super::statements;
use crate::common::{Client, TestApp, Value, json};

/// An order of this number of sizes of products, with four units of each. A product has at most 50 sizes.
pub(super) fn order_of(app: &TestApp, client: &Client, sku: &str, lines: usize) -> Value {
    let sizes: Vec<String> = (0..lines).map(|line| format!("size {line}")).collect();
    let mut items = Vec::new();
    for (index, sizes) in sizes.chunks(50).enumerate() {
        let stocked: Vec<(&str, i64)> = sizes.iter().map(|size| (size.as_str(), 10)).collect();
        let product = app.sized_product(&format!("{sku}-{index}"), 10.0, &stocked);
        items.extend(sizes.iter().map(|size| json!({"product_id": product.id, "size": size, "quantity": 4})));
    }
    client.post("/orders", &json!({"items": items})).expect(201).json()
}

#[test]
fn a_credit_of_100_lines_sends_as_many_statements_as_one_of_1_line() {
    let app = TestApp::alone(|settings| settings.database.pool_size = 1);
    let (mara, admin) = (app.customer("mara"), app.admin());
    let orders: Vec<Value> =
        [1, 100].into_iter().map(|lines| order_of(&app, &mara, &format!("tee-{lines}"), lines)).collect();
    let lines = |order: &Value| -> Vec<Value> {
        let items = order["items"].as_array().unwrap().iter();
        items.map(|item| json!({"item_id": item["id"], "quantity": 1, "amount": 1})).collect()
    };
    let units = |order: &Value| {
        let lines = lines(order).into_iter().map(|line| json!({"item_id": line["item_id"], "quantity": 1}));
        json!({"lines": lines.collect::<Vec<_>>(), "reason": "r"})
    };
    let amounts = |order: &Value| {
        let lines = lines(order).into_iter().map(|line| json!({"item_id": line["item_id"], "amount": 1}));
        json!({"lines": lines.collect::<Vec<_>>(), "reason": "r"})
    };
    let path = |order: &Value, verb: &str| format!("/orders/{}/{verb}", order["id"]);
    let each = |work: &dyn Fn(&Value)| -> Vec<u64> { orders.iter().map(|order| statements(|| work(order))).collect() };
    for (name, counts) in [
        ("cancelling units", each(&|order| drop(admin.post(&path(order, "cancel-lines"), &units(order)).expect(200)))),
        (
            "cancelling units again",
            each(&|order| drop(admin.post(&path(order, "cancel-lines"), &units(order)).expect(200))),
        ),
        ("forgiving amounts", each(&|order| drop(admin.post(&path(order, "credits"), &amounts(order)).expect(201)))),
        ("listing credits", each(&|order| drop(admin.get(&path(order, "credits")).expect(200)))),
        ("cancelling the rest", each(&|order| drop(mara.cancel(order).expect(200)))),
    ] {
        println!("statements of {name}: {counts:?}");
        assert_eq!(counts[0], counts[1], "{name}");
    }
}
