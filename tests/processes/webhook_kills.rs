//! Webhooks while two servers are killed: every event arrives, and only events that were being sent arrive twice. The
//! durability of this PostgreSQL is not reduced.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::process::{self, Place, Process};
use crate::common::receiver::{Behaviour, Receiver};
use crate::common::{Client, Value, json, smtp};
use crate::kills::{TIMEOUT, audit, log_in, verify};
use crate::webhooks::wait_for_the_demo_store;

const WRITERS: usize = 4;
const KILLS: usize = 4;
/// The requests that a server sends to one receiver at the same time.
const AT_A_TIME: usize = 4;

fn serve(place: &Place) -> Process {
    let mut command = process::stockroom(&["serve"]);
    command
        .env("STOCKROOM__DATABASE__DATA_DIR", place.data_dir())
        .env("STOCKROOM__WEBHOOKS__ALLOW_PRIVATE", "true")
        .env("STOCKROOM__LIMITS__LOGIN_PER_MINUTE", "0")
        .env("STOCKROOM__AUTH__ACCESS_TTL_SECONDS", "3600")
        .env("SSL_CERT_FILE", smtp::folder().join("localhost.crt"));
    Process::start(command, &place.folder)
}

fn admin_of(server: &Process) -> Client {
    let token = log_in(&server.client(), "admin@example.com", "stockroom-demo");
    server.client().with_token(&token)
}

#[test]
fn killed_servers_lose_no_event_and_repeat_only_those_that_were_being_sent() {
    let place = Place::new();
    let first = serve(&place);
    let admin = admin_of(&first);
    // A slow answer, so that a kill hits requests on their way.
    let good = Receiver::start(|_| {
        thread::sleep(Duration::from_millis(30));
        Behaviour::status(204)
    });
    let silent = Receiver::start(|_| Behaviour::Hang(String::new()));
    wait_for_the_demo_store(&admin);
    let hook = admin.post("/webhooks", &json!({"url": good.url})).expect(201).json();
    admin.post("/webhooks", &json!({"url": silent.url})).expect(201);
    let begin = admin.get("/inventory/movements?limit=1").expect(200).json()["next"].as_str().unwrap().to_owned();
    let new = json!({"sku": "pen", "name": "Pen", "price": 1, "initial_stock": 1_000_000});
    admin.post("/inventory/products", &new).expect(201);
    let second = serve(&place);
    let addresses = Mutex::new(vec![first.address.clone(), second.address.clone()]);
    let (servers, is_over) = (Mutex::new(vec![first, second]), AtomicBool::new(false));
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (admin, addresses, is_over) = (&admin, &addresses, &is_over);
            scope.spawn(move || {
                let body = json!({"items": [{"product_id": "pen", "quantity": 1}], "payment_method": "cod"});
                for turn in writer.. {
                    if is_over.load(Ordering::Acquire) {
                        return;
                    }
                    let address = addresses.lock().unwrap()[turn % 2].clone();
                    admin.clone().at(&address).try_post("/orders", &body).ok();
                    thread::sleep(Duration::from_millis(20));
                }
            });
        }
        for kill in 0..KILLS {
            thread::sleep(Duration::from_millis(2_500));
            let killed = servers.lock().unwrap().remove(0);
            killed.kill();
            let server = serve(&place);
            addresses.lock().unwrap()[kill % 2].clone_from(&server.address);
            servers.lock().unwrap().push(server);
        }
        thread::sleep(Duration::from_secs(1));
        is_over.store(true, Ordering::Release);
    });
    let admin = admin.at(&addresses.lock().unwrap()[0]);
    let events = follow(&admin, begin);
    assert!(events.len() > 100, "there were hardly any events: {}", events.len());
    let counts = wait_for(&good, &events);
    let repeated: usize = counts.values().map(|count| count - 1).sum();
    assert!(repeated <= KILLS * AT_A_TIME, "{repeated} events were sent again");
    let pending = format!("/webhooks/{}/deliveries?state=pending", hook["id"]);
    let deadline = Instant::now() + TIMEOUT;
    while admin.get(&pending).expect(200).json()["total"] != 0 {
        assert!(Instant::now() < deadline, "deliveries stay pending");
        thread::sleep(Duration::from_millis(100));
    }
    println!("{} events, {repeated} sent again", events.len());
    drop(servers);
    verify(&place);
    audit(&place);
}

/// The ids of all events behind a cursor.
fn follow(admin: &Client, begin: String) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), begin);
    loop {
        let page = admin.get(&format!("/events?after={cursor}&limit=100&wait=2")).expect(200).json();
        let items = page["items"].as_array().unwrap();
        cursor = page["next"].as_str().unwrap().to_owned();
        if items.is_empty() {
            return all;
        }
        all.extend(items.iter().map(|event: &Value| event["id"].as_str().unwrap().to_owned()));
    }
}

/// The number of requests for each event, once all events have arrived.
fn wait_for(receiver: &Receiver, events: &[String]) -> BTreeMap<String, usize> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let mut counts = BTreeMap::new();
        for request in receiver.all() {
            *counts.entry(request.id().to_owned()).or_insert(0) += 1;
        }
        let missing: Vec<&String> = events.iter().filter(|id| !counts.contains_key(*id)).collect();
        if missing.is_empty() {
            assert_eq!(counts.len(), events.len(), "events that are not in the feed arrived");
            return counts;
        }
        assert!(Instant::now() < deadline, "{} events are missing, such as {}", missing.len(), missing[0]);
        thread::sleep(Duration::from_millis(200));
    }
}
