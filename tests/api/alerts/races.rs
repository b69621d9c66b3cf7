//! Many changes of stock statuses at once, and several servers that follow the feed.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Office, count, level, record};
use crate::common::jobs::{follow_feed, relay_feed, send_alerts, send_mails};
use crate::common::{json, race, smtp};
use stockroom::events::EventType::StockLow;

/// Without the lock of the follower's position, servers write the same events twice. The unique key of the outbox is the
/// second guard: digests have none, so they show it.
#[test]
fn a_hundred_status_changes_in_a_race_are_a_hundred_mails_and_one_digest_of_a_hundred() {
    let office = Office::open("race");
    office.rule("low_stock", &json!({}));
    office.rule("low_stock", &json!({"digest": "hourly", "to": ["mail:ben@example.com"]}));
    let rice = office.app.product("rice", 10.0, 50);
    let second = office.app.second_server();
    let servers = [office.app.jobs(), second.jobs()];
    let is_over = AtomicBool::new(false);
    race(6, |index| {
        if index < 4 {
            for turn in 0..25 {
                record(&office.app, StockLow, &rice, &level(i64::try_from(index * 25 + turn).unwrap()));
            }
            return;
        }
        while !is_over.load(Ordering::Acquire) {
            relay_feed(servers[index - 4]);
            follow_feed(servers[index - 4]);
            is_over.store(count(&office.app, "alert_notices") >= 100, Ordering::Release);
        }
    });
    office.app.relay_feed();
    office.app.follow_feed();
    assert_eq!((count(&office.app, "mail_outbox"), count(&office.app, "alert_notices")), (100, 100));
    let sent: usize = race(4, |index| send_mails(servers[index % 2])).into_iter().sum();
    assert_eq!(sent + send_mails(servers[0]), 100);
    let texts: BTreeSet<String> =
        smtp::written(&office.mails).iter().map(|mail| super::Mail::parse(mail).text).collect();
    assert_eq!(texts.len(), 100);
    office.app.advance(3_600);
    race(2, |index| send_alerts(servers[index]));
    let digests: Vec<_> = office.deliver().into_iter().filter(|mail| mail.to == "ben@example.com").collect();
    assert_eq!(digests.len(), 1);
    assert!(digests[0].subject.ends_with("(100)"), "{}", digests[0].subject);
}

#[test]
fn an_order_whose_refund_stays_due_in_a_race_is_one_alert() {
    let office = Office::open("refund-race");
    office.app.set_store(&json!({"order_mails": false}));
    office.rule("refund_due", &json!({}));
    let (rice, mara) = (office.app.product("rice", 10.0, 500), office.app.customer("mara"));
    let cashier = office.app.cashier();
    let second = office.app.second_server();
    for round in 0..10 {
        let order = mara.buy(&rice, 5);
        race(6, |index| match index {
            0..4 => {
                // The first payment is accepted, and the others are due back.
                let payment = json!({"payment_reference": format!("pay_{round}_{index}")});
                cashier.post(&format!("/orders/{}/payment/confirm", order["id"]), &payment);
            }
            4 => {
                office.app.relay_feed();
                office.app.follow_feed();
            }
            _ => {
                relay_feed(second.jobs());
                follow_feed(second.jobs());
            }
        });
        assert_eq!(office.deliver().len(), 1, "round {round}");
    }
}
