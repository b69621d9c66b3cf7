//! The queue for connections to the database.

use std::thread;
use std::time::{Duration, Instant};

use super::metric;
use crate::common::TestApp;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

/// Locks a table that every reader of products needs.
fn lock_products(app: &TestApp) -> PgConnection {
    let mut conn = app.connection();
    conn.batch_execute("BEGIN; LOCK TABLE products IN ACCESS EXCLUSIVE MODE").unwrap();
    conn
}

/// Waits for a state that an earlier request brings about.
#[track_caller]
fn wait_until(state: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "it did not come to pass: {state}");
        thread::yield_now();
    }
}

fn assert_busy(reply: crate::common::Reply) {
    assert!(reply.header("retry-after").parse::<u64>().unwrap() >= 1);
    reply.refused(503, "BUSY");
}

#[test]
fn a_full_queue_is_busy_at_once() {
    let app = TestApp::with(|settings| {
        settings.database.pool_size = 1;
        settings.limits.queue_length = 1;
    });
    // The first call caches the store. Later calls only read products.
    app.guest().get("/inventory/products").expect(200);
    let mut lock = lock_products(&app);
    let (one, next) = thread::scope(|scope| {
        let ask = || app.guest().get("/inventory/products");
        let one = scope.spawn(ask);
        wait_until("a request works", || metric(&app, "stockroom_pool_in_use") == Some(1.0));
        let next = scope.spawn(ask);
        wait_until("a request waits", || metric(&app, "stockroom_oldest_wait_seconds") > Some(0.0));
        assert_busy(ask());
        app.root().get("/health/live").expect(200);
        lock.batch_execute("ROLLBACK").unwrap();
        (one.join().unwrap(), next.join().unwrap())
    });
    one.expect(200);
    next.expect(200);
    assert_eq!(metric(&app, "stockroom_oldest_wait_seconds"), Some(0.0));
}

#[test]
fn a_request_that_gets_no_connection_in_time_is_busy() {
    let app = TestApp::with(|settings| {
        settings.database.pool_size = 1;
        settings.limits.queue_ms = 50;
    });
    app.guest().get("/inventory/products").expect(200);
    let mut lock = lock_products(&app);
    let one = thread::scope(|scope| {
        let one = scope.spawn(|| app.guest().get("/inventory/products"));
        wait_until("a request works", || metric(&app, "stockroom_pool_in_use") == Some(1.0));
        let asked = Instant::now();
        assert_busy(app.guest().get("/inventory/products"));
        assert!(asked.elapsed() >= Duration::from_millis(50));
        lock.batch_execute("ROLLBACK").unwrap();
        one.join().unwrap()
    });
    one.expect(200);
}

/// Slow lists of products wait for each other. Everything that needs no product goes on meanwhile.
#[test]
fn lists_that_compare_every_product_delay_only_each_other() {
    for connections in [2, 4] {
        let app = TestApp::with(|settings| settings.database.pool_size = connections);
        assert_lists_delay_only_each_other(&app);
    }
}

fn assert_lists_delay_only_each_other(app: &TestApp) {
    let mara = app.customer("mara");
    mara.get("/orders/me").expect(200);
    let lists = ["sort=stock", "stock_status=in_stock", "q=rice", "min_price=1", "max_price=9"];
    let mut lock = lock_products(app);
    let slow = thread::scope(|scope| {
        let ask = |query| app.guest().get(&format!("/inventory/products?limit=1&{query}"));
        let slow = lists.map(|query| scope.spawn(move || ask(query)));
        wait_until("a list waits for another one", || metric(app, "stockroom_oldest_wait_seconds") > Some(0.0));
        mara.get("/orders/me").expect(200);
        app.root().get("/health/ready").expect(200);
        app.check_database().unwrap();
        assert_eq!((app.expire_holds(), app.release_carts()), (0, 0));
        assert_eq!(metric(app, "stockroom_pool_in_use"), Some(1.0), "more than a quarter of the connections");
        lock.batch_execute("ROLLBACK").unwrap();
        slow.map(|list| list.join().unwrap())
    });
    slow.into_iter().for_each(|list| drop(list.expect(200)));
}
