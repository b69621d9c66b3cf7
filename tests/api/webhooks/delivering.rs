//! Every event arrives, signed, with its id.

use super::{deliveries, get, start, statuses, webhook};
use crate::common::receiver::{Behaviour, Receiver};
use crate::common::{Value, json};
use crate::events::follow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn a_webhook_receives_the_events_of_the_feed_from_its_creation_on() {
    let app = start();
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let mug = app.product("mug", 10.0, 50);
    app.relay_feed();
    let (before, cursor) = follow(&admin, "0".to_owned(), 100);
    assert!(!before.is_empty());
    let (all, orders) = (Receiver::accepting(), Receiver::accepting());
    let hook = webhook(&admin, &format!("{}/all?shop=1", all.url), &[]);
    let for_orders = webhook(&admin, &orders.url, &["order.placed", "order.cancelled"]);
    let order = mara.buy(&mug, 2);
    mara.buy(&mug, 1);
    mara.post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
    app.deliver_webhooks();

    let (events, _) = follow(&admin, cursor, 100);
    assert!(events.len() >= 6, "{events:?}");
    let received = all.all();
    let bodies: BTreeMap<String, Value> = received.iter().map(|one| (one.id().to_owned(), one.json())).collect();
    let expected: BTreeMap<String, Value> =
        events.iter().map(|event| (event["id"].as_str().unwrap().to_owned(), event.clone())).collect();
    assert_eq!((received.len(), bodies), (events.len(), expected));
    for request in &received {
        assert_eq!((request.path.as_str(), request.header("content-type")), ("/all?shop=1", "application/json"));
        assert!(request.header("user-agent").starts_with("Stockroom/"));
        assert!(request.is_signed_by(hook["secret"].as_str().unwrap()));
        assert!(!request.is_signed_by(for_orders["secret"].as_str().unwrap()));
        let sent_at: i64 = request.header("webhook-timestamp").parse().unwrap();
        assert!((sent_at - chrono::Utc::now().timestamp()).abs() < 60);
    }
    let types: Vec<Value> = orders.all().iter().map(|request| request.json()["type"].clone()).collect();
    assert_eq!(types.len(), 3, "{types:?}");
    let of_hook = deliveries(&admin, &hook);
    assert!(of_hook.iter().all(|one| one["state"] == "succeeded" && statuses(one) == [204]), "{of_hook:?}");
    let ids: Vec<&Value> = of_hook.iter().map(|delivery| &delivery["event_id"]).collect();
    assert_eq!(ids, events.iter().map(|event| &event["id"]).collect::<Vec<_>>());
    assert_eq!(app.deliver_webhooks(), 0);
}

#[test]
fn a_failed_delivery_is_repeated_by_the_schedule_with_the_same_id() {
    let app = start();
    let (admin, receiver) = (app.admin(), Receiver::start(|_| Behaviour::answer(500, "", "no")));
    let hook = webhook(&admin, &receiver.url, &["product.created"]);
    app.product("mug", 10.0, 5);
    assert_eq!(app.deliver_webhooks(), 1);
    for (attempt, pause) in [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000].into_iter().enumerate() {
        app.advance(pause / 2);
        assert_eq!(app.deliver_webhooks(), 0, "before attempt {}", attempt + 2);
        // Up to a tenth is added to the pause.
        app.advance(pause - pause / 2 + pause / 10 + 1);
        assert_eq!(app.deliver_webhooks(), 1, "attempt {}", attempt + 2);
    }
    app.advance(100_000);
    assert_eq!(app.deliver_webhooks(), 0);
    let delivery = deliveries(&admin, &hook).pop().unwrap();
    assert_eq!((&delivery["state"], &delivery["next_attempt_at"]), (&json!("failed"), &json!(null)));
    assert_eq!(statuses(&delivery), vec![json!(500); 8]);
    assert_eq!(delivery["attempts"][7]["answer"], "no");
    let received = receiver.all();
    assert_eq!(received.len(), 8);
    let times: Vec<i64> = received.iter().map(|one| one.header("webhook-timestamp").parse().unwrap()).collect();
    assert!(times.windows(2).all(|pair| pair[0] + 5 <= pair[1]), "{times:?}");
    for request in &received {
        assert_eq!(request.id(), delivery["event_id"]);
        assert_eq!(request.body, received[0].body);
        assert!(request.is_signed_by(hook["secret"].as_str().unwrap()));
    }
    let failed = admin.get(&format!("/webhooks/{}/deliveries?state=failed", hook["id"])).expect(200).json();
    assert_eq!(failed["total"], 1);
    let pending = admin.get(&format!("/webhooks/{}/deliveries?state=pending", hook["id"])).expect(200).json();
    assert_eq!(pending["total"], 0);
}

