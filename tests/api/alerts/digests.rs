//! Alerts of an hour or a day in one mail.

use super::{Office, count, level, record};
use crate::common::{json, race};
use stockroom::events::EventType::{StockLow, StockOut};

#[test]
fn a_digest_has_all_alerts_of_its_hour_with_what_to_order() {
    let office = Office::open("hourly");
    let rice = office.app.create_product(
        &json!({"sku": "rice", "name": "Rice", "price": 10, "initial_stock": 3, "min_stock_level": 5, "max_stock_level": 40}),
    );
    let salt = office.app.product("salt", 1.0, 5);
    let farm = office.admin.post("/suppliers", &json!({"code": "FARM", "name": "The farm"})).expect(201).id();
    let item = json!({"product_id": rice.id, "unit_cost": 4, "pack_quantity": 10});
    office.admin.post(&format!("/suppliers/{farm}/items"), &item).expect(201);
    office.app.find_scarce_variants();
    // Rice is low from its first unit on, which is before the rules.
    office.deliver();
    office.rule("low_stock", &json!({"digest": "hourly"}));
    office.rule("out_of_stock", &json!({"digest": "daily", "to": ["mail:ben@example.com"]}));
    for (product, available) in [(&rice, 4), (&salt, 3), (&rice, 3)] {
        record(&office.app, StockLow, product, &level(available));
    }
    record(&office.app, StockOut, &salt, &level(0));
    assert!(office.deliver().is_empty());
    assert_eq!(count(&office.app, "alert_notices"), 4);
    office.app.advance(3_600);
    // The day may end with this hour.
    let mails: Vec<_> = office.deliver().into_iter().filter(|mail| mail.to == "ann@example.com").collect();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].subject.ends_with(": low stock (3)"), "{}", mails[0].subject);
    for line in [
        "Rice (rice): 4 available, minimum 5; order 40 from The farm",
        "Rice (rice): 3 available, minimum 5; order 40 from The farm",
        "Salt (salt): 3 available, minimum 5",
    ] {
        assert!(mails[0].text.contains(line) && mails[0].html.contains(line), "{line} in {}", mails[0].text);
    }
    office.app.advance(3_600);
    assert!(office.deliver().iter().all(|mail| mail.to != "ann@example.com"));
    office.app.advance(86_400);
    office.deliver();
    assert_eq!((count(&office.app, "alert_notices"), count(&office.app, "mail_outbox")), (0, 0));
    // Nothing was collected, so there is no mail.
    office.app.advance(86_400);
    assert!(office.deliver().is_empty());
}

#[test]
fn servers_that_work_at_the_same_time_send_a_digest_once() {
    let office = Office::open("digest-race");
    office.rule("low_stock", &json!({"digest": "hourly"}));
    let rice = office.app.product("rice", 10.0, 3);
    let second = office.app.second_server();
    for round in 1..=10 {
        for available in 1..=3 {
            record(&office.app, StockLow, &rice, &level(available));
        }
        office.app.relay_feed();
        office.app.follow_feed();
        office.app.advance(3_600);
        race(4, |index| match index % 2 {
            0 => office.app.send_alerts(),
            _ => crate::common::jobs::send_alerts(second.jobs()),
        });
        let mails = office.deliver();
        assert_eq!(mails.len(), 1, "round {round}");
        assert!(mails[0].subject.ends_with("(3)"), "{}", mails[0].subject);
    }
}

#[test]
fn a_rule_that_is_turned_off_forgets_its_waiting_alerts() {
    let office = Office::open("forgotten");
    let rule = office.rule("low_stock", &json!({"digest": "daily"}));
    let rice = office.app.product("rice", 10.0, 3);
    record(&office.app, StockLow, &rice, &level(3));
    office.deliver();
    assert_eq!(count(&office.app, "alert_notices"), 1);
    office.admin.patch(&format!("/alerts/{}", rule["id"]), &json!({"active": false})).expect(200);
    assert_eq!(count(&office.app, "alert_notices"), 0);
    office.admin.patch(&format!("/alerts/{}", rule["id"]), &json!({"active": true})).expect(200);
    record(&office.app, StockLow, &rice, &level(2));
    office.deliver();
    office.admin.delete(&format!("/alerts/{}", rule["id"])).expect(204);
    assert_eq!(count(&office.app, "alert_notices"), 0);
}
