//! Goods are exchanged: the credit of those that go pays for those that come. The figures are computed by hand.

use super::{Shop, item};
use crate::common::shop::Product;
use crate::common::{Value, json};

/// A shop without a fee for the delivery, with a tee at 25.00 and a pen at 3.00.
fn open() -> (Shop, Product, Product) {
    let shop = Shop::open();
    shop.app.set_store(&json!({"shipping_flat_rate": 0}));
    let (tee, pen) = (shop.app.product("tee", 25.0, 10), shop.app.product("pen", 3.0, 10));
    (shop, tee, pen)
}

fn lines(order: &Value, quantity: i64) -> Value {
    json!([{"item_id": item(order), "quantity": quantity}])
}

fn items(product: &Product, quantity: i64) -> Value {
    json!([{"product_id": product.id, "quantity": quantity}])
}

#[test]
fn cancelled_units_are_exchanged_for_something_dearer() {
    let (shop, tee, _) = open();
    let order = shop.paid_order(3);
    let body = json!({"cancel": lines(&order, 2), "items": items(&tee, 1), "payment_method": "upi"});
    let exchange = shop.post(&order, "exchange", &body).expect(201).json();
    let (new, credit) = (&exchange["order"], &exchange["credit"]);
    assert_eq!((&new["exchange_of"], &new["user_id"]), (&order["id"], &order["user_id"]));
    // It is sold at once, although its method is one of payment first.
    assert_eq!((&new["status"], &new["payment_status"]), (&json!("pending"), &json!("pending")));
    assert_eq!((&new["payment_method"], &new["payment_expires_at"]), (&json!("upi"), &json!(null)));
    assert_eq!(
        (&credit["kind"], &credit["total"], &credit["used_amount"]),
        (&json!("cancel"), &json!(20.0), &json!(20.0))
    );
    assert_eq!(exchange["return"], json!(null));
    assert_eq!(shop.money(&order), [10.0, 30.0, 20.0, 0.0]);
    assert_eq!(shop.money(new), [25.0, 20.0, 0.0, 0.0]);
    assert_eq!((shop.app.stock(&shop.rice), shop.app.stock(&tee)), ((999, 0, 1), (9, 0, 1)));
    // The rest is due.
    let wrong = json!({"payment_reference": "p", "amount": 25});
    shop.app.without_effect(|| shop.post(new, "payment/confirm", &wrong)).refused(422, "VALIDATION_FAILED");
    let paid = shop.post(new, "payment/confirm", &json!({"payment_reference": "p", "amount": 5})).expect(200).json();
    assert_eq!((&paid["payment_status"], &paid["received_amount"]), (&json!("paid"), &json!(25.0)));
    // The credit is spent.
    let refund = json!({"refund_reference": "b", "credit_id": credit["id"]});
    shop.app.without_effect(|| shop.post(&order, "refund", &refund)).refused(409, "INVALID_TRANSITION");
}

#[test]
fn cancelled_units_are_exchanged_for_something_cheaper() {
    let (shop, _, pen) = open();
    let order = shop.paid_order(3);
    let body = json!({"cancel": lines(&order, 2), "items": items(&pen, 2)});
    let exchange = shop.post(&order, "exchange", &body).expect(201).json();
    let (new, credit) = (&exchange["order"], &exchange["credit"]);
    assert_eq!((&credit["total"], &credit["used_amount"]), (&json!(20.0), &json!(6.0)));
    assert_eq!((&new["payment_status"], &new["payment_reference"]), (&json!("paid"), &credit["number"]));
    assert_eq!((shop.money(&order), shop.money(new)), ([10.0, 30.0, 6.0, 14.0], [6.0, 6.0, 0.0, 0.0]));
    let refund = json!({"refund_reference": "b", "credit_id": credit["id"]});
    let refunded = shop.post(&order, "refund", &refund).expect(200).json();
    assert_eq!((&refunded["refunded_amount"], &refunded["refund_due_amount"]), (&json!(14.0), &json!(0.0)));
    // The used part comes back from the new order if that is cancelled.
    shop.post(new, "cancel", &json!({})).expect(200);
    assert_eq!(shop.money(new), [0.0, 6.0, 0.0, 6.0]);
    let figures = shop.clerk.get("/orders/statistics").expect(200).json();
    assert_eq!((&figures["revenue"], &figures["units_sold"]), (&json!(10.0), &json!(1)));
}

