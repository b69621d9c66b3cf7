//! Mails to buyers: one for each event of their orders.

use super::{Mail, Office, count};
use crate::common::people::email;
use crate::common::{TestApp, Value, json};
use stockroom::auth::Role;

fn clerk(app: &TestApp) -> crate::common::Client {
    app.staff(&["orders:read", "orders:create", "orders:update", "payments:confirm"])
}

fn number(order: &Value) -> String {
    order["order_number"].as_str().unwrap().to_owned()
}

#[test]
fn an_order_is_followed_from_its_placement_to_its_refund() {
    let office = Office::open("story");
    let app = &office.app;
    let (tee, mara, clerk) = (app.sized_product("tee", 30.0, &[("M", 50)]), app.customer("mara"), clerk(app));
    app.set_store(&json!({"shipping_flat_rate": 20}));
    mara.add_size_to_cart(&tee, "M", 2);
    let order = mara.checkout().expect(201).json();
    let number = number(&order);
    let placed = only(office.deliver());
    assert_eq!((placed.to, placed.subject), (email("mara"), format!("Your order {number} at {}", store_name(app))));
    for line in ["2 x Tee, M: 60.00 INR", "Shipping: 20.00 INR", "Total: 80.00 INR", "12 Lake Road", "560001 Bengaluru"]
    {
        assert!(placed.text.contains(line), "no {line} in {}", placed.text);
    }
    assert!(!placed.text.contains("Discount") && !placed.text.contains("is paid"), "{}", placed.text);
    let payment = json!({"payment_reference": "pay_1"});
    clerk.post(&format!("/orders/{}/payment/confirm", order["id"]), &payment).expect(200);
    assert_eq!(only(office.deliver()).subject, format!("Payment received for order {number}"));
    let parcel = json!({"lines": [{"item_id": order["items"][0]["id"], "quantity": 1}], "carrier": "DHL",
                        "tracking_number": "JD01", "tracking_url": "https://track.example.com/JD01"});
    clerk.post(&format!("/orders/{}/shipments", order["id"]), &parcel).expect(201);
    let shipped = only(office.deliver());
    assert_eq!(shipped.subject, format!("Your order {number} is on its way"));
    for line in ["1 x Tee, M", "Carrier: DHL", "Tracking number: JD01", "https://track.example.com/JD01"] {
        assert!(shipped.text.contains(line), "no {line} in {}", shipped.text);
    }
    assert!(shipped.html.contains("href=\"https:&#x2f;&#x2f;track.example.com&#x2f;JD01\""), "{}", shipped.html);
    let refund = json!({"refund_reference": "back_1", "amount": 12.5});
    clerk.post(&format!("/orders/{}/refund", order["id"]), &refund).expect(200);
    let refunded = only(office.deliver());
    assert_eq!(refunded.subject, format!("Refund for order {number}"));
    assert!(refunded.text.contains("we refunded 12.50 INR"), "{}", refunded.text);
    assert_eq!(count(app, "mail_outbox"), 0);
}

fn only(mut mails: Vec<Mail>) -> Mail {
    assert_eq!(mails.len(), 1, "{mails:?}");
    mails.remove(0)
}

fn store_name(app: &TestApp) -> String {
    let store = app.admin().get(&format!("/stores/{}", app.store)).expect(200).json();
    store["name"].as_str().unwrap().to_owned()
}

#[test]
fn an_order_that_costs_nothing_is_one_mail_and_a_payment_that_expires_another() {
    let office = Office::open("endings");
    let app = &office.app;
    let (gift, tee, mara) = (app.product("gift", 0.0, 5), app.product("tee", 30.0, 5), app.customer("mara"));
    let order = mara.buy(&gift, 1);
    let mail = only(office.deliver());
    assert!(mail.subject.starts_with("Your order ") && mail.text.contains("The order is paid."), "{}", mail.text);
    assert_eq!(order["payment_status"], "paid");
    let order = mara.order_upi(&tee, 1);
    assert!(only(office.deliver()).text.contains("Please pay until 20"));
    app.advance(901);
    app.expire_holds();
    let cancelled = only(office.deliver());
    assert_eq!(cancelled.subject, format!("Your order {} was cancelled", number(&order)));
    let order = mara.buy(&tee, 1);
    mara.cancel(&order).expect(200);
    assert_eq!(office.deliver().len(), 2);
}

