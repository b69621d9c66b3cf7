//! Alerts about refunds that are due, late orders, counts, and broken invariants.

use diesel::connection::SimpleConnection;

use super::{Office, count};
use crate::common::{Client, Value, json};

fn cashier(office: &Office) -> Client {
    office.app.staff(&["orders:read", "orders:update", "payments:confirm"])
}

/// Mails about orders are off, so that only alerts arrive.
fn office(name: &str) -> Office {
    let office = Office::open(name);
    office.app.set_store(&json!({"order_mails": false}));
    office
}

fn pay(cashier: &Client, order: &Value, reference: &str) {
    let payment = json!({"payment_reference": reference});
    cashier.post(&format!("/orders/{}/payment/confirm", order["id"]), &payment).expect(200);
}

fn refund(cashier: &Client, order: &Value, reference: &str) {
    cashier.post(&format!("/orders/{}/refund", order["id"]), &json!({"refund_reference": reference})).expect(200);
}

#[test]
fn a_due_refund_is_one_alert_while_it_lasts_and_another_one_later() {
    let office = office("refund");
    office.rule("refund_due", &json!({}));
    let (rice, mara, cashier) = (office.app.product("rice", 10.0, 50), office.app.customer("mara"), cashier(&office));
    let order = mara.buy(&rice, 3);
    assert!(office.deliver().is_empty());
    // Paid twice.
    pay(&cashier, &order, "pay_1");
    cashier
        .post(&format!("/orders/{}/payment/confirm", order["id"]), &json!({"payment_reference": "pay_2"}))
        .refused(409, "ALREADY_PAID");
    let mails = office.deliver();
    assert_eq!(mails.len(), 1);
    let number = order["order_number"].as_str().unwrap();
    assert!(mails[0].text.contains(&format!("Order {number}: 30.00 INR")), "{}", mails[0].text);
    // The refund is due for other reasons, too, and still is.
    cashier.post(&format!("/orders/{}/cancel", order["id"]), &json!({})).expect(200);
    assert!(office.deliver().is_empty());
    refund(&cashier, &order, "back_1");
    assert!(office.deliver().is_empty());
    assert_eq!(count(&office.app, "alert_states"), 0);
    let other = mara.buy(&rice, 1);
    pay(&cashier, &other, "pay_3");
    mara.post(&format!("/orders/{}/cancel", other["id"]), &json!({})).expect(200);
    assert_eq!(office.deliver().len(), 1);
}

#[test]
fn a_paid_order_without_a_shipment_is_late_once() {
    let office = office("late");
    let rule = office.rule("order_late", &json!({}));
    assert_eq!(rule["after_hours"], 48);
    office.rule("order_late", &json!({"after_hours": 1, "to": ["mail:ben@example.com"]}));
    let (rice, mara, cashier) = (office.app.product("rice", 10.0, 50), office.app.customer("mara"), cashier(&office));
    let orders = [mara.buy(&rice, 1), mara.buy(&rice, 2), mara.buy(&rice, 3)];
    pay(&cashier, &orders[0], "pay_1");
    pay(&cashier, &orders[1], "pay_2");
    // The third one is paid at the delivery, and nobody works on it.
    office.app.advance(3_500);
    assert!(office.deliver().is_empty());
    cashier.post(&format!("/orders/{}/shipments", orders[1]["id"]), &json!({})).expect(201);
    office.app.advance(200);
    let mails = office.deliver();
    assert_eq!(mails.len(), 1);
    let number = orders[0]["order_number"].as_str().unwrap();
    assert_eq!(mails[0].to, "ben@example.com");
    assert!(mails[0].text.contains(&format!("Order {number}: open since ")), "{}", mails[0].text);
    assert!(office.deliver().is_empty());
    office.app.advance(48 * 3_600);
    let mails = office.deliver();
    assert_eq!((mails.len(), mails[0].to.as_str()), (1, "ann@example.com"));
    cashier.post(&format!("/orders/{}/shipments", orders[0]["id"]), &json!({})).expect(201);
    assert!(office.deliver().is_empty());
    assert_eq!(count(&office.app, "alert_states"), 0);
}

#[test]
fn a_count_with_differences_is_an_alert_of_its_place() {
    let office = office("count");
    let rice = office.app.product("rice", 10.0, 20);
    let salt = office.app.product("salt", 1.0, 5);
    let (main, attic) = (office.app.main_location(), office.app.add_location("attic"));
    office.rule("count_variance", &json!({"filter": {"location_id": main}}));
    office.rule("count_variance", &json!({"filter": {"location_id": attic}, "to": ["mail:ben@example.com"]}));
    let post = |rice_units: i64, salt_units: i64| {
        let count =
            office.admin.post("/counts", &json!({"location_id": main, "scope": {"all": true}})).expect(201).json();
        let path = |act: &str| format!("/counts/{}/{act}", count["id"]);
        let entries = json!({"entries": [{"product_id": rice.id, "quantity": rice_units},
                                         {"product_id": salt.id, "quantity": salt_units}]});
        office.admin.post(&path("entries"), &entries).expect(200);
        office.admin.post(&path("submit"), &json!({})).expect(200);
        office.admin.post(&path("post"), &json!({})).expect(200);
        count["count_number"].as_str().unwrap().to_owned()
    };
    post(20, 5);
    assert!(office.deliver().is_empty());
    let number = post(17, 6);
    let mails = office.deliver();
    assert_eq!((mails.len(), mails[0].to.as_str()), (1, "ann@example.com"));
    let line = format!("Count {number}: 2 lines, 3 units missing, 1 units too many");
    assert!(mails[0].text.contains(&line), "{}", mails[0].text);
}

#[test]
fn violated_invariants_are_one_alert_while_they_last() {
    let office = office("invariants");
    let rice = office.app.product("rice", 10.0, 20);
    let check = || {
        office.app.verify_stores();
        office.deliver()
    };
    assert!(check().is_empty());
    office.rule("books_broken", &json!({}));
    assert!(check().is_empty());
    let execute = |sql: &str| office.app.connection().batch_execute(sql).unwrap();
    execute(&format!("UPDATE products SET name = name WHERE id = {}", rice.id));
    execute("UPDATE stock_levels SET stock_quantity = stock_quantity + 1");
    // The check of today has been done.
    assert!(check().is_empty());
    office.app.advance(86_400);
    let mails = check();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].subject.ends_with(": the check of the data found errors"), "{}", mails[0].subject);
    assert!(mails[0].text.contains("stock"), "{}", mails[0].text);
    office.app.advance(86_400);
    assert!(check().is_empty());
    execute("UPDATE stock_levels SET stock_quantity = stock_quantity - 1");
    office.app.advance(86_400);
    assert!(check().is_empty());
    assert_eq!(count(&office.app, "alert_states"), 0);
}
