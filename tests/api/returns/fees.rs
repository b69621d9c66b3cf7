//! Staff give back fees that returns have cost. The figures are computed by hand.

use stockroom::reports::verify::verify_all;

use super::{Shop, item};
use crate::common::shop::Product;
use crate::common::{Reply, Value, json};

/// A shop whose deliveries cost nothing.
fn open() -> Shop {
    let shop = Shop::open();
    shop.app.set_store(&json!({"shipping_flat_rate": 0}));
    shop
}

/// A paid order that was delivered.
fn delivered(shop: &Shop, lines: &[(&Product, i64)]) -> Value {
    let items: Vec<Value> =
        lines.iter().map(|(product, quantity)| json!({"product_id": product.id, "quantity": quantity})).collect();
    let order = shop.pay(&shop.mara.post("/orders", &json!({"items": items})).expect(201).json());
    let shipment = shop.post(&order, "shipments", &json!({})).expect(201).id();
    shop.clerk.post_nothing(&format!("/shipments/{shipment}/delivered")).expect(200);
    order
}

/// Takes a unit of an item back for a fee. Returns the total of its credit.
fn take_back(shop: &Shop, order: &Value, index: usize, fee: f64) -> f64 {
    let lines = json!([{"item_id": order["items"][index]["id"], "quantity": 1, "reason": "Too small"}]);
    let document = shop.post(order, "returns", &json!({"lines": lines})).expect(201).json();
    let received = shop.receive(&document, json!({"restock": 1, "fee": fee})).expect(200).json();
    received["receipts"][0]["credit"]["total"].as_f64().unwrap()
}

fn give(shop: &Shop, order: &Value, body: &Value) -> Reply {
    let mut body = body.clone();
    body["reason"] = json!("The fee was a mistake");
    shop.post(order, "credits", &body)
}

/// The body of a credit of amounts of these items.
fn of_items(order: &Value, amounts: &[(usize, f64)]) -> Value {
    let line = |(index, amount): &(usize, f64)| json!({"item_id": order["items"][*index]["id"], "amount": amount});
    json!({"lines": amounts.iter().map(line).collect::<Vec<_>>()})
}

/// The credit is refused, and the refusal names the largest amount.
#[track_caller]
fn refuse(shop: &Shop, order: &Value, body: &Value, most: &str) {
    let refusal = shop.app.without_effect(|| give(shop, order, body)).refused(422, "VALIDATION_FAILED");
    let field = if body["lines"].is_null() { "amount" } else { "lines[0].amount" };
    assert_eq!(refusal["errors"][0], json!({"field": field, "message": format!("must be at most {most}")}));
}

/// Subtotal, added tax, fee and total of a credit or of a line of it.
fn figures(credit: &Value) -> [f64; 4] {
    ["subtotal", "tax_amount", "fee", "total"].map(|name| credit[name].as_f64().unwrap())
}

fn figures_of_lines(credit: &Value) -> Vec<[f64; 4]> {
    credit["lines"].as_array().unwrap().iter().map(figures).collect()
}

#[track_caller]
fn assert_verified(shop: &Shop) {
    shop.app.fold_sales();
    let found = verify_all(&mut shop.app.connection()).unwrap();
    assert!(found.ok, "{:?}", found.violations);
}