#[test]
fn responses_are_recorded_and_only_2xx_is_a_success() {
    let app = start();
    let admin = app.admin();
    let target = Receiver::accepting();
    let location = format!("location: {}/elsewhere\r\n", target.url);
    let long = "é".repeat(5_000);
    let receiver = Receiver::start(move |request| match request.path.as_str() {
        "/redirect" => Behaviour::answer(307, &location, ""),
        "/long" => Behaviour::answer(404, "", &long),
        "/nul" => Behaviour::answer(400, "", "a\0b"),
        "/drop" => Behaviour::Drop,
        "/later" => Behaviour::answer(503, "retry-after: 3600\r\n", ""),
        _ => Behaviour::answer(201, "", "thanks"),
    });
    let hooks = ["redirect", "long", "nul", "drop", "later", "good"]
        .map(|path| webhook(&admin, &format!("{}/{path}", receiver.url), &["product.created"]));
    app.product("mug", 10.0, 5);
    assert_eq!(app.deliver_webhooks(), 6);
    let [redirect, long, nul, dropped, later, good] =
        hooks.each_ref().map(|hook| deliveries(&admin, hook).pop().unwrap());
    assert_eq!((&redirect["state"], statuses(&redirect)), (&json!("pending"), vec![json!(307)]));
    assert!(target.all().is_empty(), "a redirect was followed");
    let answer = long["attempts"][0]["answer"].as_str().unwrap();
    assert_eq!((answer.len(), statuses(&long)), (1_024, vec![json!(404)]));
    assert_eq!(nul["attempts"][0]["answer"], "a\u{fffd}b");
    let attempt = &dropped["attempts"][0];
    assert_eq!((&attempt["status"], &attempt["answer"]), (&json!(null), &json!(null)));
    assert_eq!(attempt["error"], "connection_failed");
    assert_eq!((&good["state"], &good["attempts"][0]["answer"]), (&json!("succeeded"), &json!("thanks")));
    app.advance(60);
    // The receiver of `later` has asked to wait for an hour.
    assert_eq!((app.deliver_webhooks(), statuses(&later)), (4, vec![json!(503)]));
}

#[test]
fn both_secrets_sign_for_a_day_after_a_rotation() {
    let app = start();
    let (admin, receiver) = (app.admin(), Receiver::accepting());
    let hook = webhook(&admin, &receiver.url, &[]);
    let old = hook["secret"].as_str().unwrap();
    let path = format!("/webhooks/{}", hook["id"]);
    let rotated = admin.post_nothing(&format!("{path}/rotate-secret")).expect(200).json();
    let new = rotated["secret"].as_str().unwrap();
    let is_signed_by = |receiver: &Receiver| {
        let test = admin.post_nothing(&format!("{path}/test")).expect(201).json();
        assert_eq!((&test["type"], &test["state"]), (&json!("webhook.test"), &json!("pending")));
        app.deliver_webhooks();
        let request = receiver.new_ones().into_iter().find(|one| one.id() == test["event_id"]).unwrap();
        (request.is_signed_by(old), request.is_signed_by(new), request.header("webhook-signature").split(' ').count())
    };
    assert_eq!(is_signed_by(&receiver), (true, true, 2));
    app.advance(86_390);
    assert_eq!(is_signed_by(&receiver), (true, true, 2));
    app.advance(20);
    assert_eq!(is_signed_by(&receiver), (false, true, 1));
}

#[test]
fn a_test_is_sent_and_is_not_in_the_feed() {
    let app = start();
    let (admin, receiver) = (app.admin(), Receiver::accepting());
    let hook = webhook(&admin, &receiver.url, &["order.placed"]);
    let path = format!("/webhooks/{}/test", hook["id"]);
    let test = admin.post_nothing(&path).expect(201).json();
    assert_eq!(app.deliver_webhooks(), 1);
    let received = receiver.wait();
    let body = received.json();
    assert_eq!((&body["id"], &body["type"]), (&test["event_id"], &json!("webhook.test")));
    assert_eq!(body["subject"], json!({"kind": "webhook", "id": hook["id"], "number": null}));
    assert_eq!((&body["store_id"], &body["data"]), (&json!(app.store.0), &json!({})));
    assert!(received.is_signed_by(hook["secret"].as_str().unwrap()));
    let (events, _) = follow(&admin, "0".to_owned(), 100);
    assert!(events.iter().all(|event| event["type"] != "webhook.test"));
    admin.patch(&format!("/webhooks/{}", hook["id"]), &json!({"active": false})).expect(200);
    assert_eq!(get(&admin, &hook)["off_reason"], "paused");
    admin.post_nothing(&path).refused(409, "INVALID_TRANSITION");
}

#[test]
fn many_events_reach_a_receiver_that_fails_now_and_then() {
    let app = start();
    let (admin, turns) = (app.admin(), AtomicUsize::new(0));
    let receiver = Receiver::start(move |_| match turns.fetch_add(1, Ordering::Relaxed) % 5 {
        1 => Behaviour::status(500),
        3 => Behaviour::Drop,
        _ => Behaviour::status(200),
    });
    let hook = webhook(&admin, &receiver.url, &["product.created"]);
    for number in 0..40 {
        app.product(&format!("mug-{number}"), 10.0, 0);
    }
    for pause in [0, 6, 331, 1_981, 7_921, 19_801, 39_601, 39_601] {
        app.advance(pause);
        app.deliver_webhooks();
    }
    let found = deliveries(&admin, &hook);
    assert_eq!(found.len(), 40);
    assert!(found.iter().all(|one| one["state"] == "succeeded"), "{found:?}");
    let ids: std::collections::BTreeSet<String> = receiver.all().iter().map(|one| one.id().to_owned()).collect();
    assert_eq!(ids.len(), 40);
}