#[test]
fn returned_units_pay_for_the_new_order_when_they_are_received() {
    let (shop, _, pen) = open();
    let order = shop.delivered_order(3);
    let body = json!({"return": lines(&order, 3), "items": items(&pen, 5)});
    let exchange = shop.post(&order, "exchange", &body).expect(201).json();
    let (new, document) = (&exchange["order"], &exchange["return"]);
    assert_eq!((&document["status"], &document["exchange_order_id"]), (&json!("approved"), &new["id"]));
    assert_eq!((&exchange["credit"], &document["lines"][0]["reason"]), (&json!(null), &json!("Exchange")));
    assert_eq!((shop.money(&order), shop.money(new)), ([30.0, 30.0, 0.0, 0.0], [15.0, 0.0, 0.0, 0.0]));
    let first = shop.receive(document, json!({"restock": 1})).expect(200).json();
    assert_eq!(first["receipts"][0]["credit"]["used_amount"], 10.0);
    assert_eq!((shop.money(&order), shop.money(new)), ([20.0, 30.0, 10.0, 0.0], [15.0, 10.0, 0.0, 0.0]));
    let second = shop.receive(document, json!({"scrap": 1, "fee": 4})).expect(200).json();
    assert_eq!(second["receipts"][1]["credit"]["used_amount"], 5.0);
    assert_eq!((shop.money(&order), shop.money(new)), ([14.0, 30.0, 15.0, 1.0], [15.0, 15.0, 0.0, 0.0]));
    assert_eq!(shop.app.order(new)["payment_status"], "paid");
    let third = shop.receive(document, json!({"quarantine": 1})).expect(200).json();
    assert_eq!(third["receipts"][2]["credit"]["used_amount"], 0.0);
    assert_eq!(shop.money(&order), [4.0, 30.0, 15.0, 11.0]);
}

#[test]
fn a_whole_order_is_exchanged_for_the_same_units() {
    let shop = Shop::open();
    let mina = shop.app.product("mina", 10.0, 3);
    let address = shop.mara.address();
    shop.mara.add_to_cart(&mina, 3).expect(201);
    let order = shop.pay(&shop.mara.checkout_to(address).expect(201).json());
    assert_eq!(shop.app.stock(&mina), (0, 0, 3));
    let body = json!({"cancel": lines(&order, 3), "items": items(&mina, 2)});
    let exchange = shop.post(&order, "exchange", &body).expect(201).json();
    let new = &exchange["order"];
    assert_eq!((shop.app.status(&order).0, &new["shipping_address"]), ("cancelled".into(), &order["shipping_address"]));
    // The delivery of an order of which nothing is shipped is credited, too.
    assert_eq!((shop.money(&order), shop.money(new)), ([0.0, 50.0, 40.0, 10.0], [40.0, 40.0, 0.0, 0.0]));
    assert_eq!(shop.app.stock(&mina), (1, 0, 2));
    let seen = shop.mara.get(&format!("/orders/{}", new["id"])).expect(200).json();
    assert_eq!(seen["exchange_of"], order["id"]);
}

#[test]
fn nobody_has_paid_for_the_units_of_an_unpaid_order() {
    let (shop, tee, _) = open();
    let order = shop.mara.order_now(&shop.rice, 3).expect(201).json();
    let body = json!({"cancel": lines(&order, 2), "items": items(&tee, 1)});
    let exchange = shop.post(&order, "exchange", &body).expect(201).json();
    assert_eq!(exchange["credit"]["used_amount"], 0.0);
    assert_eq!((shop.money(&order), shop.money(&exchange["order"])), ([10.0, 0.0, 0.0, 0.0], [25.0, 0.0, 0.0, 0.0]));
    shop.pay(&order);
    assert_eq!(shop.money(&order), [10.0, 10.0, 0.0, 0.0]);
}

