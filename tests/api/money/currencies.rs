//! Currencies and their decimals.

use super::text_of;
use crate::common::provider::{stripe_event, with_providers};
use crate::common::{Client, TestApp, Value, json};

#[test]
fn a_store_has_a_currency_of_iso_4217() {
    let app = TestApp::start();
    for code in ["ZZZ", "XXX", "XTS", "XAU", "XDR", "inr", "US", "USDX", ""] {
        let body = json!({"code": "NEW", "name": "New", "currency": code});
        let problem = app.admin().post("/stores", &body).refused(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0]["field"], "currency", "{code}");
        app.admin()
            .patch(&format!("/stores/{}", app.store), &json!({"currency": code}))
            .refused(422, "VALIDATION_FAILED");
    }
}

/// A store with that currency and a product at that price: its admin and its customer.
fn shop_in(app: &TestApp, currency: &str, price: &str) -> (Client, Client) {
    let code = format!("STORE-{currency}");
    app.admin().post("/stores", &json!({"code": code, "name": currency, "currency": currency})).expect(201);
    let admin = app.admin().in_store(&code);
    let product = json!({"sku": "rice", "name": "Rice", "price": price, "cost_price": price, "initial_stock": 10});
    admin.post("/inventory/products", &product).expect(201);
    (admin, app.customer("mara").in_store(&code))
}

#[test]
fn currencies_of_every_number_of_decimals_are_sold_and_reported() {
    let app = TestApp::start();
    for (currency, price, finer, total) in [
        ("JPY", "500", "500.5", "1500"),
        ("INR", "0.05", "0.055", "0.15"),
        ("KWD", "1.255", "1.2555", "3.765"),
        ("CLF", "1.2345", "1.23455", "3.7035"),
    ] {
        let (admin, mara) = shop_in(&app, currency, price);
        admin.patch("/inventory/products/rice", &json!({"price": finer})).refused(422, "VALIDATION_FAILED");
        let body = json!({"items": [{"product_id": "rice", "quantity": 3, "unit_price": price}]});
        let order = mara.post("/orders", &body).expect(201);
        assert_eq!(
            (text_of(&order, "total_amount"), text_of(&order, "unit_price")),
            (total.to_owned(), price.to_owned())
        );
        let paid = json!({"payment_reference": "pay", "amount": total});
        let path = format!("/orders/{}/payment/confirm", order.json()["id"]);
        assert_eq!(text_of(&admin.post(&path, &paid).expect(200), "received_amount"), total);
        assert_eq!(text_of(&admin.get("/orders/statistics").expect(200), "revenue"), total);
        mara.post("/cart/items", &json!({"product_id": "rice", "quantity": 3})).expect(201);
        assert_eq!(text_of(&mara.get("/cart").expect(200), "total_amount"), total);
        let audit = admin.get("/audit?action=PAYMENT_RECORDED").expect(200).json();
        let detail = audit["items"][0]["detail"].as_str().unwrap();
        assert!(detail.ends_with(&format!(": {total} {currency}")), "{detail}");
        let summary = admin.get("/inventory/summary").expect(200);
        assert!(summary.text().contains(&format!("\"stock_value\":{}", text_of(&summary, "retail_value"))));
    }
}

