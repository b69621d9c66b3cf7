//! A receiver that fails or is slow delays only its own events, and is turned off after five days.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use super::{deliveries, get, start, statuses, webhook};
use crate::common::jobs::deliver_webhooks;
use crate::common::receiver::{Behaviour, Receiver};
use crate::common::{TestApp, Value, json, smtp};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use stockroom::db::End;
use stockroom::db::tx::{self, Mode};
use stockroom::kernel::id::WebhookId;
use stockroom::webhooks::queries::webhooks::WebhookKey;
use stockroom::webhooks::queue::queue_next;

#[test]
fn a_receiver_that_never_answers_delays_nobody_and_times_out() {
    let app = start();
    let admin = app.admin();
    let slow = Receiver::start(move |request| match request.path.as_str() {
        "/head" => Behaviour::Hang("HTTP/1.1 20".to_owned()),
        _ => Behaviour::Hang(String::new()),
    });
    let good = Receiver::accepting();
    let hanging = ["silent", "head"].map(|path| webhook(&admin, &format!("{}/{path}", slow.url), &["product.created"]));
    let quick = webhook(&admin, &good.url, &["product.created"]);
    // As many as are sent to one receiver at the same time.
    for number in 0..4 {
        app.product(&format!("mug-{number}"), 10.0, 0);
    }
    app.relay_feed();
    thread::scope(|scope| {
        let jobs = app.jobs().clone();
        let (begun, sending) = (Instant::now(), scope.spawn(move || deliver_webhooks(&jobs)));
        (0..4).for_each(|_| drop(good.wait()));
        assert!(begun.elapsed() < Duration::from_secs(10), "the others waited: {:?}", begun.elapsed());
        assert!(!sending.is_finished());
        sending.join().unwrap();
        assert!(begun.elapsed() >= Duration::from_secs(15));
    });
    assert!(deliveries(&admin, &quick).iter().all(|one| statuses(one) == [204]));
    for hook in &hanging {
        assert!(get(&admin, hook)["failing_since"].is_string());
        for attempt in deliveries(&admin, hook).iter().map(|delivery| &delivery["attempts"][0]) {
            assert_eq!((&attempt["status"], &attempt["error"]), (&json!(null), &json!("timed_out")), "{attempt}");
            let duration = attempt["duration_ms"].as_i64().unwrap();
            assert!((15_000..17_000).contains(&duration), "{duration}");
        }
    }
}

/// By Standard Webhooks, the status of the response decides. A body that does not end, or whose connection ends early, is
/// no failure: the receiver has taken the event, and would get it twice.
#[test]
fn the_status_decides_even_if_the_body_does_not_end() {
    let app = start();
    let admin = app.admin();
    let head = |status: u16| format!("HTTP/1.1 {status} X\r\ncontent-length: 10\r\n\r\nabc");
    let receiver = Receiver::start(move |request| match request.path.as_str() {
        "/good" => Behaviour::Hang(head(200)),
        "/cut" => Behaviour::Cut(head(202)),
        _ => Behaviour::Hang(head(503)),
    });
    let hooks =
        ["good", "cut", "bad"].map(|path| webhook(&admin, &format!("{}/{path}", receiver.url), &["product.created"]));
    app.product("mug", 10.0, 0);
    let begun = Instant::now();
    assert_eq!(app.deliver_webhooks(), 3);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let attempts = hooks.map(|hook| {
        let delivery = deliveries(&admin, &hook).remove(0);
        let attempt = &delivery["attempts"][0];
        assert_eq!((&attempt["answer"], &attempt["error"]), (&json!("abc"), &json!(null)), "{attempt}");
        (delivery["state"].as_str().unwrap().to_owned(), attempt["status"].clone())
    });
    let expected = [("succeeded", 200), ("succeeded", 202), ("pending", 503)];
    assert_eq!(attempts, expected.map(|(state, status)| (state.to_owned(), json!(status))));
}

