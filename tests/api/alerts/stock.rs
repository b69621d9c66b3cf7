//! Alerts about stock: one for each event, for the rules that it matches.

use super::{Office, count, level, record};
use crate::common::json;
use stockroom::events::EventType::{StockBack, StockLow, StockOut};

#[test]
fn each_entry_into_a_state_is_one_mail_to_each_recipient() {
    let office = Office::open("entries");
    let rice = office.app.product("rice", 12.5, 3);
    office.rule("low_stock", &json!({"to": ["mail:ann@example.com", "mail:ben@example.com"]}));
    office.rule("out_of_stock", &json!({}));
    record(&office.app, StockLow, &rice, &level(3));
    let mut mails = office.deliver();
    mails.sort_by(|a, b| a.to.cmp(&b.to));
    assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["ann@example.com", "ben@example.com"]);
    for mail in &mails {
        assert!(mail.subject.ends_with(": low stock"), "{}", mail.subject);
        for part in [&mail.text, &mail.html] {
            assert!(part.contains("Rice (rice): 3 available, minimum 5"), "{part}");
        }
        assert!(mail.head.contains("Auto-Submitted: auto-generated"), "{}", mail.head);
    }
    // Nothing new has happened.
    assert!(office.deliver().is_empty());
    record(&office.app, StockOut, &rice, &level(0));
    record(&office.app, StockBack, &rice, &level(9));
    record(&office.app, StockLow, &rice, &level(4));
    let subjects = office.subjects();
    assert_eq!(subjects.len(), 3, "{subjects:?}");
    assert_eq!(count(&office.app, "mail_outbox"), 0);
}

#[test]
fn a_filter_chooses_products_by_category_or_by_id() {
    let office = Office::open("filters");
    let add = |sku: &str, category: &str| {
        office
            .app
            .create_product(&json!({"sku": sku, "name": sku, "price": 1, "category": category, "initial_stock": 1}))
    };
    let (pepper, salt, soap) = (add("pepper", "Épices"), add("salt", "epices"), add("soap", "Bath"));
    office.rule("low_stock", &json!({"filter": {"category": "EPICES"}}));
    office.rule("low_stock", &json!({"filter": {"product_ids": [soap.id, salt.id]}, "to": ["mail:ben@example.com"]}));
    for product in [&pepper, &salt, &soap] {
        record(&office.app, StockLow, product, &level(1));
    }
    let mut sent: Vec<(String, String)> = office
        .deliver()
        .into_iter()
        .map(|mail| {
            let name = ["pepper", "salt", "soap"].into_iter().find(|name| mail.text.contains(name)).unwrap();
            (mail.to, name.to_owned())
        })
        .collect();
    sent.sort();
    let expected = [("ann", "pepper"), ("ann", "salt"), ("ben", "salt"), ("ben", "soap")];
    assert_eq!(sent, expected.map(|(to, name)| (format!("{to}@example.com"), name.to_owned())));
}

#[test]
fn a_size_is_named_and_its_figures_are_those_of_the_event() {
    let office = Office::open("sizes");
    let tee = office.app.sized_product("tee", 30.0, &[("S", 1), ("M", 50)]);
    office.rule("back_in_stock", &json!({}));
    record(&office.app, StockBack, &tee, &json!({"size": "S", "available_quantity": 7}));
    let was_low = json!({"size": "M", "available_quantity": 50, "previous_stock_status": "low_stock"});
    record(&office.app, StockBack, &tee, &was_low);
    let mails = office.deliver();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains("Tee, S (tee-S): 7 available"), "{}", mails[0].text);
}

#[test]
fn a_rule_that_is_not_active_or_is_deleted_sends_nothing() {
    let office = Office::open("inactive");
    let rice = office.app.product("rice", 12.5, 3);
    let rules = [office.rule("low_stock", &json!({"active": false})), office.rule("low_stock", &json!({}))];
    office.admin.delete(&format!("/alerts/{}", rules[1]["id"])).expect(204);
    record(&office.app, StockLow, &rice, &level(3));
    assert!(office.deliver().is_empty());
    office.admin.patch(&format!("/alerts/{}", rules[0]["id"]), &json!({"active": true})).expect(200);
    // Events from before are not sent later.
    assert!(office.deliver().is_empty());
    record(&office.app, StockLow, &rice, &level(2));
    assert_eq!(office.deliver().len(), 1);
}

#[test]
fn a_store_gets_only_its_own_events_in_its_language() {
    let office = Office::open("language");
    office.app.other_store("STORE-FAR");
    let far = office.admin.clone().in_store("STORE-FAR");
    far.post("/alerts", &json!({"kind": "low_stock", "to": ["mail:far@example.com"]})).expect(201);
    office.rule("low_stock", &json!({}));
    office.app.set_store(&json!({"language": "de-AT", "name": "Laden"}));
    let rice = office.app.product("rice", 12.5, 3);
    record(&office.app, StockLow, &rice, &level(3));
    let mails = office.deliver();
    assert_eq!(mails.len(), 1);
    assert_eq!((mails[0].to.as_str(), mails[0].subject.as_str()), ("ann@example.com", "Laden: niedriger Bestand"));
    assert!(mails[0].text.contains("3 verfügbar, Mindestbestand 5"), "{}", mails[0].text);
}