#[test]
fn a_refused_exchange_changes_nothing() {
    let (shop, tee, _) = open();
    let (order, other) = (shop.delivered_order(3), shop.paid_order(2));
    let held = shop.mara.order_upi(&shop.rice, 1);
    let (cancel, back) = (lines(&other, 1), lines(&order, 1));
    let repeated = json!([{"item_id": item(&order), "quantity": 1}, {"item_id": item(&order), "quantity": 1}]);
    let none = json!([{"product_id": "none", "quantity": 1}]);
    for (order, body, status, code) in [
        (&other, json!({"cancel": cancel, "items": items(&tee, 11)}), 400, "INSUFFICIENT_STOCK"),
        (&other, json!({"cancel": cancel, "items": none}), 404, "PRODUCT_NOT_FOUND"),
        (&other, json!({"cancel": cancel, "items": []}), 422, "VALIDATION_FAILED"),
        (&other, json!({"cancel": cancel}), 422, "VALIDATION_FAILED"),
        (&other, json!({"items": items(&tee, 1)}), 422, "VALIDATION_FAILED"),
        (&other, json!({"cancel": [], "return": [], "items": items(&tee, 1)}), 422, "VALIDATION_FAILED"),
        (&other, json!({"cancel": lines(&other, 3), "items": items(&tee, 1)}), 409, "QUANTITY_EXCEEDED"),
        (&other, json!({"cancel": back, "items": items(&tee, 1)}), 422, "VALIDATION_FAILED"),
        (&other, json!({"return": cancel, "items": items(&tee, 1)}), 409, "QUANTITY_EXCEEDED"),
        (&order, json!({"return": cancel, "items": items(&tee, 1)}), 422, "VALIDATION_FAILED"),
        (&order, json!({"return": repeated, "items": items(&tee, 1)}), 422, "VALIDATION_FAILED"),
        (&order, json!({"cancel": back, "items": items(&tee, 1)}), 409, "INVALID_TRANSITION"),
        (&held, json!({"cancel": lines(&held, 1), "items": items(&tee, 1)}), 409, "INVALID_TRANSITION"),
        (
            &other,
            json!({"cancel": cancel, "items": items(&tee, 1), "payment_method": "barter"}),
            422,
            "VALIDATION_FAILED",
        ),
    ] {
        shop.app.without_effect(|| shop.post(order, "exchange", &body)).refused(status, code);
    }
    let body = json!({"cancel": cancel, "items": items(&tee, 1)});
    let path = format!("/orders/{}/exchange", other["id"]);
    shop.app.without_effect(|| shop.mara.post(&path, &body)).refused(403, "FORBIDDEN");
    shop.post(
        &other,
        "exchange",
        &json!({"cancel": [{"item_id": item(&order), "quantity": 1}], "items": items(&tee, 1)}),
    )
    .refused_field("cancel[0].item_id");
    // Units that an exchange brings back are in no second return.
    shop.post(&order, "exchange", &json!({"return": lines(&order, 2), "items": items(&tee, 1)})).expect(201);
    let again = json!({"return": lines(&order, 2), "items": items(&tee, 1)});
    shop.app.without_effect(|| shop.post(&order, "exchange", &again)).refused(409, "QUANTITY_EXCEEDED");
}

#[test]
fn cancelled_and_returned_units_are_exchanged_together() {
    let (shop, tee, _) = open();
    let order = shop.paid_order(4);
    shop.deliver(&order, 2);
    let body = json!({"cancel": lines(&order, 1), "return": lines(&order, 1), "items": items(&tee, 1)});
    let exchange = shop.post(&order, "exchange", &body).expect(201).json();
    let new = &exchange["order"];
    assert_eq!((shop.money(&order), shop.money(new)), ([30.0, 40.0, 10.0, 0.0], [25.0, 10.0, 0.0, 0.0]));
    shop.receive(&exchange["return"], json!({"restock": 1})).expect(200);
    assert_eq!((shop.money(&order), shop.money(new)), ([20.0, 40.0, 20.0, 0.0], [25.0, 20.0, 0.0, 0.0]));
    assert_eq!(shop.app.stock(&shop.rice), (998, 0, 3));
}