#[test]
fn guests_and_customers_on_the_telephone_get_mails_at_the_address_of_the_order() {
    let office = Office::open("guests");
    let app = &office.app;
    app.set_store(&json!({"guest_orders": true}));
    let rice = app.product("rice", 10.0, 50);
    let order = |fields: Value| {
        let mut body = json!({"items": [{"product_id": rice.id, "quantity": 1}]});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        body
    };
    let guest = app.guest().post("/orders", &order(json!({"customer_email": "Guest@Example.com"}))).expect(201).json();
    assert_eq!(guest["customer_email"], "guest@example.com");
    assert_eq!(only(office.deliver()).to, "guest@example.com");
    let phone =
        json!({"customer_name": "Noor", "customer_email": "noor@example.com", "delivery_address": "1 Hill\n2 Dale"});
    clerk(app).post("/orders", &order(phone)).expect(201);
    let mail = only(office.deliver());
    assert_eq!(mail.to, "noor@example.com");
    assert!(mail.text.contains("Hello Noor,") && mail.text.contains("1 Hill"), "{}", mail.text);
    // Nobody gave an address.
    app.guest().post("/orders", &order(json!({}))).expect(201);
    assert!(office.deliver().is_empty());
    app.account("mara", Role::Customer);
    app.customer("mara").post("/orders", &order(json!({"customer_email": "gift@example.com"}))).expect(201);
    assert_eq!(only(office.deliver()).to, "gift@example.com");
    for wrong in ["guest", "guest@example.com\r\nBcc: eve@example.com", "ｇuest@example.com"] {
        let body = order(json!({"customer_email": wrong}));
        app.guest().post("/orders", &body).refused_field("customer_email");
    }
}

#[test]
fn a_name_of_a_buyer_adds_no_header_and_no_markup() {
    let office = Office::open("buyer");
    let rice = office.app.product("rice", 10.0, 50);
    let name = "Eve\r\nBcc: all@example.com <b>&";
    let body = json!({"items": [{"product_id": rice.id, "quantity": 1}], "customer_name": name,
                      "customer_email": "eve@example.com"});
    clerk(&office.app).post("/orders", &body).expect(201);
    let mail = only(office.deliver());
    assert!(mail.head.lines().all(|line| !line.to_lowercase().starts_with("bcc")), "{}", mail.head);
    assert!(mail.html.contains("&lt;b&gt;&amp;") && !mail.html.contains("<b>&"), "{}", mail.html);
}

#[test]
fn a_store_turns_the_mails_off_and_collected_orders_are_not_shipped() {
    let office = Office::open("off");
    let app = &office.app;
    let (rice, mara) = (app.product("rice", 10.0, 50), app.customer("mara"));
    let main = app.main_location();
    office.admin.patch(&format!("/locations/{main}"), &json!({"pickup": {"enabled": true}})).expect(200);
    let body = json!({"items": [{"product_id": rice.id, "quantity": 1}], "pickup_location_id": main});
    let order = mara.post("/orders", &body).expect(201).json();
    assert_eq!(office.deliver().len(), 1);
    clerk(app).post(&format!("/orders/{}/ready", order["id"]), &json!({})).expect(200);
    clerk(app).post(&format!("/orders/{}/shipments", order["id"]), &json!({})).expect(201);
    assert!(office.deliver().is_empty());
    app.set_store(&json!({"order_mails": false}));
    mara.buy(&rice, 1);
    assert!(office.deliver().is_empty());
    app.set_store(&json!({"order_mails": true}));
    assert!(office.deliver().is_empty());
}

#[test]
fn events_from_a_time_without_mail_are_not_sent_later() {
    let app = TestApp::start();
    let (rice, mara) = (app.product("rice", 10.0, 50), app.customer("mara"));
    mara.buy(&rice, 1);
    app.relay_feed();
    assert!(app.follow_feed() > 0);
    assert_eq!((app.follow_feed(), count(&app, "mail_outbox")), (0, 0));
}
