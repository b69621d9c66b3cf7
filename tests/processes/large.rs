//! A store with a million products at 20 places, a million orders and five million movements. It measures frequent calls, and the posting of
//! a count of 10,000 lines while others buy. Times are printed, because they depend on the machine. The test fails if a
//! call reads a growing table through.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{Client, TestApp, json};
use crate::plans::{Plan, Watched, data};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

const LARGE: data::Size = data::Size { stores: 1, products: 1_000_000, orders: 1_000_000, lines_per_order: 3 };

/// The size of the store: `STOCKROOM_LARGE_PERCENT=5` is a trial, and less is too small for the lists.
fn size() -> data::Size {
    let percent = std::env::var("STOCKROOM_LARGE_PERCENT").unwrap_or_else(|_unset| "100".to_owned());
    LARGE.scaled(percent.parse().expect("STOCKROOM_LARGE_PERCENT is no number"))
}

/// The other places, suppliers and documents.
const PLACES: &str = include_str!("plans/large.sql");

/// The place with 10,000 products, from which orders take their units.
const COUNTED: i64 = 101;
const COUNTED_PRODUCTS: i64 = 10_000;

/// The calls of a large store, each with the number of rows that its page has at least.
const CALLS: [(&str, usize); 22] = [
    ("/inventory/products/low-stock", 20),
    ("/inventory/products/low-stock?sort=-above_minimum", 20),
    ("/inventory/products/low-stock?sort=id", 20),
    ("/inventory/products/low-stock?sort=-name", 20),
    ("/inventory/products/low-stock?sort=sku", 20),
    ("/inventory/products/low-stock?sort=-stock", 20),
    ("/inventory/products/low-stock?limit=100&page=3&sort=sku", 100),
    ("/inventory/incoming", 20),
    ("/inventory/incoming?location=104&limit=100", 20),
    ("/inventory/reorder", 20),
    ("/inventory/reorder?sort=sku&limit=100", 100),
    ("/inventory/reorder?supplier=8", 1),
    ("/inventory/valuation", 20),
    ("/inventory/valuation?method=fifo&sort=sku&limit=100", 100),
    ("/inventory/valuation?as_of=2026-01-01T12:30:00Z", 20),
    ("/inventory/valuation?method=fifo&sort=-sku&as_of=2026-01-01T12:30:00Z", 20),
    ("/counts", 20),
    ("/counts?status=open&sort=created_at&limit=100", 100),
    ("/transfers", 20),
    ("/transfers?status=draft&sort=-created_at&limit=100", 100),
    ("/purchase-orders?status=ordered", 20),
    ("/suppliers?sort=name", 20),
];

/// Searches and lists by name, each with the index that finds the rows of the page. The words are rare, or in a twentieth
/// of all rows, or in all of them.
const SEARCHES: [(&str, usize); 17] = [
    ("/inventory/products", 20),
    ("/inventory/products?sort=name", 20),
    ("/inventory/products?sort=-name&limit=100&page=3", 100),
    ("/inventory/products?q=SKU-47777", 1),
    ("/inventory/products?q=47777+pr%C3%B6duct", 1),
    ("/inventory/products?q=nowhere", 0),
    ("/inventory/products?q=category-7&sort=name", 20),
    ("/inventory/products?q=brand-7+category-3&sort=-name", 20),
    ("/inventory/products?q=product&sort=name", 20),
    ("/orders", 20),
    ("/orders?q=customer+4711", 1),
    ("/orders?q=0098-004711", 1),
    ("/orders?q=nobody", 0),
    ("/orders?q=customer", 20),
    ("/users?q=HISTORY-4711", 1),
    ("/suppliers?q=supplier+77&sort=name", 1),
    ("/inventory/reservations/metrics", 0),
];

#[test]
#[ignore = "loads a million products and five million movements, which takes minutes"]
fn calls_of_a_store_with_a_million_products() {
    let app = TestApp::with(|settings| {
        let url = settings.database.url.reveal();
        let mut conn = PgConnection::establish(url).unwrap();
        conn.batch_execute("DELETE FROM locations; DELETE FROM stores").unwrap();
        let started = Instant::now();
        data::load_unvalued(url, &size()).unwrap();
        // The checks of foreign keys would take most of the time.
        conn.batch_execute("SET session_replication_role = replica").unwrap();
        conn.batch_execute(PLACES).unwrap();
        conn.batch_execute("VACUUM (ANALYZE)").unwrap();
        println!("loaded in {:?}", started.elapsed());
        data::value(url).unwrap();
        println!("loaded and valued in {:?}", started.elapsed());
    });
    let admin = app.admin().in_store("STORE-1");
    admin.post("/inventory/products/47777/barcodes", &json!({"code": "4006381333931"})).expect(201);
    keep_figures(&app);
    let scans = [("/inventory/scan/4006381333931", 0), ("/inventory/scan/sku-47777", 0)];
    CALLS.into_iter().chain(scans).for_each(|(path, rows)| measure(&admin, path, rows));
    SEARCHES.into_iter().for_each(|(path, rows)| measure(&admin, path, rows));
    // All products have a minimum, so most of the store has too few units at one place.
    measure(&admin, "/inventory/reorder?location=104", 20);
    post_beside_checkouts(&app, &admin);

    let mut watched = Watched::existing(app);
    let second = watched.app.second_server();
    let admin = admin.at(&second.address);
    for (path, _) in CALLS.into_iter().chain(scans) {
        let plans = watched.plans(|_| drop(admin.get(path).expect(200)));
        plans.iter().for_each(Plan::assert_no_growing_table_is_read_through);
    }
}