#[test]
fn a_guest_opens_the_new_order_with_the_token_of_the_old_one() {
    let (shop, tee, _) = open();
    shop.app.set_store(&json!({"guest_orders": true}));
    let guest = shop.app.guest();
    let bought = guest.order_now(&shop.rice, 3).expect(201).json();
    let exchange = |order: &Value| {
        let body = json!({"cancel": lines(order, 1), "items": items(&tee, 1)});
        shop.post(order, "exchange", &body).expect(201).json()["order"].clone()
    };
    let new = exchange(&bought);
    assert_eq!(new.get("guest_token"), None, "staff do not see the token");
    let newest = exchange(&new);
    let holder = guest.clone().with_header("X-Order-Token", bought["guest_token"].as_str().unwrap());
    for order in [&new, &newest] {
        let path = format!("/orders/{}", order["id"]);
        assert_eq!(holder.get(&path).expect(200).json()["order_number"], order["order_number"]);
        guest.get(&path).refused(401, "UNAUTHENTICATED");
    }
    holder.post(&format!("/orders/{}/cancel", newest["id"]), &json!({})).expect(200);
}

#[test]
fn an_exchanged_order_is_exchanged_again() {
    let (shop, tee, pen) = open();
    let order = shop.paid_order(3);
    let exchange = |order: &Value, quantity: i64, items: Value| {
        let body = json!({"cancel": lines(order, quantity), "items": items});
        shop.post(order, "exchange", &body).expect(201).json()["order"].clone()
    };
    // 30.00 are exchanged for 25.00, and these for 12.00.
    let first = exchange(&order, 3, items(&tee, 1));
    assert_eq!((shop.money(&order), shop.money(&first)), ([0.0, 30.0, 25.0, 5.0], [25.0, 25.0, 0.0, 0.0]));
    let second = exchange(&first, 1, items(&pen, 4));
    assert_eq!((&second["exchange_of"], &second["payment_status"]), (&first["id"], &json!("paid")));
    assert_eq!((shop.money(&first), shop.money(&second)), ([0.0, 25.0, 12.0, 13.0], [12.0, 12.0, 0.0, 0.0]));
    // Each order gives back what the next one does not need.
    for (order, due) in [(&order, 5.0), (&first, 13.0)] {
        let refunded = shop.post(order, "refund", &json!({"refund_reference": "b"})).expect(200).json();
        assert_eq!((&refunded["refunded_amount"], &refunded["refund_due_amount"]), (&json!(due), &json!(0.0)));
    }
    let stock = [&shop.rice, &tee, &pen].map(|product| shop.app.stock(product));
    assert_eq!(stock, [(1_000, 0, 0), (10, 0, 0), (6, 0, 4)]);
    let figures = shop.clerk.get("/orders/statistics").expect(200).json();
    assert_eq!((&figures["revenue"], &figures["units_sold"]), (&json!(12.0), &json!(4)));
}

#[test]
fn credits_do_not_pay_again_what_a_paid_order_got_back() {
    let (shop, _, pen) = open();
    let order = shop.delivered_order(2);
    let body = json!({"return": lines(&order, 2), "items": items(&pen, 5)});
    let exchange = shop.post(&order, "exchange", &body).expect(201).json();
    let new = shop.pay(&exchange["order"]);
    shop.post(&new, "refund", &json!({"refund_reference": "b", "amount": 5})).expect(200);
    let received = shop.receive(&exchange["return"], json!({"restock": 1})).expect(200).json();
    assert_eq!(received["receipts"][0]["credit"]["used_amount"], 0.0);
    assert_eq!((shop.money(&order), shop.money(&new)), ([10.0, 20.0, 0.0, 10.0], [15.0, 15.0, 0.0, 0.0]));
}
