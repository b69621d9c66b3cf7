//! Much at once: every transaction has an end, and what is left out is as it was promised.

use super::{Office, count, level};
use crate::common::people::email;
use crate::common::shop::Product;
use crate::common::{TestApp, Value, json};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stockroom::alerts::queries::states;
use stockroom::db::End;
use stockroom::db::tx::{self, Mode};
use stockroom::events::EventType::StockLow;
use stockroom::events::{self, RecordedEvent};
use stockroom::kernel::id::{AlertId, OrderId};

/// Records this number of events in one transaction.
fn record_many(app: &TestApp, product: &Product, events: i64) {
    let (store, id) = (app.store, product.id);
    let record = |conn: &mut PgConnection| {
        let at = stockroom::db::clock(conn)?;
        for available in 0..events {
            events::record(store, &RecordedEvent::new(StockLow, id, "system", at).with_data(level(available)))?;
        }
        Ok(End::Commit(()))
    };
    tx::run(&mut app.connection(), Mode::Write, record).unwrap();
}

fn execute(app: &TestApp, sql: &str) {
    app.connection().batch_execute(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
}

/// A statement may take five seconds. Ten mails take longer here, and one does not.
#[test]
fn events_that_take_too_long_together_are_read_one_by_one() {
    let office = Office::open("slow");
    office.rule("low_stock", &json!({}));
    let rice = office.app.product("rice", 10.0, 50);
    execute(
        &office.app,
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.6); RETURN NEW; END $$;
         CREATE TRIGGER slow BEFORE INSERT ON mail_outbox FOR EACH ROW EXECUTE FUNCTION slow()",
    );
    (0..10).for_each(|_| record_many(&office.app, &rice, 1));
    office.app.relay_feed();
    assert!(office.app.follow_feed() >= 10);
    assert_eq!((count(&office.app, "mail_outbox"), office.app.follow_feed()), (10, 0));
}

#[test]
fn many_alerts_of_one_transaction_are_one_mail() {
    let office = Office::open("many");
    office.rule("low_stock", &json!({}));
    let rice = office.app.product("rice", 10.0, 50);
    record_many(&office.app, &rice, 100);
    assert_eq!(office.deliver().len(), 100);
    record_many(&office.app, &rice, 450);
    let mails = office.deliver();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0].subject.ends_with("(450)"), "{}", mails[0].subject);
    assert_eq!(mails[0].text.matches("Rice").count(), 200, "{}", mails[0].text);
    assert!(mails[0].text.contains("250"), "{}", mails[0].text);
}

#[test]
fn an_address_gets_few_mails_about_orders_in_an_hour() {
    let office = Office::open("flood");
    let app = &office.app;
    app.set_store(&json!({"guest_orders": true}));
    let rice = app.product("rice", 10.0, 500);
    let order = |to: &str| {
        let body = json!({"items": [{"product_id": rice.id, "quantity": 1}], "customer_email": to});
        app.guest().post("/orders", &body).expect(201);
    };
    let delivered = |to: &str| office.deliver().iter().filter(|mail| mail.to == to).count();
    (0..15).for_each(|_| order("ann@example.com"));
    assert_eq!(delivered("ann@example.com"), 15);
    (0..15).for_each(|_| order("ann@example.com"));
    order("ben@example.com");
    let mails = office.deliver();
    let to = |address: &str| mails.iter().filter(|mail| mail.to == address).count();
    assert_eq!((to("ann@example.com"), to("ben@example.com")), (5, 1));
    app.advance(3_500);
    order("ann@example.com");
    assert_eq!((delivered("ann@example.com"), app.purge_mail_counts()), (0, 0));
    app.advance(101);
    order("ann@example.com");
    assert_eq!(delivered("ann@example.com"), 1);
    app.advance(3_601);
    assert_eq!((app.purge_mail_counts(), count(app, "order_mail_counts")), (2, 0));
}

