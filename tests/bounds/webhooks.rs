//! The memory of sending to webhooks.

use super::{MAX_MEMORY, MEMORY, alone};
use crate::common::receiver::{Behaviour, Receiver};
use crate::common::{TestApp, json};
use actix_web::rt::System;
use diesel::connection::SimpleConnection;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
use stockroom::db::Failure;
use tokio::sync::watch;

/// The memory of the sender does not depend on the backlog, which stays in the feed.
#[test]
fn a_webhook_with_a_million_events_behind_it_needs_little_memory() {
    let _alone = alone();
    let app = TestApp::with(|settings| settings.webhooks.allow_private = true);
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let receiver = Receiver::forgetting(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Behaviour::status(204)
    });
    app.admin().post("/webhooks", &json!({"url": receiver.url})).expect(201);
    app.connection()
        .batch_execute(
            "INSERT INTO outbox (store_id, movements, entries, events, created_at) \
             SELECT s.id, '{}', '{}', e.events, now() \
             FROM stores s, generate_series(1, 10000), \
                  (SELECT jsonb_agg(jsonb_build_object('type', 'product.updated', 'subject', n, 'actor', 'system', \
                          'at', now(), 'data', '{}'::jsonb)) AS events FROM generate_series(1, 100) n) e",
        )
        .unwrap();
    assert!(app.relay_feed() >= 10_000);
    let (stop, stopped) = watch::channel(false);
    let jobs = app.jobs().clone();
    let sending = thread::spawn(move || {
        System::new().block_on(jobs.keep_delivering(stopped, note));
    });
    let wait_for = |requests: usize| {
        while count.load(Ordering::Relaxed) < requests {
            assert!(!sending.is_finished());
            thread::sleep(Duration::from_millis(5));
        }
    };
    wait_for(500);
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    wait_for(3_000);
    let cost = MEMORY.peak_usage().saturating_sub(before);
    stop.send(true).unwrap();
    sending.join().unwrap();
    println!("3,000 of 1,000,000 events took {cost} bytes of memory");
    assert!(cost <= 2 * MAX_MEMORY, "sending took {cost} bytes of memory");
}

fn note(job: &'static str, failure: &Failure) {
    panic!("{job}: {failure}");
}
