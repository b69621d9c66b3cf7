//! Jobs work for all stores. If the rows of one store are unreachable, they continue with the others.

use crate::common::smtp;
use crate::common::{Client, TestApp, Value, json};
use actix_web::rt::System;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use stockroom::auth::context::PLATFORM;
use stockroom::db::Failure;
use stockroom::db::distribute::{FURTHER_STORE_TABLES, STORE_TABLES};
use stockroom::jobs::Jobs;
use stockroom::kernel::id::StoreId;

const FAR: &str = "STORE-FAR";

/// Two stores, in each of which every job has one thing to do.
struct Shop {
    app: TestApp,
    far: StoreId,
    /// The order that expires and the order that an event pays, in the default store and in the other one.
    orders: [(Client, Value, Value); 2],
    mails: std::path::PathBuf,
}

/// The name makes the folder of the mails unique among the tests.
fn shop(name: &str) -> Shop {
    let folder = format!("mails-jobs-{name}-{}", std::process::id());
    let mails = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    std::fs::remove_dir_all(&mails).ok();
    let app = TestApp::with(|settings| {
        settings.mail.dir = mails.clone();
        settings.server.public_url = "https://shop.example.com".to_owned();
    });
    let far = app.other_store(FAR);
    execute(&app, "UPDATE stores SET hold_cart_items = true");
    let orders = ["STORE-TEST", FAR].map(|store| {
        let tee = app.product_in(store, "tee", 30.0, 10);
        let mara = app.customer("mara").in_store(store);
        mara.add_to_cart(&tee, 1).expect(201);
        (mara.clone(), mara.order_upi(&tee, 2), mara.order_upi(&tee, 3))
    });
    execute(&app, "UPDATE stores SET hold_cart_items = false");
    for (_, _, paid) in &orders {
        let event = format!(
            "INSERT INTO payment_events (store_id, provider, event_id, event_type, order_number, reference, amount, \
                    currency, outcome, received_at) \
             SELECT store_id, 'stripe', 'evt_' || id, 'payment_intent.succeeded', order_number, 'pi_' || id, \
                    total_amount, 'INR', 'unmatched', now() FROM orders WHERE order_number = {}",
            paid["order_number"].to_string().replace('"', "'")
        );
        execute(&app, &event);
    }
    let mail = format!(
        "INSERT INTO mail_outbox (store_id, kind, recipient, next_attempt_at, give_up_at, created_at) \
         SELECT store, 'password_reset', 'mara@example.com', now(), now() + interval '1 hour', now() \
         FROM unnest(ARRAY[{}, {far}]) store",
        PLATFORM
    );
    execute(&app, &mail);
    execute(&app, "UPDATE idempotency_keys SET created_at = now() - interval '1 year'");
    Shop { app, far, orders, mails }
}

fn execute(app: &TestApp, sql: &str) {
    app.connection().batch_execute(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(app: &TestApp, rows: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) AS count FROM {rows}");
    diesel::sql_query(sql).get_result::<Count>(&mut app.connection()).unwrap().count
}

fn tables() -> impl Iterator<Item = &'static str> {
    STORE_TABLES.into_iter().chain(FURTHER_STORE_TABLES)
}

/// A statement that reads a row of the store fails, as if the database server with these rows were away.
fn put_out_of_reach(app: &TestApp, store: StoreId) {
    execute(
        app,
        "CREATE FUNCTION out_of_reach() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN \
             RAISE EXCEPTION 'connection to the remote node far:5432 failed'; END $$",
    );
    for table in tables() {
        execute(
            app,
            &format!(
                "ALTER TABLE {table} RENAME TO all_{table};
                 CREATE VIEW {table} AS SELECT * FROM all_{table} WHERE store_id <> {store} OR out_of_reach()"
            ),
        );
    }
}

fn put_within_reach(app: &TestApp) {
    for table in tables() {
        execute(app, &format!("DROP VIEW {table}; ALTER TABLE all_{table} RENAME TO {table}"));
    }
}

fn step<F: Future<Output = Result<usize, Failure>> + 'static>(
    app: &TestApp,
    job: impl FnOnce(Jobs) -> F,
) -> Result<usize, Failure> {
    System::new().block_on(job(app.jobs().clone()))
}

fn release_carts(app: &TestApp) -> Result<usize, Failure> {
    step(app, |jobs| async move { jobs.release_carts().await })
}

fn apply_events(app: &TestApp) -> Result<usize, Failure> {
    step(app, |jobs| async move { jobs.apply_waiting_events().await })
}

fn send_mails(app: &TestApp) -> Result<usize, Failure> {
    step(app, |jobs| async move { jobs.send_mails().await })
}

fn purge_keys(app: &TestApp) -> Result<usize, Failure> {
    step(app, |jobs| async move { jobs.purge_keys().await })
}

#[test]
fn a_store_out_of_reach_does_not_keep_the_jobs_from_the_others() {
    let Shop { app, far, orders, mails } = shop("reach");
    let [(mara, expiring, paid), (far_mara, far_expiring, far_paid)] = orders;
    let keys = |store: StoreId| count(&app, &format!("idempotency_keys WHERE store_id = {store}"));
    assert!(keys(app.store) > 0 && keys(far) > 0);
    put_out_of_reach(&app, far);

    let job_failed = |outcome: Result<usize, Failure>| {
        let failure = outcome.unwrap_err();
        assert!(failure.is_outage(), "{failure}");
    };
    job_failed(release_carts(&app));
    assert_eq!(count(&app, "all_stock_holds WHERE holder_kind = 'cart' AND state = 'active'"), 1);
    job_failed(apply_events(&app));
    assert_eq!(app.status(&paid), ("pending".into(), "paid".into()));
    job_failed(send_mails(&app));
    assert_eq!((smtp::written(&mails).len(), count(&app, "all_mail_outbox")), (1, 1));
    job_failed(purge_keys(&app));
    assert_eq!(count(&app, &format!("all_idempotency_keys WHERE store_id <> {far}")), 0);
    app.advance(901);
    job_failed(app.try_expire_holds());
    assert_eq!(app.status(&expiring).0, "cancelled");

    put_within_reach(&app);
    assert!(keys(far) > 0);
    assert_eq!((release_carts(&app).unwrap(), apply_events(&app).unwrap(), send_mails(&app).unwrap()), (1, 1, 1));
    assert_eq!((app.expire_holds(), purge_keys(&app).unwrap() > 0, keys(far)), (1, true, 0));
    let status = |mara: &Client, order: &Value| {
        let order = mara.get(&format!("/orders/{}", order["id"])).expect(200).json();
        (order["status"].clone(), order["refund_due"].clone())
    };
    assert_eq!(status(&far_mara, &far_expiring).0, "cancelled");
    // The payment waited until after the window of its order.
    assert_eq!(status(&far_mara, &far_paid), (json!("cancelled"), json!(true)));
    assert_eq!(status(&mara, &paid).1, json!(false));
}

/// Keys within the promised time stay, also one that was used again.
#[test]
fn old_answers_are_forgotten_in_every_store() {
    let Shop { app, far, .. } = shop("answers");
    app.customer("noor").address();
    let young = count(&app, "idempotency_keys WHERE created_at > now() - interval '1 day'");
    assert!(young > 0);
    let old = count(&app, "idempotency_keys") - young;
    assert_eq!(purge_keys(&app).unwrap(), usize::try_from(old).unwrap());
    assert_eq!((count(&app, "idempotency_keys"), purge_keys(&app).unwrap()), (young, 0));
    assert_eq!(count(&app, &format!("idempotency_keys WHERE store_id = {far}")), 0);
}
