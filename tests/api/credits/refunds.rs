//! Refunds pay credits out, and never more than them.

use super::Shop;
use crate::common::{Value, json};

/// Used and refunded amount of a credit.
fn spent(credit: &Value) -> (f64, f64) {
    (credit["used_amount"].as_f64().unwrap(), credit["refunded_amount"].as_f64().unwrap())
}

#[test]
fn a_refund_pays_a_credit_out_in_parts() {
    let shop = Shop::open();
    let order = shop.paid_order(5);
    shop.cancel_units(&order, 2).expect(200);
    let credit = shop.credits(&order)[0]["id"].clone();
    let refund = |reference: &str, amount: Option<f64>| {
        let mut body = json!({"refund_reference": reference, "credit_id": credit});
        if let Some(amount) = amount {
            body["amount"] = json!(amount);
        }
        shop.refund(&order, &body)
    };
    refund("back-1", Some(7.5)).expect(200);
    assert_eq!(spent(&shop.credits(&order)[0]), (0.0, 7.5));
    // The same refund again.
    refund("back-1", Some(7.5)).expect(200);
    assert_eq!(shop.money(&order), [50.0, 70.0, 0.0, 12.5]);
    shop.app.without_effect(|| refund("back-2", Some(12.51))).refused(422, "VALIDATION_FAILED");
    let settled = refund("back-2", None).expect(200).json();
    assert_eq!((&settled["refunded_amount"], &settled["refund_due"]), (&json!(20.0), &json!(false)));
    assert_eq!(spent(&shop.credits(&order)[0]), (0.0, 20.0));
    shop.app.without_effect(|| refund("back-3", None)).refused(409, "INVALID_TRANSITION");
    // A refund without a credit is allowed, and changes no credit.
    shop.refund(&order, &json!({"refund_reference": "back-4", "amount": 5})).expect(200);
    assert_eq!((spent(&shop.credits(&order)[0]), shop.money(&order)), ((0.0, 20.0), [50.0, 70.0, 0.0, 0.0]));
}

#[test]
fn a_credit_of_another_order_is_refused() {
    let shop = Shop::open();
    let (order, other) = (shop.paid_order(5), shop.paid_order(5));
    shop.cancel_units(&other, 2).expect(200);
    let id = shop.credits(&other)[0]["id"].clone();
    for credit in [id, json!(999_999), json!(0), json!("CRN-1")] {
        let body = json!({"refund_reference": "back-1", "credit_id": credit});
        shop.app.without_effect(|| shop.refund(&order, &body)).refused(422, "VALIDATION_FAILED");
    }
}

#[test]
fn a_credit_of_an_unpaid_order_has_nothing_to_refund() {
    let shop = Shop::open();
    let order = shop.order(5);
    shop.cancel_units(&order, 2).expect(200);
    let body = json!({"refund_reference": "back-1", "credit_id": shop.credits(&order)[0]["id"]});
    shop.app.without_effect(|| shop.refund(&order, &body)).refused(409, "INVALID_TRANSITION");
}

#[test]
fn a_known_refund_keeps_its_credit() {
    let shop = Shop::open();
    let order = shop.paid_order(5);
    shop.cancel_units(&order, 1).expect(200);
    shop.cancel_units(&order, 1).expect(200);
    let credits: Vec<Value> = shop.credits(&order).iter().map(|credit| credit["id"].clone()).collect();
    let of_credit = json!({"refund_reference": "back-1", "amount": 5, "credit_id": credits[0]});
    let of_none = json!({"refund_reference": "back-2", "amount": 5});
    shop.refund(&order, &of_credit).expect(200);
    shop.refund(&order, &of_none).expect(200);
    for (reference, credit) in [("back-1", &credits[1]), ("back-2", &credits[0]), ("back-1", &json!(999_999))] {
        let body = json!({"refund_reference": reference, "amount": 5, "credit_id": credit});
        shop.app.without_effect(|| shop.refund(&order, &body)).refused_field("credit_id");
    }
    // The same refund again, with its credit and without one.
    for body in [&of_credit, &of_none, &json!({"refund_reference": "back-1", "amount": 5})] {
        let again = shop.refund(&order, body).expect(200).json();
        assert_eq!((&again["refunded_amount"], &again["refund_due_amount"]), (&json!(10.0), &json!(10.0)));
    }
    assert_eq!(shop.credits(&order).iter().map(spent).collect::<Vec<_>>(), [(0.0, 5.0), (0.0, 0.0)]);
}

#[test]
fn a_refund_of_a_credit_gives_back_only_what_is_due() {
    let shop = Shop::open();
    // The credit of the unpaid order has lowered what the buyer paid.
    let order = shop.order(5);
    shop.cancel_units(&order, 2).expect(200);
    shop.post(&order, "payment/confirm", &json!({"payment_reference": "pay"})).expect(200);
    assert_eq!(shop.money(&order), [50.0, 50.0, 0.0, 0.0]);
    let of_credit = json!({"refund_reference": "back-1", "credit_id": shop.credits(&order)[0]["id"]});
    shop.app.without_effect(|| shop.refund(&order, &of_credit)).refused(409, "INVALID_TRANSITION");

    // A part of the money was given back before the units were cancelled.
    let order = shop.paid_order(5);
    shop.refund(&order, &json!({"refund_reference": "back-1", "amount": 5})).expect(200);
    shop.cancel_units(&order, 2).expect(200);
    assert_eq!(shop.money(&order), [50.0, 70.0, 0.0, 15.0]);
    let mut of_credit =
        json!({"refund_reference": "back-2", "credit_id": shop.credits(&order)[0]["id"], "amount": 15.01});
    shop.app.without_effect(|| shop.refund(&order, &of_credit)).refused_field("amount");
    of_credit["amount"] = json!(null);
    shop.refund(&order, &of_credit).expect(200);
    assert_eq!(shop.money(&order), [50.0, 70.0, 0.0, 0.0]);
}