/// One delivery whose event is missing, and one whose row of the feed cannot be read.
#[test]
fn a_delivery_whose_body_cannot_be_made_fails_alone() {
    let app = start();
    let admin = app.admin();
    let receiver = Receiver::accepting();
    let hook = webhook(&admin, &receiver.url, &["product.created"]);
    for number in 0..4 {
        app.product(&format!("mug-{number}"), 10.0, 0);
    }
    app.relay_feed();
    let key = WebhookKey { store: app.store, id: WebhookId(hook["id"].as_i64().unwrap()) };
    let queue = |conn: &mut PgConnection| Ok(End::Commit(queue_next(conn, key)?));
    assert_eq!(tx::run(&mut app.connection(), Mode::Write, queue).unwrap().deliveries, 4);
    let events: Vec<String> =
        deliveries(&admin, &hook).iter().map(|one| one["event_id"].as_str().unwrap().to_owned()).collect();
    let execute = |sql: &str| app.connection().batch_execute(sql).unwrap();
    let (position, _) = events[2].split_once('.').unwrap();
    execute(&format!(
        "CREATE TABLE kept AS SELECT * FROM feed WHERE position = {position};
         UPDATE feed SET events = '[{{\"type\": \"unknown\"}}]' WHERE position = {position};
         UPDATE webhook_deliveries SET event_id = '999999.1' WHERE event_id = '{}'",
        events[1]
    ));
    assert!(app.deliver_webhooks() >= 4);
    let found = deliveries(&admin, &hook);
    let states: Vec<&Value> = found.iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["succeeded", "pending", "pending", "succeeded"]);
    for broken in &found[1..3] {
        assert_eq!(broken["attempts"][0]["error"], "body_not_made", "{broken}");
    }
    // It shows nothing about the receiver.
    assert_eq!(get(&admin, &hook)["failing_since"], json!(null));
    execute(
        "UPDATE feed f SET events = k.events FROM kept k WHERE f.store_id = k.store_id AND f.position = k.position",
    );
    execute("DROP TABLE kept");
    app.advance(6);
    app.deliver_webhooks();
    assert_eq!((&deliveries(&admin, &hook)[2]["state"], receiver.all().len()), (&json!("succeeded"), 3));
}

/// A server that writes mails to this folder.
fn with_mails(name: &str) -> (TestApp, PathBuf) {
    let folder = format!("mails-webhooks-{name}-{}", std::process::id());
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    std::fs::remove_dir_all(&folder).ok();
    let dir = folder.clone();
    let app = TestApp::with(|settings| {
        settings.webhooks.allow_private = true;
        settings.mail.dir = dir;
        settings.server.public_url = "https://shop.example.com".to_owned();
    });
    (app, folder)
}