#[test]
fn a_fee_that_was_a_mistake_is_given_back_and_refunded() {
    let shop = open();
    let order = delivered(&shop, &[(&shop.rice, 1)]);
    assert_eq!(take_back(&shop, &order, 0, 2.0), 8.0);
    assert_eq!(shop.money(&order), [2.0, 10.0, 0.0, 8.0]);
    refuse(&shop, &order, &json!({"amount": 2.01}), "2.00");
    refuse(&shop, &order, &of_items(&order, &[(0, 2.01)]), "2.00");
    let delivery = shop.app.without_effect(|| give(&shop, &order, &json!({"kind": "shipping"})));
    delivery.refused(409, "INVALID_TRANSITION");

    let given = give(&shop, &order, &json!({"amount": "2.00"})).expect(201).json();
    assert_eq!((&given["kind"], figures(&given)), (&json!("goodwill"), [0.0, 0.0, -2.0, 2.0]));
    assert_eq!((&given["lines"][0]["item_id"], &given["lines"][0]["quantity"]), (item(&order), &json!(0)));
    assert_eq!(figures_of_lines(&given), [[0.0, 0.0, -2.0, 2.0]]);
    assert_eq!(shop.money(&order), [0.0, 10.0, 0.0, 10.0]);
    refuse(&shop, &order, &json!({"amount": 0.01}), "0.00");
    refuse(&shop, &order, &of_items(&order, &[(0, 0.01)]), "0.00");

    let refund = |amount: f64| {
        let body = json!({"refund_reference": "back-1", "credit_id": given["id"], "amount": amount});
        shop.post(&order, "refund", &body)
    };
    shop.app.without_effect(|| refund(2.01)).refused(422, "VALIDATION_FAILED");
    refund(2.0).expect(200);
    assert_eq!(shop.money(&order), [0.0, 10.0, 0.0, 8.0]);
    shop.post(&order, "refund", &json!({"refund_reference": "back-2", "amount": 8})).expect(200);
    assert_eq!(shop.money(&order), [0.0, 10.0, 0.0, 0.0]);
    assert_eq!(shop.app.status(&order).1, "refunded");
    assert_verified(&shop);
}

#[test]
fn units_that_come_back_later_are_credited_as_if_there_had_been_no_fee() {
    let shop = open();
    let order = delivered(&shop, &[(&shop.rice, 3)]);
    assert_eq!(take_back(&shop, &order, 0, 2.0), 8.0);
    let given = give(&shop, &order, &json!({"amount": 2})).expect(201).json();
    assert_eq!(figures_of_lines(&given), [[0.0, 0.0, -2.0, 2.0]]);
    assert_eq!(take_back(&shop, &order, 0, 0.0), 10.0);
    assert_eq!(take_back(&shop, &order, 0, 1.5), 8.5);
    assert_eq!(shop.money(&order), [1.5, 30.0, 0.0, 28.5]);
    give(&shop, &order, &of_items(&order, &[(0, 1.5)])).expect(201);
    assert_eq!(shop.money(&order), [0.0, 30.0, 0.0, 30.0]);
    assert_verified(&shop);
}

#[test]
fn the_rest_of_an_amount_is_shared_over_what_is_left() {
    let shop = open();
    let lamp = shop.app.product("lamp", 5.0, 10);
    // 2 × 10.00 and 1 × 5.00.
    let order = delivered(&shop, &[(&shop.rice, 2), (&lamp, 1)]);
    assert_eq!(take_back(&shop, &order, 0, 2.0), 8.0);
    assert_eq!(shop.money(&order)[0], 17.0);
    refuse(&shop, &order, &json!({"amount": 17.01}), "17.00");
    // The other unit of the item and the fee.
    refuse(&shop, &order, &of_items(&order, &[(0, 12.01)]), "12.00");
    refuse(&shop, &order, &of_items(&order, &[(1, 5.01)]), "5.00");
    // The rest of 3.00 is shared by 10.00 and 5.00.
    let given = give(&shop, &order, &json!({"amount": 5})).expect(201).json();
    assert_eq!(figures(&given), [3.0, 0.0, -2.0, 5.0]);
    assert_eq!(figures_of_lines(&given), [[2.0, 0.0, -2.0, 4.0], [1.0, 0.0, 0.0, 1.0]]);
    assert_eq!(shop.money(&order)[0], 12.0);
    assert_eq!(take_back(&shop, &order, 0, 0.0), 8.0);
    assert_eq!(take_back(&shop, &order, 1, 0.0), 4.0);
    assert_eq!(shop.money(&order), [0.0, 25.0, 0.0, 25.0]);
    assert_verified(&shop);
}