#[test]
fn a_name_of_a_product_adds_no_header() {
    let office = Office::open("injection");
    let evil = "Rice\nBcc: eve@example.com =?utf-8?q?=0d=0aBcc:_eve@example.com?= <script>alert(1)</script>";
    let rice = office.app.create_product(&json!({"sku": "rice", "name": evil, "price": 1, "initial_stock": 3}));
    office.app.set_store(&json!({"name": "Shop\r\nBcc: eve@example.com"}));
    office.rule("low_stock", &json!({}));
    record(&office.app, StockLow, &rice, &level(3));
    let mail = office.deliver().remove(0);
    assert!(mail.head.lines().all(|line| !line.to_lowercase().starts_with("bcc:")), "{}", mail.head);
    assert_eq!(mail.subject, "Shop Bcc: eve@example.com: low stock");
    assert!(mail.html.contains("&lt;script&gt;") && !mail.html.contains("<script>"), "{}", mail.html);
}

#[test]
fn a_rule_of_a_place_follows_the_movements_of_that_place() {
    let office = Office::open("places");
    let app = &office.app;
    app.set_store(&json!({"order_mails": false}));
    let rice = app.create_product(&json!({"sku": "rice", "name": "Rice", "price": 1, "min_stock_level": 5}));
    let (main, attic) = (app.main_location(), app.add_location("attic"));
    app.receive(&rice, 8, main).expect(200);
    app.receive(&rice, 100, attic).expect(200);
    office.subjects();
    for kind in ["low_stock", "out_of_stock", "back_in_stock"] {
        office.rule(kind, &json!({"filter": {"location_id": main}}));
    }
    let take = |units: i64| {
        let body = json!({"quantity": units, "movement_type": "out", "reason": "lost", "location_id": main});
        office.admin.put(&format!("/inventory/products/{}/stock", rice.id), &body).expect(200);
    };
    take(2);
    assert!(office.deliver().is_empty());
    take(1);
    let mail = office.deliver().remove(0);
    assert!(mail.text.contains("Rice (rice): 5 available at Main, minimum 5"), "{}", mail.text);
    take(1);
    assert!(office.deliver().is_empty());
    take(4);
    let ends =
        |subjects: Vec<String>, end: &str| assert!(subjects.len() == 1 && subjects[0].ends_with(end), "{subjects:?}");
    ends(office.subjects(), ": out of stock");
    app.receive(&rice, 3, main).expect(200);
    ends(office.subjects(), ": back in stock");
    // The other place does not count.
    app.receive(&rice, 50, attic).expect(200);
    assert!(office.deliver().is_empty());
}

/// The whole way from a sale: the relay finds the change of the status, and the follower of the feed writes the mail.
#[test]
fn a_sale_that_makes_a_product_low_is_one_mail_and_a_receipt_that_brings_it_back_another() {
    let office = Office::open("real-changes");
    office.rule("low_stock", &json!({}));
    office.rule("out_of_stock", &json!({}));
    office.rule("back_in_stock", &json!({}));
    let rice = json!({"sku": "rice", "name": "Rice", "price": 10, "initial_stock": 8, "min_stock_level": 5});
    let rice = office.app.create_product(&rice);
    let buy = |quantity: i64| {
        let order = json!({"items": [{"product_id": rice.id, "quantity": quantity}]});
        office.admin.post("/orders", &order).expect(201);
        office.deliver().iter().filter(|mail| mail.to == "ann@example.com").count()
    };
    assert_eq!([buy(2), buy(1), buy(1), buy(4)], [0, 1, 0, 1]);
    office.app.receive(&rice, 9, office.app.main_location()).expect(200);
    assert_eq!(office.deliver().len(), 1);
    assert_eq!([buy(1), buy(3)], [0, 1]);
}

#[test]
fn an_alert_goes_to_a_webhook_of_its_store_while_it_is_on() {
    let office = Office::open("webhooks");
    let url = json!({"url": "https://example.com/stock", "types": ["order.placed"]});
    let webhook = office.admin.post("/webhooks", &url).expect(201).id();
    office.rule("low_stock", &json!({"to": [format!("webhook:{webhook}"), "mail:ann@example.com"]}));
    office.rule("low_stock", &json!({"to": [format!("webhook:{webhook}")], "digest": "hourly"}));
    let rice = office.app.product("rice", 12.5, 9);
    record(&office.app, StockLow, &rice, &level(3));
    assert_eq!(office.deliver().len(), 1);
    let deliveries = || {
        let page = office.admin.get(&format!("/webhooks/{webhook}/deliveries")).expect(200).json();
        let types = page["items"].as_array().unwrap().iter().map(|delivery| delivery["type"].clone());
        types.collect::<Vec<_>>()
    };
    assert_eq!(deliveries(), [json!("alert.low_stock")]);
    office.app.advance(3_600);
    assert!(office.deliver().is_empty());
    assert_eq!(deliveries().len(), 2);
    office.admin.patch(&format!("/webhooks/{webhook}"), &json!({"active": false})).expect(200);
    record(&office.app, StockLow, &rice, &level(2));
    assert_eq!(office.deliver().len(), 1);
    office.admin.delete(&format!("/webhooks/{webhook}")).expect(204);
    record(&office.app, StockLow, &rice, &level(1));
    assert_eq!(office.deliver().len(), 1);
    let body = json!({"kind": "low_stock", "to": [format!("webhook:{webhook}")]});
    office.admin.post("/alerts", &body).refused_field("to[0]");
}
