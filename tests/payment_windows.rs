//! Stock that is kept while a customer pays: the window, its payment, its failure, its end.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something unexpected happens"
)]

mod common;

use common::{TestApp, json};

#[test]
fn reserved_becomes_sold_when_it_is_paid() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 100);
    let mara = app.customer("mara");
    let address = mara.address();
    mara.add_to_cart(&tee, 5);
    let body = json!({"shipping_address_id": address, "payment_method": "upi"});
    let order = mara.post("/checkout", &body).expect(201).json();
    assert_eq!((&order["status"], &order["payment_status"]), (&json!("under_paying"), &json!("pending")));
    assert_eq!(order["stock_reductions"], json!([]));
    assert!(order["payment_expires_at"].is_string());
    assert_eq!(app.stock(&tee), (100, 5, 0));
    let shown = app.guest().get(&format!("/inventory/products/{}", tee.id)).expect(200).json();
    assert_eq!(shown["available_quantity"], 95);
    assert_eq!(mara.get(&format!("/orders/{}", order["id"])).expect(200).json(), order);

    let cashier = app.staff(&["payments:confirm"]);
    let confirm = format!("/orders/{}/payment/confirm", order["id"]);
    let paid = cashier.post(&confirm, &json!({"payment_reference": "pay-1", "amount": 150.00})).expect(200).json();
    assert_eq!((&paid["status"], &paid["payment_status"]), (&json!("pending"), &json!("paid")));
    assert_eq!(paid["stock_reductions"][0]["previous_stock"], 100);
    assert_eq!(paid["stock_reductions"][0]["new_stock"], 95);
    assert_eq!(app.stock(&tee), (95, 0, 5));
    cashier.post(&confirm, &json!({"payment_reference": "pay-1"})).expect(200);
    cashier.post(&confirm, &json!({"payment_reference": "pay-2"})).refused(409, "ALREADY_PAID");
    assert_eq!(app.stock(&tee), (95, 0, 5));
}

#[test]
fn a_window_that_passes_gives_the_stock_back() {
    let app = TestApp::start();
    let tee = app.product("tee-red", 30.0, 100);
    let mara = app.customer("mara");
    let address = mara.address();
    mara.add_to_cart(&tee, 5);
    let body = json!({"shipping_address_id": address, "payment_method": "upi"});
    let order = mara.post("/checkout", &body).expect(201).json();
    app.advance(899);
    assert_eq!(app.expire_holds(), 0);
    app.advance(2);
    assert_eq!(app.stock(&tee), (100, 0, 0));
    assert_eq!(app.expire_holds(), 1);
    assert_eq!(app.expire_holds(), 0);
    assert_eq!(app.stock(&tee), (100, 0, 0));
    let path = format!("/orders/{}", order["id"]);
    let ended = mara.get(&path).expect(200).json();
    assert_eq!((&ended["status"], &ended["payment_status"]), (&json!("cancelled"), &json!("expired")));
    let history = mara.get(&format!("{path}/history")).expect(200).json();
    let reason = history[1]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("Payment expired at ") && reason.ends_with(". Stock released automatically."),
        "{reason}"
    );
    assert_eq!(history[1]["actor"], "system");
}
