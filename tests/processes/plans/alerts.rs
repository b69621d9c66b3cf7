//! The jobs that write alerts and mails.

use super::{Plan, Watched, summary};
use crate::common::jobs::{follow_feed, send_alerts};
use crate::common::json;
use stockroom::jobs::Jobs;
use stockroom::mail::Mailer;

#[test]
fn the_jobs_of_alerts_read_the_rows_of_their_events_only() {
    let mut watched = Watched::start();
    let admin = watched.app.admin();
    let main = watched.app.main_location();
    let place = json!({"location_id": main});
    for kind in ["low_stock", "refund_due", "order_late", "count_variance"] {
        admin.post("/alerts", &json!({"kind": kind, "to": ["mail:ann@example.com"]})).expect(201);
    }
    let of_place = json!({"kind": "out_of_stock", "filter": place, "to": ["mail:ann@example.com"], "digest": "hourly"});
    admin.post("/alerts", &of_place).expect(201);
    watched.app.relay_feed();
    while watched.app.follow_feed() > 0 {}
    let mut settings = watched.app.settings.clone();
    settings.mail.dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("mails-plans");
    let mailer = Mailer::new(&settings.mail, "https://shop.example.com").unwrap();
    let jobs = Jobs { mailer, ..watched.app.jobs().clone() };
    let mara = watched.app.customer("mara");
    let order = mara.post("/orders", &json!({"items": [{"product_id": 9, "quantity": 1}]})).expect(201).json();
    let payment = json!({"payment_reference": "pay_plan"});
    admin.post(&format!("/orders/{}/payment/confirm", order["id"]), &payment).expect(200);
    admin
        .post(&format!("/orders/{}/refund", order["id"]), &json!({"refund_reference": "re_plan", "amount": 1}))
        .expect(200);
    mara.post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
    watched.app.relay_feed();
    let plans = watched.plans(|_| assert!(follow_feed(&jobs) > 0));
    assert!(plans.iter().any(|plan| plan.text.contains("INSERT INTO \"mail_outbox\"")), "{:#}", summary(&plans));
    plans.iter().for_each(Plan::assert_no_growing_table_is_read_through);
    let plans = watched.plans(|_| {
        send_alerts(&jobs);
    });
    assert!(plans.iter().any(|plan| plan.uses("orders_status_idx")), "{:#}", summary(&plans));
    plans.iter().for_each(Plan::assert_no_growing_table_is_read_through);
}
