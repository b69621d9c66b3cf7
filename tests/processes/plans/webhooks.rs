//! Deliveries of webhooks are found by indexes.

use super::Watched;
use crate::common::TestApp;
use crate::common::json;
use crate::common::receiver::Receiver;
use diesel::connection::SimpleConnection;

#[test]
fn the_job_that_sends_to_webhooks_finds_its_rows_by_indexes() {
    let app = TestApp::with(|settings| settings.webhooks.allow_private = true);
    let (admin, receiver) = (app.admin(), Receiver::accepting());
    for number in 0..20 {
        app.product(&format!("mug-{number}"), 10.0, 1);
    }
    app.relay_feed();
    let hook = admin.post("/webhooks", &json!({"url": receiver.url})).expect(201).json();
    app.connection()
        .batch_execute(
            "INSERT INTO webhook_deliveries (store_id, webhook_id, event_id, event_type, state, attempts, attempt_count, \
                    next_attempt_at, finished_at, created_at) \
             SELECT w.store_id, w.id, n || '.1', 'product.created', \
                    CASE WHEN n % 20 = 0 THEN 'pending' WHEN n % 20 = 1 THEN 'failed' ELSE 'succeeded' END, \
                    '[{\"at\": \"2026-01-01T00:00:00Z\", \"status\": 500, \"duration_ms\": 1, \"answer\": \"\", \"error\": null}]', 1, \
                    CASE WHEN n % 20 = 0 THEN now() + interval '1 day' END, CASE WHEN n % 20 > 0 THEN now() END, now() \
             FROM webhooks w, generate_series(1, 30000) n; ANALYZE",
        )
        .unwrap();
    let mut watched = Watched::existing(app);
    let plans = watched.plans(|app| {
        let second = app.second_server();
        app.product("cup", 10.0, 1);
        app.relay_feed();
        assert_eq!(crate::common::jobs::deliver_webhooks(second.jobs()), 2);
        let path = format!("/webhooks/{}/deliveries", hook["id"]);
        for query in ["", "?state=failed", "?state=pending", "?sort=id"] {
            admin.clone().at(&second.address).get(&format!("{path}{query}")).expect(200);
        }
    });
    assert!(plans.iter().any(|plan| plan.uses("webhook_deliveries_due_idx")));
    // The number of all deliveries of a webhook is counted.
    let counts = |text: &str| text.contains("count(*)") || text.contains("COUNT(*)");
    let others = plans.iter().filter(|plan| !counts(&plan.text));
    others.for_each(|plan| plan.assert_none_is_read_through(&["webhook_deliveries"]));
}