/// Runs the job that stores the figures of scarce variants until it has computed all variants.
fn keep_figures(app: &TestApp) {
    let started = Instant::now();
    let mut conn = app.connection();
    while diesel::sql_query("SELECT FROM scarcity_searches WHERE is_complete").execute(&mut conn).unwrap() == 0 {
        app.find_scarce_variants();
    }
    println!("kept the figures of scarce variants in {:?}", started.elapsed());
}

/// Measures a call nine times, and prints the median.
fn measure(admin: &Client, path: &str, rows: usize) {
    let call = |_| {
        let started = Instant::now();
        let reply = admin.get(path).expect(200);
        (started.elapsed(), reply.json())
    };
    let mut calls: Vec<_> = (0..9).map(call).collect();
    calls.sort_by_key(|(time, _)| *time);
    let (time, answer) = &calls[4];
    println!("{path}: {time:?} of {:?} to {:?}, total {}", calls[0].0, calls[8].0, answer["total"]);
    assert!(rows == 0 || answer["items"].as_array().unwrap().len() >= rows, "{path} has too few rows");
}

/// Posts a large count, and prints the times of checkouts before and during it.
fn post_beside_checkouts(app: &TestApp, admin: &Client) {
    let buyers: Vec<Client> = (0..8).map(|n| app.customer(&format!("buyer-{n}")).in_store("STORE-1")).collect();
    let warm = Instant::now();
    checkouts(&buyers, || while_shorter(warm, Duration::from_secs(3)));
    let count = submitted_count(admin);
    let started = Instant::now();
    let before = checkouts(&buyers, || while_shorter(started, Duration::from_secs(15)));
    let is_posting = AtomicBool::new(true);
    let (posted, during) = thread::scope(|scope| {
        let posting = scope.spawn(|| {
            let started = Instant::now();
            let posted = admin.try_post(&format!("/counts/{count}/post"), &json!({}));
            let time = started.elapsed();
            // The buyers stop, whatever the answer is.
            is_posting.store(false, Ordering::SeqCst);
            let posted = posted.unwrap().expect(200).json();
            assert_eq!(
                (&posted["status"], &posted["line_totals"]["posted"]),
                (&json!("posted"), &json!(COUNTED_PRODUCTS))
            );
            time
        });
        let during = checkouts(&buyers, || is_posting.load(Ordering::SeqCst));
        (posting.join().unwrap(), during)
    });
    println!("posted {COUNTED_PRODUCTS} lines in {posted:?}");
    for (name, times) in [("before", &before), ("during", &during)] {
        let (median, p99, most) = (percentile(times, 50), percentile(times, 99), percentile(times, 100));
        println!("{} checkouts {name}: median {median:?}, p99 {p99:?}, at most {most:?}", times.len());
    }
}

fn while_shorter(started: Instant, time: Duration) -> bool {
    started.elapsed() < time
}

/// Each row of the place was counted a moment ago, with a unit less or more.
fn submitted_count(admin: &Client) -> i64 {
    let count = json!({"location_id": COUNTED, "scope": {"all": true}});
    let started = Instant::now();
    let count = admin.post("/counts", &count).expect(201).json();
    println!("opened a count of {COUNTED_PRODUCTS} lines in {:?}", started.elapsed());
    assert_eq!(count["line_totals"]["total"], COUNTED_PRODUCTS);
    let products: Vec<i64> = (1..=COUNTED_PRODUCTS).collect();
    for products in products.chunks(500) {
        let entry = |product: &i64| json!({"product_id": product, "quantity": 995 + product % 11});
        let entries: Vec<_> = products.iter().map(entry).collect();
        admin.post(&format!("/counts/{}/entries", count["id"]), &json!({"entries": entries})).expect(200);
    }
    admin.post(&format!("/counts/{}/submit", count["id"]), &json!({})).expect(200).id()
}

/// Every buyer places one order after the other, of one of the counted products each. Returns the times of the orders.
fn checkouts(buyers: &[Client], go_on: impl Fn() -> bool + Sync) -> Vec<Duration> {
    let go_on = &go_on;
    thread::scope(|scope| {
        let threads: Vec<_> = buyers
            .iter()
            .zip(1_i64..)
            .map(|(buyer, number)| {
                scope.spawn(move || {
                    let mut times = Vec::new();
                    while go_on() {
                        let turn = i64::try_from(times.len()).unwrap();
                        let product = 1 + (number * 1_237 + turn * 7_919) % COUNTED_PRODUCTS;
                        let order = json!({"items": [{"product_id": product, "quantity": 1}]});
                        let started = Instant::now();
                        buyer.post("/orders", &order).expect(201);
                        times.push(started.elapsed());
                    }
                    times
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn percentile(times: &[Duration], percent: usize) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}