#[test]
fn a_mail_to_another_address_has_no_links_and_no_notes_of_its_buyer() {
    let office = Office::open("links");
    let app = &office.app;
    let rice = app.product("rice", 10.0, 50);
    let template = json!({"subject": "Order", "text": "{{ order.customer_name or '' }}|{{ order.notes or '' }}|{{ order.address }}",
                          "html": "<p></p>"});
    office.admin.put(&format!("/stores/{}/mail-templates/order_placed/en", app.store), &template).expect(200);
    let name = "Claim your prize at https://prize.example/now today, dear lucky customer of ours";
    let mut body = json!({"items": [{"product_id": rice.id, "quantity": 1}], "customer_name": name,
                          "notes": "Go to prize.example", "delivery_address": "1 Hill\nwww.prize.example",
                          "customer_email": "ann@example.com"});
    let clerk = app.staff(&["orders:read", "orders:create"]);
    clerk.post("/orders", &body).expect(201);
    let mail = office.deliver().remove(0);
    assert!(mail.text.contains("Claim your prize at https: //prize. example/now today, dear||"), "{}", mail.text);
    assert!(mail.text.contains("www. prize. example"), "{}", mail.text);
    // A buyer may write notes to the own account.
    let mara = app.customer("mara");
    body = json!({"items": [{"product_id": rice.id, "quantity": 1}], "notes": "Ring twice"});
    mara.post("/orders", &body).expect(201);
    let mail = office.deliver().remove(0);
    assert_eq!(mail.to, email("mara"));
    assert!(mail.text.contains("|Ring twice|"), "{}", mail.text);
}

#[test]
fn late_orders_are_searched_in_parts() {
    let office = Office::open("parts");
    let app = &office.app;
    let (rice, mara) = (app.product("rice", 10.0, 50), app.customer("mara"));
    let rule = office.rule("order_late", &json!({}));
    let cashier = app.cashier();
    let mut ids: Vec<i64> = Vec::new();
    for number in 0..5 {
        let order = mara.buy(&rice, 1);
        let payment = json!({"payment_reference": format!("pay_{number}")});
        cashier.post(&format!("/orders/{}/payment/confirm", order["id"]), &payment).expect(200);
        ids.push(order["id"].as_i64().unwrap());
    }
    let open = |after: i64| states::list_open_orders(&mut app.connection(), app.store, (after, 2)).unwrap();
    let numbers = |orders: Vec<OrderId>| orders.into_iter().map(|order| order.0).collect::<Vec<_>>();
    assert_eq!((numbers(open(0)), numbers(open(ids[1]))), (ids[..2].to_vec(), ids[2..4].to_vec()));
    let alert = AlertId(rule["id"].as_i64().unwrap());
    let late = [(alert, chrono::Utc::now() + chrono::TimeDelta::hours(1))];
    let enter = |orders: &[OrderId]| {
        states::enter_late_orders(&mut app.connection(), app.store, &late, orders, chrono::Utc::now()).unwrap().len()
    };
    assert_eq!((enter(&open(0)), enter(&open(ids[1])), enter(&open(ids[3])), enter(&open(0))), (2, 2, 1, 0));
    // The states of orders in other parts stay as they are.
    execute(app, "UPDATE alert_states SET subject_id = subject_id + 1000000");
    let leave = |page| {
        states::leave_shipped_orders(&mut app.connection(), app.store, &[alert], page).unwrap();
        count(app, "alert_states")
    };
    assert_eq!((leave((0, ids[4])), leave((ids[4], 1_000_000 + ids[1])), leave((0, i64::MAX))), (5, 3, 0));
}

/// The states of an alert are deleted in parts, and it is off until then.
#[test]
fn an_alert_with_many_states_is_forgotten_in_parts() {
    let office = Office::open("forget");
    let app = &office.app;
    let fill = |rule: &Value| {
        let states = format!(
            "INSERT INTO alert_states (store_id, alert_id, subject_id, entered_at) \
             SELECT {}, {}, n, now() FROM generate_series(1, 15000) n",
            app.store, rule["id"]
        );
        execute(app, &states);
    };
    let (rule, other) = (office.rule("refund_due", &json!({})), office.rule("refund_due", &json!({})));
    [&rule, &other].into_iter().for_each(fill);
    let (path, other_path) = (format!("/alerts/{}", rule["id"]), format!("/alerts/{}", other["id"]));
    office.admin.patch(&path, &json!({"active": false})).expect(200);
    assert_eq!(count(app, "alert_states"), 20_000);
    execute(
        app,
        "INSERT INTO alert_states SELECT store_id, alert_id, subject_id + 20000, entered_at FROM alert_states",
    );
    office.admin.patch(&path, &json!({"active": true})).refused(503, "BUSY");
    office.admin.delete(&other_path).expect(204);
    office.admin.get(&other_path).refused(404, "ALERT_NOT_FOUND");
    office.admin.patch(&other_path, &json!({"active": true})).refused(404, "ALERT_NOT_FOUND");
    assert_eq!(office.admin.get("/alerts").expect(200).json()["total"], 1);
    assert!(count(app, "alert_states") > 0 && count(app, "alerts") == 2);
    app.purge_alerts();
    assert_eq!((count(app, "alert_states"), count(app, "alerts")), (0, 1));
    office.admin.patch(&path, &json!({"active": true})).expect(200);
}
