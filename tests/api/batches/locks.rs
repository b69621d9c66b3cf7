//! One request of a batch needs a row that is locked, or makes the database fail. The other requests are placed.

use super::outcomes::order_of;
use crate::common::batch_queue::{Call, call, poll};
use crate::common::locks::WAITING;
use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, Value, json};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

const OTHERS: usize = 4;

/// A batch of one delayed request among others that buy one unit each.
struct SharedBatch {
    app: TestApp,
    rice: Product,
    others: Vec<Client>,
    /// Sends the delayed request, which stands in the middle of the batch.
    mara: Client,
}

impl SharedBatch {
    fn open() -> Self {
        let app = TestApp::start();
        let rice = app.product("rice", 12.50, 100);
        let others = (0..OTHERS).map(|number| app.customer(&format!("other_customer-{number}"))).collect();
        let mara = app.customer("mara").with_key("delayed");
        Self { app, rice, others, mara }
    }

    /// The reply to the delayed request, which waits for a lock until the others are placed and `release` is done.
    fn place_beside(&self, delayed: impl Fn() -> Reply + Sync, release: impl FnOnce()) -> Reply {
        self.place(delayed, |answered| {
            assert_eq!(answered, OTHERS, "the others waited for the delayed request");
            release();
        })
    }

    /// The reply to the delayed request. The others must be placed. `then` gets the number of answers when the others
    /// are answered.
    fn place(&self, delayed: impl Fn() -> Reply + Sync, then: impl FnOnce(usize)) -> Reply {
        let mut calls: Vec<Call<'_>> =
            self.others.iter().map(|one| call(|| one.post("/orders", &order_of(&self.rice, 1)))).collect();
        calls.insert(OTHERS / 2, call(delayed));
        let mut replies = self.app.batch_queue().send_in_one_batch_and(&calls, |wait_until| then(wait_until(OTHERS)));
        let reply = replies.remove(OTHERS / 2);
        for reply in replies {
            reply.expect(201);
        }
        reply
    }

    fn order(&self) -> Reply {
        self.mara.post("/orders", &order_of(&self.rice, 2))
    }

    fn assert_sold(&self, sold: i64) {
        self.app.assert_sold(&self.rice, 100, sold);
    }
}

/// A transaction of the test that has executed a statement and stays open.
fn open_transaction(app: &TestApp, sql: &str) -> PgConnection {
    let mut conn = app.connection();
    conn.batch_execute(&format!("BEGIN; {sql}")).unwrap();
    conn
}

fn claim_of(batch: &SharedBatch) -> String {
    let (store, user) = (batch.app.store, batch.mara.user.unwrap());
    format!(
        "INSERT INTO idempotency_keys (store_id, caller, key, fingerprint, created_at) \
         VALUES ({store}, 'user:{user}', 'delayed', '', now())"
    )
}

#[test]
fn a_key_that_another_server_works_on_delays_no_other_request() {
    let batch = SharedBatch::open();
    let other = open_transaction(&batch.app, &claim_of(&batch));
    batch.place_beside(|| batch.order(), || ()).refused(409, "REQUEST_IN_PROGRESS");
    drop(other);
    assert_eq!(batch.order().expect(201).header("idempotent-replayed"), "");
    batch.assert_sold(OTHERS as i64 + 2);
}

#[test]
fn a_key_that_another_server_releases_in_time_is_served() {
    let batch = SharedBatch::open();
    let mut other = open_transaction(&batch.app, &claim_of(&batch));
    batch.place_beside(|| batch.order(), || other.batch_execute("ROLLBACK").unwrap()).expect(201);
    batch.assert_sold(OTHERS as i64 + 2);
}

#[test]
fn a_cart_that_another_server_has_locked_delays_no_other_request() {
    let batch = SharedBatch::open();
    batch.mara.clone().with_key("fill").add_to_cart(&batch.rice, 2);
    let home = batch.mara.clone().with_key("home").address();
    let lock = format!("SELECT FROM carts WHERE user_id = {} FOR UPDATE", batch.mara.user.unwrap());
    let mut other = open_transaction(&batch.app, &lock);
    let release = || other.batch_execute("ROLLBACK").unwrap();
    batch.place_beside(|| batch.mara.checkout_to(home), release).expect(201);
    batch.assert_sold(OTHERS as i64 + 2);
}

