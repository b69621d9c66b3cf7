//! The statements of operations on returns and exchanges.

use super::credits::order_of;
use super::statements;
use crate::common::{TestApp, Value, json};

#[test]
fn a_return_of_100_lines_sends_as_many_statements_as_one_of_1_line() {
    let app = TestApp::alone(|settings| settings.database.pool_size = 1);
    let (mara, admin, main) = (app.customer("mara"), app.admin(), app.main_location());
    let orders: Vec<Value> = [1, 100]
        .into_iter()
        .map(|lines| {
            let order = order_of(&app, &mara, &format!("tee-{lines}"), lines);
            let paid = json!({"payment_reference": format!("pay-{lines}")});
            admin.post(&format!("/orders/{}/payment/confirm", order["id"]), &paid).expect(200);
            let units = units_of(&order, 3);
            admin.post(&format!("/orders/{}/shipments", order["id"]), &json!({"lines": units})).expect(201);
            order
        })
        .collect();
    let path = |order: &Value, verb: &str| format!("/orders/{}/{verb}", order["id"]);
    let each = |work: &dyn Fn(&Value)| -> Vec<u64> { orders.iter().map(|order| statements(|| work(order))).collect() };
    let asked = |order: &Value| json!({"lines": with_reason(units_of(order, 2))});
    let same = |name: &str, counts: Vec<u64>| {
        println!("statements of {name}: {counts:?}");
        assert_eq!(counts[0], counts[1], "{name}");
    };
    same("asking", each(&|order| drop(admin.post(&path(order, "returns"), &asked(order)).expect(201))));
    same("listing", each(&|order| drop(admin.get(&path(order, "returns")).expect(200))));
    let documents: Vec<Value> =
        orders.iter().map(|order| admin.get(&path(order, "returns")).expect(200).json()[0].clone()).collect();
    let receive = |document: &Value, units: &Value| {
        let line = |line: &Value| {
            let mut received = units.clone();
            received["line_id"] = line["id"].clone();
            received
        };
        let lines: Vec<Value> = document["lines"].as_array().unwrap().iter().map(line).collect();
        let body = json!({"location_id": main, "lines": lines});
        admin.post(&format!("/returns/{}/receive", document["id"]), &body).expect(200);
    };
    for units in [json!({"restock": 1}), json!({"quarantine": 1, "fee": 1})] {
        same("receiving", documents.iter().map(|document| statements(|| receive(document, &units))).collect());
    }
    let exchange = |order: &Value| {
        let items = |item: &Value| json!({"product_id": item["product_id"], "size": item["size"], "quantity": 1});
        let items: Vec<Value> = order["items"].as_array().unwrap().iter().map(items).collect();
        let returned = units_of(order, 1);
        json!({"cancel": units_of(order, 1), "return": returned, "items": items})
    };
    same("exchanging", each(&|order| drop(admin.post(&path(order, "exchange"), &exchange(order)).expect(201))));
    same("listing all", each(&|order| drop(admin.get(&path(order, "returns")).expect(200))));
}

/// This number of units of each item.
fn units_of(order: &Value, quantity: i64) -> Vec<Value> {
    let items = order["items"].as_array().unwrap().iter();
    items.map(|item| json!({"item_id": item["id"], "quantity": quantity})).collect()
}

fn with_reason(mut lines: Vec<Value>) -> Vec<Value> {
    lines.iter_mut().for_each(|line| line["reason"] = json!("Too small"));
    lines
}
