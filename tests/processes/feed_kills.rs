//! The feed while servers and their database are killed: each reader sees each event once, in the order of all readers.
//! The durability of this PostgreSQL is not reduced.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use crate::common::process::{Place, Process, signal};
use crate::common::status_changes::{status_changes_in, status_changes_of_movements};
use crate::common::{Client, Value, json};
use crate::kills::{TIMEOUT, audit, log_in, serve, verify};

const WRITERS: usize = 32;
const PRODUCTS: usize = 8;
const MINIMUM: i64 = 4;
/// The sizes of the pages of the readers.
const PAGES: [usize; 3] = [1, 7, 100];
/// A transaction that has appended rows stays open for so long, again and again.
const OPEN: Duration = Duration::from_secs(2);

/// The seconds of writing, and one kill for every six of them. The soak writes for a minute.
fn seconds() -> u64 {
    std::env::var("STOCKROOM_FEED_SECONDS").map_or(12, |seconds| seconds.parse().expect("seconds are a number"))
}

/// Two servers on one database, which are killed and started again.
struct Servers<'a> {
    place: &'a Place,
    running: Mutex<Vec<Process>>,
    addresses: Mutex<Vec<String>>,
    admin: String,
    is_over: AtomicBool,
}

impl Servers<'_> {
    fn client(&self, index: usize) -> Client {
        let addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        Client::new(&addresses[index % addresses.len()]).with_token(&self.admin)
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// Kills a server and starts it again, or kills the database.
    fn kill(&self, turn: usize) {
        if turn.is_multiple_of(2) {
            let index = turn / 2 % 2;
            let mut running = self.running.lock().unwrap();
            running.remove(index).kill();
            let server = serve(self.place);
            self.addresses.lock().unwrap()[index].clone_from(&server.address);
            running.insert(index, server);
        } else {
            signal("KILL", self.place.postgres().postmaster_pid().expect("PostgreSQL does not run"));
        }
    }

    /// Orders, cancels and counts until the time is over. Requests may fail.
    fn write(&self, writer: usize, products: &[i64], written: &AtomicUsize) {
        let mut turn = writer;
        while !self.is_over() {
            let (client, product) = (self.client(turn), products[turn % products.len()]);
            let body = json!({"items": [{"product_id": product, "quantity": 1}], "payment_method": "cod"});
            let placed = client.try_post("/orders", &body).ok().filter(|reply| reply.status == 201);
            match placed {
                Some(order) => {
                    written.fetch_add(1, Ordering::Relaxed);
                    if turn.is_multiple_of(3) || is_scarce(turn % products.len()) {
                        client.try_post(&format!("/orders/{}/cancel", order.id()), &json!({})).ok();
                    }
                }
                None => thread::sleep(Duration::from_millis(50)),
            }
            turn += WRITERS + 1;
        }
    }

    /// All events up to the end of the writing, read in pages of this size.
    fn read(&self, limit: usize, last: &Mutex<Option<String>>) -> Vec<String> {
        let (mut seen, mut cursor, mut turn) = (Vec::new(), "0".to_owned(), limit);
        let mut deadline = Instant::now() + TIMEOUT;
        loop {
            turn += 1;
            let path = format!("/events?after={cursor}&limit={limit}");
            let page = self.client(turn).try_get(&path).ok().filter(|reply| reply.status == 200);
            let Some(page) = page else {
                assert!(Instant::now() < deadline, "a reader gets no answer");
                thread::sleep(Duration::from_millis(50));
                continue;
            };
            deadline = Instant::now() + TIMEOUT;
            let page = page.json();
            seen.extend(page["items"].as_array().unwrap().iter().map(id));
            cursor = page["next"].as_str().unwrap().to_owned();
            if last.lock().unwrap().as_ref().is_some_and(|last| seen.last() == Some(last)) {
                return seen;
            }
            assert!(!self.is_over() || Instant::now() < deadline, "a reader does not reach the end");
        }
    }

    /// Appends rows in transactions that stay open, so that others with higher ids commit first.
    fn append_late(&self) {
        while !self.is_over() {
            let url = self.place.postgres().url(stockroom::embedded_postgres::DATABASE);
            let Ok(mut conn) = PgConnection::establish(&url) else { continue };
            let append = "BEGIN; WITH entry AS ( \
                 INSERT INTO audit_log (store_id, entity, entity_id, action, detail, actor, created_at) \
                 SELECT id, 'Store', id, 'UPDATE', 'late', 'system', now() FROM stores ORDER BY id LIMIT 1 \
                 RETURNING store_id, id) \
                 INSERT INTO outbox (store_id, movements, entries, events, created_at) \
                 SELECT store_id, '{}', ARRAY[id], '[{\"type\": \"product.updated\", \"subject\": 1, \
                        \"actor\": \"late\", \"at\": \"2026-01-01T00:00:00Z\", \"data\": {\"sku\": \"p\", \"name\": \"P\"}}]', now() FROM entry";
            if conn.batch_execute(append).is_ok() {
                thread::sleep(OPEN);
                // A kill of the database ends the transaction.
                conn.batch_execute("COMMIT").ok();
            }
        }
    }
}