#[test]
fn a_product_that_another_server_has_locked_delays_no_other_request() {
    let batch = SharedBatch::open();
    let lamp = batch.app.product("lamp", 40.0, 3);
    let lock = format!("SELECT FROM stock_levels WHERE variant_id = {} FOR UPDATE", lamp.body["variants"][0]["id"]);
    let other = open_transaction(&batch.app, &lock);
    let order = || batch.mara.post("/orders", &order_of(&lamp, 2));
    batch.place_beside(order, || ()).refused(503, "BUSY");
    drop(other);
    order().expect(201);
    assert_eq!(batch.app.stock(&lamp), (1, 0, 2));
    batch.assert_sold(OTHERS as i64);
}

/// Later requests find the queue open.
#[test]
fn a_single_request_that_waits_for_a_lock_does_not_block_the_queue() {
    let batch = SharedBatch::open();
    let mut other = open_transaction(&batch.app, &claim_of(&batch));
    std::thread::scope(|scope| {
        let held = scope.spawn(|| batch.order());
        poll(|| (batch.app.waiting_for_a_lock() == 1).then_some(())).expect("nothing waits for a lock");
        for other_customer in &batch.others {
            other_customer.post("/orders", &order_of(&batch.rice, 1)).expect(201);
        }
        assert!(!held.is_finished(), "the queue was blocked until the lock was released");
        other.batch_execute("ROLLBACK").unwrap();
        held.join().unwrap().expect(201);
    });
    batch.assert_sold(OTHERS as i64 + 2);
}

#[test]
fn an_error_of_the_database_for_one_request_fails_no_other() {
    let batch = SharedBatch::open();
    let mut conn = batch.app.connection();
    conn.batch_execute(
        "CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN IF NEW.notes = 'break off' THEN RAISE EXCEPTION 'something unheard of'; END IF; RETURN NEW; END $$; \
         CREATE TRIGGER break_off BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION break_off()",
    )
    .unwrap();
    let mut body = order_of(&batch.rice, 2);
    body["notes"] = json!("break off");
    let order = || batch.mara.post("/orders", &body);
    let problem: Value = batch.place(order, |_| ()).refused(500, "INTERNAL");
    assert!(!problem.to_string().contains("unheard of"), "{problem}");
    batch.assert_sold(OTHERS as i64);
    conn.batch_execute("DROP TRIGGER break_off ON orders").unwrap();
    assert_eq!(order().expect(201).header("idempotent-replayed"), "");
    batch.assert_sold(OTHERS as i64 + 2);
}

/// Ends the connections that wait for a lock, as an administrator would.
fn terminate_waiting(app: &TestApp) -> usize {
    diesel::sql_query(format!("SELECT pg_terminate_backend(pid) {WAITING}")).execute(&mut app.connection()).unwrap()
}

#[test]
fn a_batch_whose_connection_is_lost_is_placed_by_another_connection() {
    let batch = SharedBatch::open();
    let mut other = open_transaction(&batch.app, "SELECT FROM stock_levels FOR UPDATE");
    let calls: Vec<Call<'_>> =
        batch.others.iter().map(|one| call(|| one.post("/orders", &order_of(&batch.rice, 1)))).collect();
    let replies = batch.app.batch_queue().send_in_one_batch_and(&calls, |_| {
        poll(|| (terminate_waiting(&batch.app) == 1).then_some(())).expect("no batch waits for the stock row");
        other.batch_execute("ROLLBACK").unwrap();
    });
    for reply in replies {
        reply.expect(201);
    }
    batch.assert_sold(OTHERS as i64);
}

/// The connection is lost during the COMMIT, so that the server cannot know the outcome.
#[test]
fn a_batch_whose_connection_is_lost_at_commit_is_placed_once() {
    let batch = SharedBatch::open();
    let mut other = batch.app.connection();
    other
        .batch_execute(
            "CREATE FUNCTION wait_for_the_test() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$; \
             CREATE CONSTRAINT TRIGGER wait_for_the_test AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION wait_for_the_test(); SELECT pg_advisory_lock(1)",
        )
        .unwrap();
    let keyed: Vec<Client> = batch.others.iter().map(|one| one.clone().with_key("once")).collect();
    let order = |one: &Client| one.post("/orders", &order_of(&batch.rice, 1));
    let calls: Vec<Call<'_>> = keyed.iter().map(|one| call(|| order(one))).collect();
    let replies = batch.app.batch_queue().send_in_one_batch_and(&calls, |_| {
        poll(|| (terminate_waiting(&batch.app) == 1).then_some(())).expect("no batch commits");
        other.batch_execute("SELECT pg_advisory_unlock(1)").unwrap();
    });
    for (reply, one) in replies.into_iter().zip(&keyed) {
        assert_eq!(reply.expect(201).text(), order(one).expect(201).text());
    }
    batch.assert_sold(OTHERS as i64);
}
