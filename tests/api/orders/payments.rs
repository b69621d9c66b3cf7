//! Payments and refunds of orders.

use super::{Shop, id, ids};
use crate::common::{Value, json};

#[test]
fn a_payment_is_confirmed_once() {
    let shop = Shop::open();
    let order = shop.order(2);
    let wrong = json!({"payment_reference": "pay_1", "amount": 19.99});
    shop.app.without_effect(|| shop.post(&order, "payment/confirm", &wrong)).refused(422, "VALIDATION_FAILED");
    let right = json!({"payment_reference": "pay_1", "amount": 20.00});
    let paid = shop.post(&order, "payment/confirm", &right).expect(200).json();
    assert_eq!((&paid["payment_status"], &paid["status"]), (&json!("paid"), &json!("pending")));
    assert_eq!((&paid["payment_reference"], &paid["refund_due"]), (&json!("pay_1"), &json!(false)));
    assert!(paid["paid_at"].as_str().unwrap().ends_with('Z'));
    let before = shop.app.snapshot();
    assert_eq!(shop.confirm(&order, "pay_1").expect(200).json(), paid);
    let now = shop.app.snapshot();
    assert_eq!(now.changed_since(&before), ["idempotency_keys"]);
    // A second payment is recorded once.
    shop.confirm(&order, "pay_2").refused(409, "ALREADY_PAID");
    shop.app.without_effect(|| shop.confirm(&order, "pay_2")).refused(409, "ALREADY_PAID");
    let twice = shop.app.order(&order);
    assert_eq!((&twice["received_amount"], &twice["unapplied_amount"]), (&json!(40.0), &json!(20.0)));
    assert_eq!((&twice["refund_due_amount"], &twice["payment_reference"]), (&json!(20.0), &json!("pay_1")));
    shop.app.without_effect(|| shop.confirm(&json!({"id": 999_999}), "pay_1")).refused(404, "ORDER_NOT_FOUND");
    shop.mara
        .post(&format!("/orders/{}/payment/confirm", order["id"]), &json!({"payment_reference": "mine"}))
        .refused(403, "FORBIDDEN");
}

#[test]
fn a_known_reference_with_another_amount_is_refused() {
    let shop = Shop::open();
    let order = shop.order(2);
    let confirm =
        |amount: Value| shop.post(&order, "payment/confirm", &json!({"payment_reference": "pay_1", "amount": amount}));
    let paid = confirm(json!(20.0)).expect(200).json();
    assert_eq!(confirm(json!("20.00")).expect(200).json(), paid);
    let refused = shop.app.without_effect(|| confirm(json!(25.0))).refused(422, "VALIDATION_FAILED");
    assert_eq!(refused["errors"][0]["field"], "amount");
    shop.cancel(&order).expect(200);
    shop.app.without_effect(|| confirm(json!(25.0))).refused(422, "VALIDATION_FAILED");
    shop.app.without_effect(|| confirm(json!(20.0))).refused(409, "INVALID_TRANSITION");
    assert_eq!(shop.app.order(&order)["received_amount"], 20.0);
}

#[test]
fn an_order_shows_the_received_and_the_due_amount() {
    let shop = Shop::open();
    let money = |order: &Value| {
        let now = shop.app.order(order);
        let amounts =
            ["received_amount", "refunded_amount", "refund_due_amount"].map(|name| now[name].as_f64().unwrap());
        assert_eq!(now["refund_due"].as_bool().unwrap(), amounts[2] > 0.0, "{now}");
        (amounts[0], amounts[1], amounts[2])
    };
    let order = shop.order(3);
    assert_eq!(money(&order), (0.0, 0.0, 0.0));
    shop.confirm(&order, "pay_1").expect(200);
    assert_eq!(money(&order), (30.0, 0.0, 0.0));
    shop.refund(&order, "back_1", Some(12.5)).expect(200);
    assert_eq!(money(&order), (30.0, 12.5, 0.0), "a live order keeps the rest");
    shop.cancel(&order).expect(200);
    assert_eq!(money(&order), (30.0, 12.5, 17.5));
    shop.refund(&order, "back_2", None).expect(200);
    assert_eq!(money(&order), (30.0, 30.0, 0.0));
    let details: Vec<String> = audit_of(&shop, &order);
    let number = order["order_number"].as_str().unwrap();
    assert!(details.contains(&format!("Payment pay_1 recorded for order {number}: 30.00 INR")), "{details:?}");
    assert!(details.contains(&format!("Refund back_1 recorded for order {number}: 12.50 INR")), "{details:?}");
}

fn audit_of(shop: &Shop, order: &Value) -> Vec<String> {
    let audit = shop.app.admin().get(&format!("/audit?entity=Order&entity_id={}", order["id"])).expect(200).json();
    audit["items"].as_array().unwrap().iter().map(|entry| entry["detail"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_paid_order_that_is_cancelled_is_a_refund_due_until_it_is_settled() {
    let shop = Shop::open();
    let order = shop.order(3);
    shop.confirm(&order, "pay_1").expect(200);
    let cancelled = shop.cancel(&order).expect(200).json();
    assert_eq!((&cancelled["payment_status"], &cancelled["refund_due"]), (&json!("paid"), &json!(true)));
    shop.order(1);
    assert_eq!(ids(&shop.list("refund_due=true")), [id(&order)]);
    assert_eq!(shop.list("refund_due=false")["total"], 1);

    let part = shop.refund(&order, "back_1", Some(12.5)).expect(200).json();
    assert_eq!((&part["refunded_amount"], &part["payment_status"]), (&json!(12.5), &json!("paid")));
    assert_eq!(part["refund_due"], true);
    // The same reference is the same refund.
    assert_eq!(shop.refund(&order, "back_1", Some(12.5)).expect(200).json()["refunded_amount"], 12.5);
    let over = shop.app.without_effect(|| shop.refund(&order, "back_2", Some(17.51)));
    over.refused(422, "VALIDATION_FAILED");
    let whole = shop.refund(&order, "back_2", None).expect(200).json();
    assert_eq!((&whole["refunded_amount"], &whole["payment_status"]), (&json!(30.0), &json!("refunded")));
    assert_eq!(whole["refund_due"], false);
    assert_eq!(ids(&shop.list("refund_due=true")), Vec::<i64>::new());
    shop.app.without_effect(|| shop.refund(&order, "back_3", None)).refused(409, "INVALID_TRANSITION");
    let unpaid = shop.order(1);
    shop.app.without_effect(|| shop.refund(&unpaid, "back_4", None)).refused(409, "INVALID_TRANSITION");
}

#[test]
fn money_for_a_cancelled_order_is_refused_and_recorded() {
    let shop = Shop::open();
    let order = shop.order(2);
    shop.cancel(&order).expect(200);
    shop.confirm(&order, "late").refused(409, "INVALID_TRANSITION");
    let now = shop.mara.get(&format!("/orders/{}", order["id"])).expect(200).json();
    assert_eq!((&now["refund_due"], &now["status"]), (&json!(true), &json!("cancelled")));
    shop.app.without_effect(|| shop.confirm(&order, "late")).refused(409, "INVALID_TRANSITION");
    let settled = shop.refund(&order, "back", None).expect(200).json();
    assert_eq!((&settled["refunded_amount"], &settled["refund_due"]), (&json!(20.0), &json!(false)));
}