/// A product that is bought and given back again and again.
fn is_scarce(product: usize) -> bool {
    product.is_multiple_of(4)
}

fn id(event: &Value) -> String {
    event["id"].as_str().unwrap().to_owned()
}

#[test]
fn killed_servers_and_a_killed_database_lose_and_double_no_event() {
    let place = Place::new();
    let first = serve(&place);
    let admin = log_in(&first.client(), "admin@example.com", "stockroom-demo");
    let client = first.client().with_token(&admin);
    let products: Vec<i64> = (0..PRODUCTS)
        .map(|number| {
            let stock = if is_scarce(number) { 8 } else { 1_000_000 };
            let body = json!({"sku": format!("feed-{number}"), "name": "Feed", "price": 1, "initial_stock": stock,
                              "min_stock_level": MINIMUM});
            client.post("/inventory/products", &body).expect(201).id()
        })
        .collect();
    let second = serve(&place);
    let addresses = vec![first.address.clone(), second.address.clone()];
    let servers = Servers {
        place: &place,
        running: Mutex::new(vec![first, second]),
        addresses: Mutex::new(addresses),
        admin,
        is_over: AtomicBool::new(false),
    };
    let (written, last) = (AtomicUsize::new(0), Mutex::new(None));
    let (seen, all) = thread::scope(|scope| {
        let (servers, products, written, last) = (&servers, &products, &written, &last);
        for writer in 0..WRITERS {
            scope.spawn(move || servers.write(writer, products, written));
        }
        let late = scope.spawn(|| servers.append_late());
        let readers = PAGES.map(|limit| scope.spawn(move || servers.read(limit, last)));
        for turn in 0..usize::try_from(seconds() / 6).unwrap() {
            thread::sleep(Duration::from_secs(6));
            servers.kill(turn);
        }
        servers.is_over.store(true, Ordering::Release);
        late.join().unwrap();
        let all = follow_to_the_end(servers);
        *last.lock().unwrap() = all.last().map(id);
        (readers.map(|reader| reader.join().unwrap()), all)
    });
    assert!(written.into_inner() > 100, "there were hardly any orders");
    let ids: Vec<String> = all.iter().map(id).collect();
    for (seen, limit) in seen.iter().zip(PAGES) {
        assert_eq!(seen, &ids, "pages of {limit}");
    }
    let mut status_changes = status_changes_in(&all);
    // A variant that never had units is sold out, but has no movement.
    let changes = all.iter().filter(|event| event["type"] == "stock.changed");
    let moved: BTreeSet<i64> = changes.map(|event| event["data"]["variant_id"].as_i64().unwrap()).collect();
    status_changes.retain(|(_, variant, _)| moved.contains(variant));
    assert!(status_changes.len() > 20, "there were only {} changes", status_changes.len());
    assert_eq!(status_changes, status_changes_of_movements(&all, MINIMUM));
    verify(&place);
    audit(&place);
}

/// All events, once no event has come for three seconds.
fn follow_to_the_end(servers: &Servers<'_>) -> Vec<Value> {
    let (mut all, mut cursor, mut quiet) = (Vec::new(), "0".to_owned(), Instant::now());
    let deadline = Instant::now() + TIMEOUT;
    while quiet.elapsed() < Duration::from_secs(3) {
        assert!(Instant::now() < deadline, "the feed does not end");
        let page = servers.client(0).try_get(&format!("/events?after={cursor}&limit=100"));
        let Some(page) = page.ok().filter(|reply| reply.status == 200) else {
            quiet = Instant::now();
            continue;
        };
        let page = page.json();
        let items = page["items"].as_array().unwrap();
        cursor = page["next"].as_str().unwrap().to_owned();
        if items.is_empty() {
            thread::sleep(Duration::from_millis(100));
        } else {
            all.extend(items.iter().cloned());
            quiet = Instant::now();
        }
    }
    all
}

#[test]
fn a_reader_that_waits_does_not_delay_the_end_of_the_server() {
    let place = Place::new();
    let server = serve(&place);
    let admin = log_in(&server.client(), "admin@example.com", "stockroom-demo");
    let client = server.client().with_token(&admin);
    let next = client.get("/inventory/movements?limit=1").expect(200).json()["next"].as_str().unwrap().to_owned();
    let reply = thread::scope(|scope| {
        let waiting = scope.spawn(|| client.get(&format!("/events?after={next}&type=count.posted&wait=30")));
        thread::sleep(Duration::from_secs(1));
        let begun = Instant::now();
        assert_eq!(server.terminate().code(), Some(0));
        assert!(begun.elapsed() < Duration::from_secs(15), "the server waited for its reader");
        waiting.join().unwrap()
    });
    assert_eq!(reply.expect(200).json()["items"], json!([]));
}
