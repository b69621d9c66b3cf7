//! Several servers share the work, and a backlog stays in the feed.

use std::collections::BTreeMap;
use std::thread;

use super::{deliveries, start, webhook};
use crate::common::jobs::deliver_webhooks;
use crate::common::receiver::{Behaviour, Receiver};
use crate::common::{TestApp, Value, json};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

#[test]
fn two_servers_send_no_event_twice() {
    let app = start();
    let second = app.second_server();
    let (admin, receiver) = (app.admin(), Receiver::start(|_| Behaviour::status(200)));
    let hooks = [(); 3].map(|()| webhook(&admin, &receiver.url, &[]));
    for number in 0..60 {
        app.product(&format!("mug-{number}"), 10.0, 1);
    }
    app.relay_feed();
    thread::scope(|scope| {
        for _ in 0..2 {
            for jobs in [app.jobs(), second.jobs()] {
                scope.spawn(move || deliver_webhooks(jobs));
            }
        }
    });
    // Servers that found nothing left may have stopped before the last event was queued.
    app.deliver_webhooks();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for request in receiver.all() {
        *counts.entry(request.id().to_owned()).or_default() += 1;
    }
    assert_eq!(counts.len(), 120);
    assert!(counts.values().all(|count| *count == hooks.len()), "{counts:?}");
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[test]
fn a_backlog_stays_in_the_feed() {
    let app = start();
    let (admin, receiver) = (app.admin(), Receiver::accepting());
    let hook = webhook(&admin, &receiver.url, &[]);
    let mut conn = app.connection();
    conn.batch_execute(
        "INSERT INTO outbox (store_id, movements, entries, events, created_at) \
         SELECT id, '{}', '{}', (SELECT jsonb_agg(jsonb_build_object('type', 'product.updated', 'subject', n, \
                'actor', 'system', 'at', now(), 'data', '{}'::jsonb)) FROM generate_series(1, 100) n), now() \
         FROM stores, generate_series(1, 30)",
    )
    .unwrap();
    app.relay_feed();
    let count = |conn: &mut PgConnection| {
        let query = diesel::sql_query("SELECT count(*) FROM webhook_deliveries");
        query.get_result::<Count>(conn).unwrap().count
    };
    admin.patch(&format!("/webhooks/{}", hook["id"]), &json!({"active": false})).expect(200);
    assert_eq!((app.deliver_webhooks(), count(&mut conn)), (0, 0));
    admin.patch(&format!("/webhooks/{}", hook["id"]), &json!({"active": true})).expect(200);
    thread::scope(|scope| {
        let sending = scope.spawn(|| app.deliver_webhooks());
        while !sending.is_finished() {
            let waiting = diesel::sql_query(
                "SELECT count(*) FROM webhook_deliveries WHERE state = 'pending' AND attempt_count = 0",
            );
            assert!(waiting.get_result::<Count>(&mut app.connection()).unwrap().count <= 1_000);
        }
        assert_eq!(sending.join().unwrap(), 3_000);
    });
    assert_eq!((count(&mut conn), receiver.all().len()), (3_000, 3_000));
}

/// A server dies after it has claimed deliveries. The lease ends, and they are sent.
#[test]
fn deliveries_of_a_dead_server_are_sent_after_their_lease() {
    let app = start();
    let (admin, receiver) = (app.admin(), Receiver::accepting());
    let hook = webhook(&admin, &receiver.url, &["product.created"]);
    app.product("mug", 10.0, 0);
    app.relay_feed();
    // The server that queues the delivery cannot record the result.
    let mut conn = app.connection();
    conn.batch_execute("ALTER TABLE webhook_deliveries ADD CONSTRAINT dead CHECK (attempt_count = 0) NOT VALID")
        .unwrap();
    let jobs = app.jobs().clone();
    let failed = actix_web::rt::System::new().block_on(async move { jobs.deliver_webhooks().await });
    assert!(failed.is_err());
    conn.batch_execute("ALTER TABLE webhook_deliveries DROP CONSTRAINT dead").unwrap();
    assert_eq!((app.deliver_webhooks(), receiver.all().len()), (0, 1));
    app.advance(31);
    assert_eq!(app.deliver_webhooks(), 1);
    let received = receiver.all();
    assert_eq!((received.len(), received[0].id()), (2, received[1].id()));
    let state: Vec<Value> = deliveries(&admin, &hook).into_iter().map(|one| one["state"].clone()).collect();
    assert_eq!(state, [json!("succeeded")]);
}

/// Deliveries that wait for their first attempt, as alerts, tests and repeated events leave them.
fn insert_extra(app: &TestApp, hook: &Value, count: i64) {
    let extra = format!(
        "INSERT INTO webhook_deliveries (store_id, webhook_id, event_id, event_type, body, is_extra, state, attempts, \
                attempt_count, next_attempt_at, created_at) \
         SELECT {}, {}, 'alert_' || n, 'alert.low_stock', '{{}}', true, 'pending', '[]', 0, now() + interval '1 day', now() \
         FROM generate_series(1, {count}) n",
        app.store, hook["id"]
    );
    app.connection().batch_execute(&extra).unwrap();
}

#[test]
fn alerts_tests_and_repeated_events_are_bounded_and_do_not_stop_the_feed() {
    let app = start();
    let (admin, receiver) = (app.admin(), Receiver::accepting());
    let hook = webhook(&admin, &receiver.url, &["product.created"]);
    let to = json!([format!("webhook:{}", hook["id"])]);
    admin.post("/alerts", &json!({"kind": "low_stock", "to": to})).expect(201);
    insert_extra(&app, &hook, 999);
    let test = format!("/webhooks/{}/test", hook["id"]);
    admin.post_nothing(&test).expect(201);
    assert_eq!(app.deliver_webhooks(), 1);
    insert_extra(&app, &hook, 1);
    let mug = app.product("mug", 10.0, 8);
    assert_eq!(app.deliver_webhooks(), 1);
    let path = format!("/webhooks/{}/deliveries?state=succeeded", hook["id"]);
    let sent = admin.get(&path).expect(200).json()["items"][0].clone();
    assert_eq!(sent["type"], "product.created");
    admin.post_nothing(&test).refused(503, "BUSY");
    let replay = json!({"delivery_id": sent["id"]});
    admin.post(&format!("/webhooks/{}/replay", hook["id"]), &replay).refused(503, "BUSY");
    // The alert is left out, and the rest goes on.
    let count_alerts = "SELECT count(*) FROM webhook_deliveries WHERE event_type = 'alert.low_stock'";
    let count = || diesel::sql_query(count_alerts).get_result::<Count>(&mut app.connection()).unwrap().count;
    app.set_product(&mug, &json!({"min_stock_level": 5}));
    let set_stock = |units: i64| {
        app.set_stock(&mug, units);
        app.relay_feed();
        app.follow_feed();
    };
    set_stock(3);
    assert_eq!(count(), 1_000);
    app.connection().batch_execute("DELETE FROM webhook_deliveries WHERE event_id = 'alert_2'").unwrap();
    set_stock(8);
    assert_eq!(count(), 999);
    set_stock(3);
    assert_eq!(count(), 1_000);
}

#[test]
fn many_deliveries_are_counted_up_to_a_limit() {
    let app = start();
    let (admin, receiver) = (app.admin(), Receiver::accepting());
    let hook = webhook(&admin, &receiver.url, &["product.created"]);
    insert_extra(&app, &hook, 10_005);
    let list = |query: &str| {
        let found = admin.get(&format!("/webhooks/{}/deliveries{query}", hook["id"])).expect(200).json();
        (found["total"].as_i64().unwrap(), found["items"].as_array().unwrap().len())
    };
    assert_eq!((list(""), list("?state=failed"), list("?page=501")), ((10_000, 20), (0, 0), (10_000, 5)));
}