#[test]
fn the_fees_of_several_returns_are_given_back_in_parts() {
    let shop = open();
    let lamp = shop.app.product("lamp", 5.0, 10);
    let order = delivered(&shop, &[(&shop.rice, 2), (&lamp, 1)]);
    let credited = [(0, 2.0), (0, 1.0), (1, 1.5)].map(|(index, fee)| take_back(&shop, &order, index, fee));
    assert_eq!((credited, shop.money(&order)[0]), ([8.0, 9.0, 3.5], 4.5));
    // A third of the fees of 3.00 and 1.50.
    let given = give(&shop, &order, &json!({"amount": 1.5})).expect(201).json();
    assert_eq!(figures_of_lines(&given), [[0.0, 0.0, -1.0, 1.0], [0.0, 0.0, -0.5, 0.5]]);
    refuse(&shop, &order, &of_items(&order, &[(0, 2.01)]), "2.00");
    refuse(&shop, &order, &of_items(&order, &[(1, 1.01)]), "1.00");
    refuse(&shop, &order, &json!({"amount": 3.01}), "3.00");
    let given = give(&shop, &order, &of_items(&order, &[(0, 2.0), (1, 1.0)])).expect(201).json();
    assert_eq!(figures(&given), [0.0, 0.0, -3.0, 3.0]);
    assert_eq!(shop.money(&order), [0.0, 25.0, 0.0, 25.0]);
    assert_verified(&shop);
}

#[test]
fn a_fee_has_no_tax() {
    let shop = open();
    shop.app.set_store(&json!({"tax_rate": 10}));
    let order = delivered(&shop, &[(&shop.rice, 2)]);
    assert_eq!(order["total_amount"], 22.0);
    // The fee is the whole credit.
    assert_eq!(take_back(&shop, &order, 0, 11.0), 0.0);
    assert_eq!(shop.money(&order), [22.0, 22.0, 0.0, 0.0]);
    let taxes = || shop.app.admin().get("/exports?kind=credit_taxes").expect(200).text();
    let before = taxes();
    assert!(before.lines().nth(1).unwrap().ends_with(",10,false,10.00,1.00"), "{before}");
    let given = give(&shop, &order, &json!({"amount": 11})).expect(201).json();
    assert_eq!(figures(&given), [0.0, 0.0, -11.0, 11.0]);
    assert_eq!((taxes(), shop.money(&order)), (before, [11.0, 22.0, 0.0, 11.0]));
    assert_eq!(take_back(&shop, &order, 0, 0.0), 11.0);
    assert_eq!((taxes().lines().count(), shop.money(&order)[0]), (3, 0.0));
    assert_verified(&shop);
}

#[test]
fn units_can_be_cancelled_before_a_fee_is_given_back() {
    let shop = open();
    let order = shop.paid_order(3);
    shop.deliver(&order, 1);
    assert_eq!(take_back(&shop, &order, 0, 2.0), 8.0);
    let cancellation = json!({"lines": [{"item_id": item(&order), "quantity": 2}], "reason": "r"});
    shop.post(&order, "cancel-lines", &cancellation).expect(200);
    assert_eq!(shop.money(&order), [2.0, 30.0, 0.0, 28.0]);
    refuse(&shop, &order, &json!({"amount": 2.01}), "2.00");
    give(&shop, &order, &json!({"amount": 2})).expect(201);
    assert_eq!(shop.money(&order), [0.0, 30.0, 0.0, 30.0]);
    assert_verified(&shop);
}

#[test]
fn an_unpaid_order_that_owes_only_a_fee_is_paid_when_it_is_given_back() {
    let shop = open();
    let order = shop.mara.order_now(&shop.rice, 1).expect(201).json();
    shop.deliver(&order, 1);
    assert_eq!(take_back(&shop, &order, 0, 2.0), 8.0);
    assert_eq!((shop.app.status(&order).1.as_str(), shop.money(&order)), ("pending", [2.0, 0.0, 0.0, 0.0]));
    give(&shop, &order, &json!({"amount": 2})).expect(201);
    assert_eq!((shop.app.status(&order).1.as_str(), shop.money(&order)), ("paid", [0.0; 4]));
    assert_verified(&shop);
}
