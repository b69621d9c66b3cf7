//! Money that an order does not accept is recorded and due back.

use super::Shop;
use crate::common::{Reply, Value, json};

fn confirm_with(shop: &Shop, order: &Value, body: &Value) -> Reply {
    shop.post(order, "payment/confirm", body)
}

#[test]
fn a_reference_of_another_order_is_refused_and_due_back() {
    let shop = Shop::open();
    let (first, second) = (shop.order(2), shop.mara.order_upi(&shop.rice, 2));
    shop.confirm(&first, "pay-1").expect(200);
    let refusal = shop.confirm(&second, "pay-1").refused(409, "PAYMENT_REFERENCE_USED");
    assert!(refusal["detail"].as_str().unwrap().contains("recorded"), "{refusal}");
    assert_eq!(shop.money(&second), [40.0, 40.0, 40.0, 40.0]);
    assert_eq!(shop.app.status(&second), ("under_paying".into(), "pending".into()));
    // It is recorded once.
    shop.app.without_effect(|| shop.confirm(&second, "pay-1")).refused(409, "PAYMENT_REFERENCE_USED");
    let due = shop.clerk.get("/orders?refund_due=true").expect(200).json();
    assert_eq!((&due["total"], &due["items"][0]["id"]), (&json!(1), &second["id"]));
    // A wrong amount is refused before.
    let wrong = json!({"payment_reference": "pay-1", "amount": 39.99, "accept_reused": true});
    shop.app.without_effect(|| confirm_with(&shop, &second, &wrong)).refused(422, "VALIDATION_FAILED");
    // Another payment pays the order, and the first one stays due.
    shop.confirm(&second, "pay-2").expect(200);
    assert_eq!(shop.money(&second), [40.0, 80.0, 40.0, 40.0]);
    shop.refund(&second, &json!({"refund_reference": "back-1", "amount": 40})).expect(200);
    assert_eq!(shop.money(&second), [40.0, 80.0, 0.0, 0.0]);
    assert_eq!(shop.clerk.get("/orders?refund_due=true").expect(200).json()["total"], 0);
}

#[test]
fn staff_accept_a_reused_reference() {
    let shop = Shop::open();
    let (first, second, third) = (shop.order(2), shop.mara.order_upi(&shop.rice, 2), shop.order(2));
    shop.confirm(&first, "pay-1").expect(200);
    let accept = json!({"payment_reference": "pay-1", "amount": 40, "accept_reused": true});
    // After the refusal, and without one.
    shop.confirm(&second, "pay-1").refused(409, "PAYMENT_REFERENCE_USED");
    for order in [&second, &third] {
        let paid = confirm_with(&shop, order, &accept).expect(200).json();
        assert_eq!((&paid["payment_status"], &paid["payment_reference"]), (&json!("paid"), &json!("pay-1")));
        assert_eq!(shop.money(order), [40.0, 40.0, 0.0, 0.0]);
        confirm_with(&shop, order, &accept).expect(200);
        shop.confirm(order, "pay-1").expect(200);
    }
    assert_eq!(shop.app.stock(&shop.rice), (994, 0, 6));
    // A payment that was given back cannot be accepted.
    let fourth = shop.order(2);
    shop.confirm(&fourth, "pay-1").refused(409, "PAYMENT_REFERENCE_USED");
    shop.refund(&fourth, &json!({"refund_reference": "back-1", "amount": 40})).expect(200);
    shop.app.without_effect(|| confirm_with(&shop, &fourth, &accept)).refused(409, "PAYMENT_REFERENCE_USED");
    assert_eq!(shop.app.status(&fourth).1, "pending");
}

#[test]
fn a_reused_reference_is_accepted_after_a_part_was_credited() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"shipping_flat_rate": 0}));
    let (first, second) = (shop.order(2), shop.order(2));
    shop.confirm(&first, "pay-1").expect(200);
    shop.confirm(&second, "pay-1").refused(409, "PAYMENT_REFERENCE_USED");
    assert_eq!(shop.money(&second), [20.0, 20.0, 20.0, 20.0]);
    shop.cancel_units(&second, 1).expect(200);
    assert_eq!(shop.money(&second), [10.0, 20.0, 20.0, 20.0]);
    // Without the consent of staff, it stays due back.
    shop.app.without_effect(|| shop.confirm(&second, "pay-1")).refused(409, "PAYMENT_REFERENCE_USED");
    let wrong = json!({"payment_reference": "pay-1", "amount": 10, "accept_reused": true});
    shop.app.without_effect(|| confirm_with(&shop, &second, &wrong)).refused(422, "VALIDATION_FAILED");
    let accept = json!({"payment_reference": "pay-1", "accept_reused": true});
    assert_eq!(confirm_with(&shop, &second, &accept).expect(200).json()["payment_status"], "paid");
    assert_eq!(shop.money(&second), [10.0, 20.0, 0.0, 10.0]);
    confirm_with(&shop, &second, &accept).expect(200);
    assert_eq!(shop.money(&second), [10.0, 20.0, 0.0, 10.0]);
}

