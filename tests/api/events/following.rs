//! Readers of the feed see every row once, whatever happens at the same time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb};

use super::{follow, titles};
use crate::common::{TestApp, Value, json, race};
use stockroom::events::queries::{PartSize, list_rows};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

fn ids(app: &TestApp, sql: &str) -> Vec<i64> {
    let rows: Vec<Row> = diesel::sql_query(sql).load(&mut app.connection()).unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

#[test]
fn a_transaction_that_commits_late_comes_later_and_is_not_missed() {
    let app = TestApp::start();
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let (mug, cup) = (app.product("mug", 10.0, 20), app.product("cup", 10.0, 20));
    app.relay_feed();
    let (_, cursor) = follow(&admin, "0".to_owned(), 100);
    // It takes its id before the order, and commits after it.
    let mut late = app.connection();
    let sql = format!(
        "BEGIN; INSERT INTO audit_log (store_id, entity, entity_id, action, detail, actor, created_at) \
         VALUES ({store}, 'Product', {cup}, 'UPDATE', 'late', 'system', now()); \
         INSERT INTO outbox (store_id, movements, entries, events, created_at) \
         SELECT {store}, '{{}}', ARRAY[max(id)], '[{{\"type\": \"product.updated\", \"subject\": {cup}, \
                \"actor\": \"system\", \"at\": \"2026-11-29T00:00:00Z\", \"data\": {{\"sku\": \"cup\", \"name\": \"Cup\"}}}}]', now() FROM audit_log",
        store = app.store,
        cup = cup.id
    );
    late.batch_execute(&sql).unwrap();
    mara.buy(&mug, 1);
    assert!(app.relay_feed() > 0);
    let (first, cursor) = follow(&admin, cursor, 1);
    assert_eq!(titles(&first)[0].split(' ').next(), Some("order.placed"));
    late.batch_execute("COMMIT").unwrap();
    assert_eq!(app.relay_feed(), 1);
    let (second, _) = follow(&admin, cursor, 1);
    assert_eq!(titles(&second), [format!("product.updated product:{}", cup.id)]);
}

/// A row may have the events of thousands of products, so few large rows are read at a time.
#[test]
fn no_further_row_is_read_after_many_events() {
    let app = TestApp::start();
    let mut conn = app.connection();
    let event = json!({"type": "order.paid", "subject": 1, "actor": "system", "at": "2026-11-29T00:00:00Z"});
    for count in [1, 9, 4, 20, 0] {
        let insert =
            "INSERT INTO outbox (store_id, movements, entries, events, created_at) VALUES ($1, '{}', '{}', $2, now())";
        let insert = diesel::sql_query(insert).bind::<BigInt, _>(app.store);
        insert.bind::<Jsonb, _>(json!(vec![event.clone(); count])).execute(&mut conn).unwrap();
    }
    assert_eq!(app.relay_feed(), 5);
    let mut read = |from: i64, rows: i64, facts: i64| {
        let part = list_rows(&mut conn, app.store, from, PartSize { rows, facts }).unwrap();
        (part.rows.iter().map(|row| row.position).collect::<Vec<_>>(), part.is_end)
    };
    assert_eq!(read(1, 9, 100), (vec![1, 2, 3, 4, 5], true));
    assert_eq!(read(1, 5, 100), (vec![1, 2, 3, 4, 5], false), "there may be more");
    assert_eq!(read(1, 9, 14), (vec![1, 2, 3], false));
    assert_eq!(read(1, 9, 10), (vec![1, 2], false));
    assert_eq!(read(4, 9, 10), (vec![4], false), "the first row is always read");
    assert_eq!(read(5, 9, 10), (vec![5], true));
    assert_eq!(read(6, 9, 10), (vec![], true));
}

#[test]
fn readers_see_all_that_many_writers_append_once_and_in_one_order() {
    let app = TestApp::start();
    let second = app.second_server();
    let admin = app.admin();
    let products: Vec<_> = (0..4).map(|n| app.product(&format!("p-{n}"), 1.0, 1000)).collect();
    let is_over = AtomicBool::new(false);
    let read = |limit: usize| {
        let (mut seen, mut cursor) = (Vec::new(), "0".to_owned());
        loop {
            let was_over = is_over.load(Ordering::Acquire);
            let (events, next) = follow(&admin, cursor, limit);
            seen.extend(events);
            cursor = next;
            if was_over {
                return seen;
            }
        }
    };
    let relay = |jobs: &stockroom::jobs::Jobs| {
        while !is_over.load(Ordering::Acquire) {
            crate::common::jobs::relay_feed(jobs);
        }
    };
    let seen = thread::scope(|scope| {
        let readers = [1, 7, 100].map(|limit| scope.spawn(move || read(limit)));
        let relays = [app.jobs(), second.jobs()].map(|jobs| scope.spawn(move || relay(jobs)));
        race(8, |index| {
            let buyer = app.customer(&format!("buyer-{index}"));
            for turn in 0..12 {
                let order = buyer.buy(&products[(index + turn) % products.len()], 1);
                if turn % 3 == 0 {
                    buyer.post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
                }
                app.set_stock(&products[turn % products.len()], 1000);
            }
        });
        thread::sleep(Duration::from_millis(10));
        app.relay_feed();
        is_over.store(true, Ordering::Release);
        relays.into_iter().for_each(|relay| relay.join().unwrap());
        readers.map(|reader| reader.join().unwrap())
    });
    app.relay_feed();
    let (all, _) = follow(&admin, "0".to_owned(), 50);
    let movements: Vec<&Value> = all.iter().filter(|event| event["type"] == "stock.changed").collect();
    let mut of_feed: Vec<i64> = movements.iter().map(|event| event["data"]["id"].as_i64().unwrap()).collect();
    of_feed.sort_unstable();
    assert_eq!(of_feed, ids(&app, "SELECT id FROM stock_movements ORDER BY id"));
    let placed = all.iter().filter(|event| event["type"] == "order.placed").count();
    assert_eq!(placed, 96);
    for seen in seen {
        assert_eq!(seen[..], all[..seen.len()]);
        assert!(seen.len() + 8 >= all.len(), "{} of {}", seen.len(), all.len());
    }
}

#[test]
fn a_reader_can_wait_for_the_next_event() {
    let app = TestApp::start();
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let mug = app.product("mug", 10.0, 20);
    app.relay_feed();
    let (_, cursor) = follow(&admin, "0".to_owned(), 100);
    let started = Instant::now();
    let none = admin.get(&format!("/events?after={cursor}&wait=1")).expect(200).json();
    assert_eq!(none, json!({"items": [], "next": cursor}));
    assert!(started.elapsed() >= Duration::from_millis(900));
    let waiting = thread::scope(|scope| {
        let waiting = scope.spawn(|| admin.get(&format!("/events?after={cursor}&wait=30")).expect(200).json());
        thread::sleep(Duration::from_millis(200));
        mara.buy(&mug, 1);
        // The relay wakes the waiting reader.
        while !waiting.is_finished() {
            app.relay_feed();
            thread::sleep(Duration::from_millis(20));
        }
        waiting.join().unwrap()
    });
    assert_eq!(titles(waiting["items"].as_array().unwrap())[0].split(' ').next(), Some("order.placed"));
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn filters_and_bad_input() {
    let app = TestApp::start();
    let admin = app.admin();
    let (mug, cup) = (app.product("mug", 10.0, 20), app.product("cup", 10.0, 20));
    app.relay_feed();
    let read = |query: &str| admin.get(&format!("/events?{query}")).expect(200).json();
    let types = |query: &str| {
        let found = read(query);
        titles(found["items"].as_array().unwrap())
    };
    let of = |name: &str, product: &crate::common::shop::Product| format!("{name} product:{}", product.id);
    assert_eq!(
        types("type=product.created&type=price.changed"),
        [of("product.created", &mug), of("product.created", &cup)]
    );
    assert_eq!(types("type=product.created,price.changed").len(), 2);
    let of_cup = format!("subject=product:{}", cup.id);
    assert_eq!(types(&of_cup), [of("product.created", &cup), of("stock.changed", &cup)]);
    assert_eq!(types(&format!("{of_cup}&type=stock.changed")), [of("stock.changed", &cup)]);
    assert_eq!(types("subject=order:999"), Vec::<String>::new());
    // A filter that matches nothing moves the cursor to the end.
    let none = read("type=order.paid");
    assert_eq!((&none["items"], &none["next"]), (&json!([]), &read("limit=100")["next"]));
    for (query, field) in [
        ("after=x", "after"),
        ("after=5", "after"),
        ("after=999.0", "after"),
        ("type=order.unknown", "type"),
        ("type=", "type"),
        ("subject=thing:1", "subject"),
        ("subject=order:x", "subject"),
        ("subject=12", "subject"),
        ("subject=ORD-20260101-0000000000", "subject"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("wait=31", "wait"),
        ("wait=-1", "wait"),
        ("page=1", "page"),
    ] {
        let problem = admin.get(&format!("/events?{query}")).expect(422).json();
        assert_eq!(problem["errors"][0]["field"], field, "{query}");
    }
    app.staff(&["orders:read"]).get("/events").expect(403);
    app.staff(&["events:read"]).get("/events").expect(200);
    app.guest().get("/events").expect(401);
    // Another store has a feed of its own.
    app.other_store("STORE-TWO");
    assert_eq!(admin.clone().in_store("STORE-TWO").get("/events").expect(200).json()["items"], json!([]));
}

/// Entries of the audit that are no events are rows of the feed, too.
#[test]
fn rows_without_events_stop_no_reader() {
    let app = TestApp::start();
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let mug = app.product("mug", 10.0, 20);
    let address = mara.address();
    app.relay_feed();
    let (_, cursor) = follow(&admin, "0".to_owned(), 100);
    let save = || drop(mara.put(&format!("/addresses/{address}"), &crate::addresses::lake_road()).expect(200));
    save();
    app.relay_feed();
    for query in ["", "&wait=0", "&wait=1", "&wait=1", "&subject=order:999"] {
        let started = Instant::now();
        let page = admin.get(&format!("/events?after={cursor}{query}")).expect(200).json();
        assert_eq!(page["items"], json!([]), "{query}");
        assert!(started.elapsed() < Duration::from_secs(5), "{query} took {:?}", started.elapsed());
        // The relay notes a new end of the feed, although no event is there.
        app.relay_feed();
    }
    (0..250).for_each(|_| save());
    let order = mara.buy(&mug, 1);
    app.relay_feed();
    let page = admin.get(&format!("/events?after={cursor}&limit=1")).expect(200).json();
    let found = titles(page["items"].as_array().unwrap());
    assert_eq!(found, [format!("order.placed order:{}", order["id"])]);
    let (events, _) = follow(&admin, cursor, 1);
    assert_eq!(events.len(), 2);
}

#[test]
fn an_account_has_few_waiting_requests() {
    let app = TestApp::start();
    let admin = app.admin();
    app.relay_feed();
    let (_, cursor) = follow(&admin, "0".to_owned(), 100);
    let times = race(24, |_| {
        let started = Instant::now();
        admin.get(&format!("/events?after={cursor}&wait=3")).expect(200);
        started.elapsed()
    });
    let waited = times.iter().filter(|time| **time >= Duration::from_millis(2900)).count();
    assert_eq!(waited, 16, "{times:?}");
}

/// A store with many rows does not keep the row of another one waiting until all of its own are moved.
#[test]
fn stores_take_turns_at_the_relay() {
    let app = TestApp::start();
    let other = app.other_store("STORE-OTHER");
    app.relay_feed();
    let append = |store: i64, rows: i64| {
        let rows = format!(
            "INSERT INTO outbox (store_id, movements, entries, events, created_at) \
             SELECT {store}, '{{}}', '{{}}', '[]', now() FROM generate_series(1, {rows})"
        );
        app.connection().batch_execute(&rows).unwrap();
    };
    append(app.store.0, 2_000);
    append(other.0, 1);
    assert_eq!(app.relay_feed(), 2_001);
    // A transaction that began later has a higher number.
    let transaction = |store: i64| {
        let last = "ORDER BY position DESC LIMIT 1";
        ids(&app, &format!("SELECT xmin::text::int8 AS id FROM feed WHERE store_id = {store} {last}"))[0]
    };
    assert!(transaction(other.0) < transaction(app.store.0));
}

#[test]
fn the_metrics_show_rows_that_the_relay_has_not_moved() {
    let app = TestApp::start();
    app.product("mug", 10.0, 20);
    let waiting = || {
        app.measure_feed();
        let page = app.root().get("/metrics").expect(200).text();
        let line = page.lines().find_map(|line| line.strip_prefix("stockroom_feed_waiting_seconds ")).unwrap();
        line.parse::<f64>().unwrap()
    };
    app.connection().batch_execute("UPDATE outbox SET created_at = now() - interval '1 hour'").unwrap();
    let age = waiting();
    assert!((3_600.0..3_700.0).contains(&age), "{age}");
    app.relay_feed();
    assert!(waiting() < 1.0);
}
