//! Expiry is complete after kills in the middle of it, and with ten thousand orders that fall due at one instant.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::common::process::{Place, Process, stockroom};
use crate::common::shop::Product;
use crate::common::{TestApp, json};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use stockroom::checkout::place_orders::place_orders;
use stockroom::checkout::placement::{Buyer, Contact, Placement, RequestedItem, Source};
use stockroom::db::tx::{self, Mode};
use stockroom::idempotency::queries::Claim;
use stockroom::idempotency::{Keyed, once};
use stockroom::kernel::id::{ProductId, ProductRef, UserId};

/// Orders in one transaction.
const BATCH: usize = 200;

/// Places orders of one unit each that wait for their payment, by the server's code without a server.
fn place_under_payment(app: &TestApp, buyer: UserId, products: &[Product], count: usize, window_seconds: i64) {
    static KEYS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let mut conn = app.connection();
    let actor = format!("user:{buyer}");
    let claim = || Claim {
        caller: actor.clone(),
        key: format!("key-{}", KEYS.fetch_add(1, Ordering::Relaxed)),
        fingerprint: vec![0],
    };
    let placement = |index: usize| Placement {
        actor: actor.clone(),
        buyer: Buyer::Account(buyer),
        contact: Contact::default(),
        source: Source::Items(vec![RequestedItem {
            product: ProductRef::Id(ProductId(products[index % products.len()].id)),
            size: None,
            quantity: serde_json::from_value(json!(1)).unwrap(),
            unit_price: None,
        }]),
        shipping_address: None,
        billing_address: None,
        pickup: None,
        payment_method: "upi".to_owned(),
        notes: None,
        expected_total: None,
        discount: None,
        allow_partial: false,
        payment_window_seconds: window_seconds,
        exchange: None,
    };
    for start in (0..count).step_by(BATCH) {
        let indices = start..count.min(start + BATCH);
        let batch: Vec<_> = indices.map(|index| Keyed { claim: claim(), request: placement(index) }).collect();
        let outcomes = tx::run(&mut conn, Mode::Write, |conn| {
            once(conn, app.store, &batch.iter().collect::<Vec<_>>(), |conn, fresh| place_orders(conn, app.store, fresh))
        })
        .unwrap();
        assert!(outcomes.iter().all(Result::is_ok), "an order was refused");
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(conn: &mut PgConnection, sql: &str) -> i64 {
    diesel::sql_query(sql).get_result::<Count>(conn).unwrap().count
}

const UNDER_PAYMENT: &str = "SELECT count(*) FROM orders WHERE status = 'under_paying'";

/// Orders that were not released exactly once.
const NOT_ONCE: &str = "SELECT count(*) FROM orders o WHERE o.status <> 'cancelled' OR o.payment_status <> 'expired' \
     OR (SELECT count(*) FROM stock_movements m WHERE m.store_id = o.store_id AND m.reference_id = o.order_number \
         AND m.kind = 'release') <> 1 \
     OR (SELECT count(*) FROM stock_holds h WHERE h.store_id = o.store_id AND h.holder_kind = 'order' \
         AND h.holder_id = o.id AND h.state = 'expired') <> 1 \
     OR (SELECT count(*) FROM order_history h WHERE h.store_id = o.store_id AND h.order_id = o.id) <> 2";

/// The program on the database of the test.
fn serve(app: &TestApp, place: &Place) -> Process {
    let mut command = stockroom(&["serve"]);
    command.env("DATABASE_URL", app.settings.database.url.reveal());
    command.env("JWT_SECRET", crate::common::app::JWT_SECRET);
    command.env("STOCKROOM__PAYMENTS__WINDOW_SECONDS", "1");
    Process::start(command, &place.folder)
}

/// Waits until the program's expiry has a transaction open that has locked orders.
fn wait_for_expiry(conn: &mut PgConnection) {
    let at_work = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL";
    let give_up = Instant::now() + Duration::from_secs(60);
    while count(conn, at_work) == 0 {
        assert!(Instant::now() < give_up, "the expiry does not begin");
        std::thread::yield_now();
    }
}

#[test]
fn a_server_killed_while_it_expires_a_thousand_orders_releases_each_once() {
    let app = TestApp::start();
    let place = Place::new();
    let products: Vec<Product> = (0..20).map(|index| app.product(&format!("tee-{index}"), 30.0, 10_000)).collect();
    let mara = app.customer("mara").user.unwrap();
    let mut conn = app.connection();
    let mut left = Vec::new();
    for round in 0..10_u64 {
        let missing = 1_000 - count(&mut conn, UNDER_PAYMENT);
        place_under_payment(&app, mara, &products, usize::try_from(missing).unwrap(), 1);
        let server = serve(&app, &place);
        wait_for_expiry(&mut conn);
        if round % 2 == 0 {
            // Each kill is a little later, so that it hits another statement.
            std::thread::sleep(Duration::from_millis(round * 15));
        } else {
            // The kill comes after the first transaction, so that it hits the middle of the expiry on a slow machine
            // too.
            let give_up = Instant::now() + Duration::from_secs(60);
            while count(&mut conn, UNDER_PAYMENT) == 1_000 {
                assert!(Instant::now() < give_up, "no transaction of the expiry ends: {}", server.log());
            }
        }
        server.kill();
        await_no_transaction(&mut conn);
        left.push(count(&mut conn, UNDER_PAYMENT));
        app.audit();
    }
    println!("left of 1,000 orders after each kill: {left:?}");
    assert!(left.iter().any(|left| (1..1_000).contains(left)), "no kill came in the middle: {left:?}");
    let server = serve(&app, &place);
    let give_up = Instant::now() + Duration::from_secs(60);
    while count(&mut conn, UNDER_PAYMENT) > 0 {
        assert!(Instant::now() < give_up, "the rest is not worked off: {}", server.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(server.terminate().success());
    assert_eq!(count(&mut conn, NOT_ONCE), 0);
    products.iter().for_each(|product| assert_eq!(app.stock(product), (10_000, 0, 0)));
}

/// A killed program's transaction ends when the database notices.
fn await_no_transaction(conn: &mut PgConnection) {
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND pid <> pg_backend_pid() AND xact_start IS NOT NULL";
    let give_up = Instant::now() + Duration::from_secs(30);
    while count(conn, open) > 0 {
        assert!(Instant::now() < give_up, "a transaction of the killed program stays");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn ten_thousand_that_fall_due_at_once_are_worked_off_while_checkouts_go_on() {
    let app = TestApp::start();
    let products: Vec<Product> = (0..20).map(|index| app.product(&format!("tee-{index}"), 30.0, 100_000)).collect();
    place_under_payment(&app, app.customer("mara").user.unwrap(), &products, 10_000, 900);
    let at_one_instant = "WITH o AS (UPDATE orders SET payment_expires_at = $1::timestamptz RETURNING id) \
         UPDATE stock_holds SET expires_at = $1::timestamptz WHERE state = 'active'";
    let mut conn = app.connection();
    let instant = (chrono::Utc::now() + chrono::TimeDelta::seconds(3_600)).to_rfc3339();
    assert_eq!(diesel::sql_query(at_one_instant).bind::<Text, _>(instant).execute(&mut conn).unwrap(), 10_000);
    app.advance(3_601);
    let buyers = [app.customer("noor"), app.customer("ravi")];
    let done = AtomicBool::new(false);
    let (ended, took, bought) = std::thread::scope(|scope| {
        let (products, done) = (&products, &done);
        let buying: Vec<_> = buyers
            .iter()
            .map(|buyer| {
                scope.spawn(move || {
                    let bought = products.iter().cycle().take_while(|_| !done.load(Ordering::Relaxed));
                    bought.map(|product| drop(buyer.order_now(product, 1).expect(201))).count()
                })
            })
            .collect();
        let begin = Instant::now();
        let ended = app.expire_holds();
        let took = begin.elapsed();
        done.store(true, Ordering::Relaxed);
        let bought: usize = buying.into_iter().map(|buyer| buyer.join().unwrap()).sum();
        (ended, took, bought)
    });
    println!("{ended} holds were worked off in {took:.1?}, {bought} orders bought meanwhile");
    assert_eq!(ended, 10_000);
    assert!(bought > 0, "nobody could buy");
    assert_eq!(count(&mut conn, UNDER_PAYMENT), 0);
    assert_eq!(count(&mut conn, "SELECT count(*) FROM stock_holds WHERE state = 'active'"), 0);
}