#[test]
fn credits_have_the_decimals_of_their_currency() {
    let app = TestApp::start();
    // A discount of 2 minor units of 3 units, and the totals of the credits of each unit.
    for (currency, price, discount, finer, shares) in [
        ("JPY", "500", "2", "0.5", ["499", "500", "499"]),
        ("KWD", "1.255", "0.002", "0.0005", ["1.254", "1.255", "1.254"]),
        ("CLF", "1.2345", "0.0002", "0.00005", ["1.2344", "1.2345", "1.2344"]),
    ] {
        let (admin, _) = shop_in(&app, currency, price);
        let body = json!({"items": [{"product_id": "rice", "quantity": 3}], "discount_amount": discount});
        let order = admin.post("/orders", &body).expect(201).json();
        let (own, item) = (format!("/orders/{}", order["id"]), &order["items"][0]["id"]);
        admin.post(&format!("{own}/payment/confirm"), &json!({"payment_reference": "pay"})).expect(200);
        let one = json!({"lines": [{"item_id": item, "quantity": 1}], "reason": "r"});
        admin.post(&format!("{own}/cancel-lines"), &one).expect(200);
        admin.post(&format!("{own}/shipments"), &json!({})).expect(201);
        let two = json!({"lines": [{"item_id": item, "quantity": 2, "reason": "r"}]});
        let document = admin.post(&format!("{own}/returns"), &two).expect(201).json();
        let place = admin.get("/locations").expect(200).json()["items"][0]["id"].clone();
        let receive = |fee: &str| {
            let line = json!({"line_id": document["lines"][0]["id"], "restock": 1, "fee": fee});
            let body = json!({"location_id": place, "lines": [line]});
            admin.post(&format!("/returns/{}/receive", document["id"]), &body)
        };
        app.without_effect(|| {
            receive(finer).refused(422, "VALIDATION_FAILED");
            let forgiven = json!({"amount": finer, "reason": "r"});
            admin.post(&format!("{own}/credits"), &forgiven).refused(422, "VALIDATION_FAILED");
            let refund = json!({"refund_reference": "back", "amount": finer});
            admin.post(&format!("{own}/refund"), &refund).refused(422, "VALIDATION_FAILED");
        });
        receive("0").expect(200);
        receive("0").expect(200);
        let credits = admin.get(&format!("{own}/credits")).expect(200).json();
        let totals: Vec<String> =
            credits.as_array().unwrap().iter().map(|credit| credit["total"].to_string()).collect();
        assert_eq!(totals, shares, "{currency}");
        let now = admin.get(&own).expect(200);
        assert_eq!(text_of(&now, "refund_due_amount"), text_of(&now, "received_amount"), "{currency}");
    }
}

/// The outcome of a callback of Stripe for an order in another store.
fn stripe_in(app: &TestApp, store: &str, order: &Value, currency: &str, amount: i64) -> String {
    let reference = format!("pi_{currency}_{amount}");
    let mut event = stripe_event(&format!("evt_{currency}_{amount}"), order, &reference, amount);
    event["data"]["object"]["currency"] = json!(currency);
    let body = event.to_string();
    let header = crate::common::provider::stripe_header(crate::common::provider::SECRET, body.as_bytes(), 0);
    let sender = app.guest().with_header("Stripe-Signature", &header);
    let path = format!("/payments/webhook/{store}/stripe");
    let reply = sender.send_bytes("POST", &path, "application/json", body.as_bytes()).expect(200);
    reply.json()["outcome"].as_str().unwrap().to_owned()
}

#[test]
fn a_provider_counts_in_its_own_units() {
    let app = TestApp::with(with_providers);
    for (currency, price, wrong, right) in [
        ("ISK", "500", 500, 50_000),
        ("UGX", "500", 500, 50_000),
        ("MGA", "500.00", 50_000, 500),
        ("JPY", "500", 50_000, 500),
        ("KWD", "5.120", 512, 5_120),
    ] {
        let (_, mara) = shop_in(&app, currency, price);
        let body = json!({"items": [{"product_id": "rice", "quantity": 1}], "payment_method": "upi"});
        let order = mara.post("/orders", &body).expect(201).json();
        let store = format!("STORE-{currency}");
        let of = |amount| stripe_in(&app, &store, &order, &currency.to_lowercase(), amount);
        assert_eq!(of(right + 1), "mismatched", "{currency}");
        let other = mara.post("/orders", &body).expect(201).json();
        assert_eq!(stripe_in(&app, &store, &other, &currency.to_lowercase(), right), "applied", "{currency}");
        assert_eq!(of(wrong), "mismatched", "{currency}");
    }
}