#[test]
fn five_days_of_failures_turn_a_webhook_off_with_a_mail_and_it_continues_where_it_stopped() {
    let (app, mails) = with_mails("failing");
    let admin = app.admin();
    let is_repaired = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let repaired = std::sync::Arc::clone(&is_repaired);
    let receiver = Receiver::start(move |_| {
        Behaviour::status(if repaired.load(std::sync::atomic::Ordering::Acquire) { 204 } else { 503 })
    });
    let hook = webhook(&admin, &receiver.url, &["product.created"]);
    app.product("first", 10.0, 0);
    assert_eq!(app.deliver_webhooks(), 1);
    let since = get(&admin, &hook)["failing_since"].clone();
    assert!(since.is_string());
    app.advance(5 * 86_400 - 60);
    app.product("second", 10.0, 0);
    assert_eq!(app.deliver_webhooks(), 2);
    let found = get(&admin, &hook);
    assert_eq!((&found["active"], &found["failing_since"]), (&json!(true), &since));
    assert_eq!(app.send_mails(), 0);

    app.advance(400);
    assert_eq!(app.deliver_webhooks(), 1);
    let off = get(&admin, &hook);
    assert_eq!((&off["active"], &off["off_reason"], &off["failing_since"]), (&json!(false), &json!("failing"), &since));
    app.product("third", 10.0, 0);
    app.advance(40_000);
    assert_eq!(app.deliver_webhooks(), 0);
    assert_eq!(app.send_mails(), 1);
    let mail = smtp::written(&mails).pop().unwrap().replace("=\r\n", "").replace("=3D", "=");
    assert!(mail.contains("To: admin@example.com") && mail.contains(&receiver.url), "{mail}");
    assert!(
        mail.contains("All attempts of five days failed.") && mail.contains("https://shop.example.com/api/v1/webhooks")
    );
    assert!(!mail.contains("whsec_"), "{mail}");
    let audit = admin.get("/audit?entity=Webhook&actor=system").expect(200).json();
    assert_eq!(
        audit["items"][0]["detail"],
        format!("Webhook {} turned off: All attempts of five days failed.", hook["id"])
    );

    is_repaired.store(true, std::sync::atomic::Ordering::Release);
    let on = admin.patch(&format!("/webhooks/{}", hook["id"]), &json!({"active": true})).expect(200).json();
    assert_eq!((&on["active"], &on["off_reason"], &on["failing_since"]), (&json!(true), &json!(null), &json!(null)));
    receiver.new_ones();
    assert_eq!(app.deliver_webhooks(), 3);
    let skus: Vec<String> =
        receiver.new_ones().iter().map(|one| one.json()["data"]["sku"].as_str().unwrap().to_owned()).collect();
    let mut sorted = skus.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["first", "second", "third"]);
}

#[test]
fn a_success_ends_the_failures() {
    let app = start();
    let admin = app.admin();
    let receiver =
        Receiver::start(|request| Behaviour::status(if request.json()["data"]["sku"] == "bad" { 500 } else { 200 }));
    let hook = webhook(&admin, &receiver.url, &["product.created"]);
    for day in 0..7 {
        app.product(if day == 0 { "bad".to_owned() } else { format!("good-{day}") }.as_str(), 10.0, 0);
        app.deliver_webhooks();
        app.advance(86_400);
    }
    assert_eq!(get(&admin, &hook)["active"], true);
}

#[test]
fn a_new_address_is_tried_at_once_and_has_no_failures() {
    let app = start();
    let admin = app.admin();
    let [bad, good] = [500, 200].map(|status| Receiver::start(move |_| Behaviour::status(status)));
    let hook = webhook(&admin, &bad.url, &["product.created"]);
    app.product("first", 10.0, 0);
    assert_eq!((app.deliver_webhooks(), app.deliver_webhooks(), bad.all().len()), (1, 0, 1));
    assert_ne!(get(&admin, &hook)["failing_since"], json!(null));
    admin.patch(&format!("/webhooks/{}", hook["id"]), &json!({"url": good.url})).expect(200);
    assert_eq!(get(&admin, &hook)["failing_since"], json!(null));
    assert_eq!((app.deliver_webhooks(), good.all().len()), (1, 1));
}

#[test]
fn gone_turns_a_webhook_off_at_once() {
    let (app, mails) = with_mails("gone");
    let (admin, receiver) = (app.admin(), Receiver::start(|_| Behaviour::status(410)));
    let hook = webhook(&admin, &receiver.url, &["product.created"]);
    app.product("first", 10.0, 0);
    assert_eq!(app.deliver_webhooks(), 1);
    let off = get(&admin, &hook);
    assert_eq!((&off["active"], &off["off_reason"]), (&json!(false), &json!("gone")));
    app.advance(400_000);
    app.product("second", 10.0, 0);
    assert_eq!((app.deliver_webhooks(), receiver.all().len()), (0, 1));
    // The mail is dropped if the webhook is on again before it is sent.
    admin.patch(&format!("/webhooks/{}", hook["id"]), &json!({"active": true})).expect(200);
    assert_eq!((app.send_mails(), smtp::written(&mails).len()), (0, 0));
}
