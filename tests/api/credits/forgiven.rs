//! Staff forgive amounts of orders.

use super::Shop;
use crate::common::{Value, json};

/// An order of 3 × 10.00 and 1 × 10.00 with a delivery for 10.00.
fn order_of_two(shop: &Shop) -> Value {
    shop.app.set_store(&json!({"shipping_flat_rate": 10}));
    let lamp = shop.app.product("lamp", 10.0, 10);
    let items = json!([{"product_id": shop.rice.id, "quantity": 3}, {"product_id": lamp.id, "quantity": 1}]);
    shop.mara.post("/orders", &json!({"items": items})).expect(201).json()
}

fn lines(credit: &Value) -> Vec<(i64, f64)> {
    let lines = credit["lines"].as_array().unwrap().iter();
    lines.map(|line| (line["quantity"].as_i64().unwrap(), line["total"].as_f64().unwrap())).collect()
}

#[test]
fn an_amount_is_shared_over_the_goods_and_the_delivery() {
    let shop = Shop::open();
    let order = order_of_two(&shop);
    let credit = shop.forgive(&order, &json!({"amount": "5.00"})).expect(201).json();
    assert_eq!((lines(&credit), &credit["shipping_amount"]), (vec![(0, 3.0), (0, 1.0)], &json!(1.0)));
    assert_eq!((&credit["kind"], &credit["total"]), (&json!("goodwill"), &json!(5.0)));
    assert_eq!(shop.credits(&order), [credit]);
    assert_eq!(shop.money(&order)[0], 45.0);
    // A unit that is cancelled later has its whole share, up to what is left of the item.
    let after = shop.cancel_units(&order, 2).expect(200).json();
    assert_eq!((&after["net_total"], shop.totals(&order)), (&json!(25.0), vec![5.0, 20.0]));
    let after = shop.cancel_units(&order, 1).expect(200).json();
    assert_eq!((&after["net_total"], shop.totals(&order)), (&json!(18.0), vec![5.0, 20.0, 7.0]));
    shop.mara.cancel(&order).expect(200);
    assert_eq!(shop.totals(&order), [5.0, 20.0, 7.0, 18.0]);
}

#[test]
fn the_price_of_items_and_the_delivery_are_forgiven() {
    let shop = Shop::open();
    let order = order_of_two(&shop);
    let item = |index: usize| &order["items"][index]["id"];
    let body = json!({"lines": [{"item_id": item(1), "amount": 4}, {"item_id": item(0), "amount": 0.5}]});
    let credit = shop.forgive(&order, &body).expect(201).json();
    assert_eq!((lines(&credit), &credit["shipping_amount"]), (vec![(0, 0.5), (0, 4.0)], &json!(0.0)));
    let over = json!({"lines": [{"item_id": item(1), "amount": 6.01}]});
    shop.app.without_effect(|| shop.forgive(&order, &over)).refused(422, "VALIDATION_FAILED");
    let part = shop.forgive(&order, &json!({"kind": "shipping", "amount": 2.5})).expect(201).json();
    assert_eq!(
        (&part["kind"], &part["shipping_amount"], &part["total"]),
        (&json!("shipping"), &json!(2.5), &json!(2.5))
    );
    let rest = shop.forgive(&order, &json!({"kind": "shipping"})).expect(201).json();
    assert_eq!((&rest["total"], &rest["lines"]), (&json!(7.5), &json!([])));
    let none = shop.app.without_effect(|| shop.forgive(&order, &json!({"kind": "shipping"})));
    none.refused(409, "INVALID_TRANSITION");
    assert_eq!(shop.money(&order)[0], 35.5);
}

#[test]
fn an_order_of_which_nothing_is_left_to_pay_is_paid() {
    let shop = Shop::open();
    let order = shop.order(2);
    shop.forgive(&order, &json!({"amount": 40})).expect(201);
    let now = shop.app.order(&order);
    assert_eq!((&now["payment_status"], &now["status"]), (&json!("paid"), &json!("pending")));
    assert_eq!(now["payment_reference"], json!(null));
    // The units of an order under payment are sold.
    let held = shop.mara.order_upi(&shop.rice, 3);
    shop.forgive(&held, &json!({"amount": 30})).expect(201);
    assert_eq!(shop.app.status(&held), ("under_paying".into(), "pending".into()));
    shop.forgive(&held, &json!({"amount": 20})).expect(201);
    assert_eq!(shop.app.status(&held), ("pending".into(), "paid".into()));
    assert_eq!(shop.app.stock(&shop.rice), (995, 0, 5));
    let late = shop.forgive(&held, &json!({"amount": 0.01}));
    late.refused(422, "VALIDATION_FAILED");
}

#[test]
fn a_payment_after_a_credit_is_the_rest() {
    let shop = Shop::open();
    let order = shop.mara.order_upi(&shop.rice, 3);
    shop.forgive(&order, &json!({"amount": 12.34})).expect(201);
    let paid = shop.confirm(&order, "pay-1").expect(200).json();
    assert_eq!((&paid["payment_status"], &paid["received_amount"]), (&json!("paid"), &json!(37.66)));
    assert_eq!(shop.money(&order), [37.66, 37.66, 0.0, 0.0]);
    // Staff who mark an order as paid receive the same amount.
    let cash = shop.order(3);
    shop.cancel_units(&cash, 1).expect(200);
    let paid =
        shop.clerk.put(&format!("/orders/{}", cash["id"]), &json!({"payment_status": "paid"})).expect(200).json();
    assert_eq!((&paid["received_amount"], &paid["payment_status"]), (&json!(40.0), &json!("paid")));
}