#[test]
fn each_store_has_its_own_references() {
    let shop = Shop::open();
    shop.app.other_store("STORE-TWO");
    let lamp = shop.app.product_in("STORE-TWO", "lamp", 10.0, 10);
    shop.confirm(&shop.order(2), "pay-1").expect(200);
    let items = json!({"items": [{"product_id": lamp.id, "quantity": 1}]});
    let order = shop.mara.clone().in_store("STORE-TWO").post("/orders", &items).expect(201).json();
    let path = format!("/orders/{}/payment/confirm", order["id"]);
    shop.app.admin().in_store("STORE-TWO").post(&path, &json!({"payment_reference": "pay-1"})).expect(200);
}

#[test]
fn a_second_payment_is_refunded_before_the_first_one() {
    let shop = Shop::open();
    let order = shop.paid_order(3);
    let body = json!({"payment_reference": "again", "amount": 12.5});
    confirm_with(&shop, &order, &body).refused(409, "ALREADY_PAID");
    assert_eq!(shop.money(&order), [50.0, 62.5, 12.5, 12.5]);
    shop.cancel_units(&order, 1).expect(200);
    assert_eq!(shop.money(&order), [40.0, 62.5, 12.5, 22.5]);
    shop.refund(&order, &json!({"refund_reference": "back-1", "amount": 10})).expect(200);
    assert_eq!(shop.money(&order), [40.0, 62.5, 2.5, 12.5]);
    let settled = shop.refund(&order, &json!({"refund_reference": "back-2", "amount": 12.5})).expect(200).json();
    assert_eq!(shop.money(&order), [40.0, 62.5, 0.0, 0.0]);
    assert_eq!(settled["payment_status"], "paid");
    // 50.00 less the credit of 10.00: the refund of the second payment is no loss of revenue.
    let figures = shop.clerk.get("/orders/statistics").expect(200).json();
    assert_eq!((&figures["revenue"], &figures["units_sold"]), (&json!(40.0), &json!(2)));
}

#[test]
fn a_wholly_refunded_order_is_no_revenue() {
    let shop = Shop::open();
    let revenue = || shop.clerk.get("/orders/statistics").expect(200).json()["revenue"].clone();
    let (kept, refunded) = (shop.paid_order(1), shop.paid_order(3));
    assert_eq!(revenue(), 80.0);
    // Credits and refunds of the same money count once.
    shop.forgive(&refunded, &json!({"amount": 20})).expect(201);
    assert_eq!(revenue(), 60.0);
    shop.refund(&refunded, &json!({"refund_reference": "back-1", "amount": 20})).expect(200);
    assert_eq!(revenue(), 60.0);
    shop.refund(&refunded, &json!({"refund_reference": "back-2"})).expect(200);
    assert_eq!(revenue(), 30.0);
    assert_eq!(shop.app.order(&refunded)["payment_status"], "refunded");
    shop.refund(&kept, &json!({"refund_reference": "back-3"})).expect(200);
    assert_eq!(revenue(), 0.0);
}

#[test]
fn a_second_payment_without_an_amount_is_as_large_as_the_net_total() {
    let shop = Shop::open();
    let order = shop.order(3);
    shop.cancel_units(&order, 2).expect(200);
    shop.confirm(&order, "pay").expect(200);
    shop.confirm(&order, "again").refused(409, "ALREADY_PAID");
    assert_eq!(shop.money(&order), [30.0, 60.0, 30.0, 30.0]);

    // Nothing has to be paid for this order, so the amount of a payment is unknown.
    let forgiven = shop.order(1);
    shop.forgive(&forgiven, &json!({"amount": 30})).expect(201);
    assert_eq!(shop.app.status(&forgiven).1, "paid");
    shop.app.without_effect(|| shop.confirm(&forgiven, "pay-2")).refused(409, "ALREADY_PAID");
    let body = json!({"payment_reference": "pay-2", "amount": 5});
    confirm_with(&shop, &forgiven, &body).refused(409, "ALREADY_PAID");
    assert_eq!(shop.money(&forgiven), [0.0, 5.0, 5.0, 5.0]);
}

#[test]
fn a_refund_without_an_amount_is_what_is_due_or_all_if_nothing_is_due() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"shipping_flat_rate": 0}));
    let order = shop.paid_order(2);
    shop.confirm(&order, "again").refused(409, "ALREADY_PAID");
    assert_eq!(shop.money(&order), [20.0, 40.0, 20.0, 20.0]);
    let refund = |reference: &str| {
        let now = shop.refund(&order, &json!({"refund_reference": reference})).expect(200).json();
        (now["refunded_amount"].as_f64().unwrap(), now["payment_status"].clone())
    };
    // The order stays paid by its first payment.
    assert_eq!(refund("back-1"), (20.0, json!("paid")));
    assert_eq!(shop.money(&order), [20.0, 40.0, 0.0, 0.0]);
    assert_eq!(refund("back-1"), (20.0, json!("paid")));
    assert_eq!(refund("back-2"), (40.0, json!("refunded")));
}
