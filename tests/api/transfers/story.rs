//! A transfer from its plan to its last unit, with all figures.

use super::{Stores, fate};
use crate::common::{Value, json};

#[test]
fn forty_units_are_sent_and_each_of_them_ends_once() {
    let stores = Stores::open();
    let draft = stores.draft(40);
    assert_eq!((&draft["status"], &draft["version"], stores.levels()), (&json!("draft"), &json!(1), (100, 0, 0, 0, 0)));
    let ready = stores.act(&draft, "ready", &json!({})).expect(200).json();
    assert_eq!((&ready["status"], stores.levels()), (&json!("ready"), (100, 40, 0, 0, 0)));
    let sent = stores.act(&draft, "send", &json!({"tracking": "T-1"})).expect(200).json();
    assert_eq!((&sent["status"], &sent["tracking"]), (&json!("in_transit"), &json!("T-1")));
    assert_eq!((stores.levels(), fate(&sent)), ((60, 0, 0, 0, 40), [40, 0, 0, 0, 0, 0, 40]));
    // Goods on the road are not for sale.
    assert_eq!(stores.app.stock(&stores.rice), (60, 0, 0));
    let received = stores.receive(&draft, 30, 5).expect(200).json();
    assert_eq!((&received["status"], stores.levels()), (&json!("partially_received"), (60, 0, 30, 5, 5)));
    assert_eq!(stores.app.stock(&stores.rice), (90, 0, 0));
    let stock = stores.admin.get("/inventory/products/rice/stock").expect(200).json();
    let places = stock["locations"].as_array().unwrap();
    let shop = places.iter().find(|place| place["location_id"] == stores.shop).unwrap();
    let level = ["stock", "quarantined", "in_transit", "incoming"].map(|name| shop[format!("{name}_quantity")].clone());
    assert_eq!(level, [30, 5, 5, 5].map(Value::from));
    stores.assert_verified();
    stores.settle(&draft, 3, "lost").expect(200);
    assert_eq!(stores.levels(), (60, 0, 30, 5, 2));
    let settled = stores.settle(&draft, 2, "returned").expect(200).json();
    assert_eq!((&settled["status"], stores.levels()), (&json!("received"), (62, 0, 30, 5, 0)));
    assert_eq!((fate(&settled), &settled["version"]), ([40, 0, 30, 5, 3, 2, 0], &json!(6)));
    check_ledger(&stores, &settled);
    check_history(&stores, &settled);
    stores.assert_verified();
}

fn check_ledger(stores: &Stores, transfer: &Value) {
    let (main, transit, quarantine) = (stores.main, stores.child("transit"), stores.child("quarantine"));
    let of_transfer = [
        ("reserve", main, 0, 40),
        ("release", main, 0, -40),
        ("transfer_out", main, -40, 0),
        ("transfer_in", transit, 40, 0),
        ("remove", transit, -3, 0),
        ("transfer_out", transit, -2, 0),
        ("transfer_in", main, 2, 0),
    ];
    let of_receipt = [
        ("transfer_out", transit, -30, 0),
        ("transfer_in", stores.shop, 30, 0),
        ("transfer_out", transit, -5, 0),
        ("transfer_in", quarantine, 5, 0),
    ];
    let owned = |rows: &[(&str, i64, i64, i64)]| {
        rows.iter().map(|(kind, at, stock, reserved)| ((*kind).to_owned(), *at, *stock, *reserved)).collect::<Vec<_>>()
    };
    assert_eq!(stores.ledger(&transfer["transfer_number"]), owned(&of_transfer));
    assert_eq!(stores.ledger(&transfer["receipts"][0]["receipt_number"]), owned(&of_receipt));
}

fn check_history(stores: &Stores, transfer: &Value) {
    let steps: Vec<(&Value, &Value)> =
        transfer["history"].as_array().unwrap().iter().map(|step| (&step["from"], &step["to"])).collect();
    let words = [
        Value::Null,
        json!("draft"),
        json!("ready"),
        json!("in_transit"),
        json!("partially_received"),
        json!("received"),
    ];
    assert_eq!(steps, words.iter().zip(words.iter().skip(1)).collect::<Vec<_>>());
    let path = format!("/audit?entity=Transfer&entity_id={}&sort=id", transfer["id"]);
    let audit = stores.admin.get(&path).expect(200).json();
    let actions: Vec<&Value> = audit["items"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["CREATE", "UPDATE_STATUS", "UPDATE_STATUS", "UPDATE", "UPDATE", "UPDATE"]);
    let number = transfer["transfer_number"].as_str().unwrap();
    for (action, detail) in [
        ("STOCK_RESERVE", format!("Reserve for transfer {number}: stock +0, reserved +40. Stock: 100, Reserved: 40")),
        ("STOCK_REMOVE", "Remove: stock -3, reserved +0. Stock: 2, Reserved: 0".to_owned()),
        ("STOCK_TRANSFER_IN", format!("Moved +2 units by {number}. Stock: 62")),
    ] {
        let audit = stores.admin.get(&format!("/audit?entity=Inventory&action={action}")).expect(200).json();
        assert_eq!(audit["items"][0]["detail"], detail);
    }
}

#[test]
fn the_rest_of_a_plan_that_is_not_sent_can_be_sold_again() {
    let stores = Stores::open();
    let dal = stores.app.product("dal", 10.0, 8);
    let lines = json!([{"product_id": "rice", "quantity": 60}, {"product_id": "rice", "quantity": 10},
                       {"product_id": dal.id, "quantity": 8}]);
    let draft = stores.create(&json!({"lines": lines})).expect(201).json();
    let quantities: Vec<&Value> = draft["lines"].as_array().unwrap().iter().map(|line| &line["quantity"]).collect();
    assert_eq!(quantities, [70, 8]);
    stores.act(&draft, "ready", &json!({})).expect(200);
    assert_eq!((stores.app.stock(&stores.rice), stores.app.stock(&dal)), ((100, 70, 0), (8, 8, 0)));
    let units = json!([{"line_id": draft["lines"][0]["id"], "quantity": 50}]);
    let sent = stores.act(&draft, "send", &json!({"lines": units})).expect(200).json();
    assert_eq!((fate(&sent), stores.levels()), ([50, 0, 0, 0, 0, 0, 50], (50, 0, 0, 0, 50)));
    assert_eq!((&sent["lines"][0]["quantity"], &sent["lines"][0]["sent_quantity"]), (&json!(70), &json!(50)));
    assert_eq!((&sent["lines"][1]["sent_quantity"], stores.app.stock(&dal)), (&json!(0), (8, 0, 0)));
    let received = stores.receive(&sent, 50, 0).expect(200).json();
    assert_eq!((&received["status"], stores.levels()), (&json!("received"), (50, 0, 50, 0, 0)));
}

#[test]
fn staff_may_send_units_that_buyers_never_get() {
    let stores = Stores::open();
    let sql = "UPDATE stock_levels SET safety_quantity = 90";
    diesel::connection::SimpleConnection::batch_execute(&mut stores.app.connection(), sql).unwrap();
    stores.sent(100);
    assert_eq!(stores.levels(), (0, 0, 0, 0, 100));
}
