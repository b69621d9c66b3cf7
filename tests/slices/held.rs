//! Somebody else holds what one of a slice needs, or the database fails over one: the others are placed.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::mixed::order_of;
use crate::common::line::{Call, call, look};
use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, Value, json};

const NEIGHBOURS: usize = 4;

/// Neighbours that buy one unit each, half of them before the one in question.
struct Street {
    app: TestApp,
    rice: Product,
    neighbours: Vec<Client>,
    /// In the midst of them.
    mara: Client,
}

impl Street {
    fn open() -> Self {
        let app = TestApp::start();
        let rice = app.product("rice", 12.50, 100);
        let neighbours = (0..NEIGHBOURS).map(|number| app.customer(&format!("neighbour-{number}"))).collect();
        let mara = app.customer("mara").with_key("in-question");
        Self { app, rice, neighbours, mara }
    }

    /// The reply to the one in question, which waits for a lock until the others are placed and `let_go`.
    fn place_beside(&self, in_question: impl Fn() -> Reply + Sync, let_go: impl FnOnce()) -> Reply {
        self.place(in_question, |answered| {
            assert_eq!(answered, NEIGHBOURS, "the neighbours waited for the one in question");
            let_go();
        })
    }

    /// The reply to the one in question. The others are placed; `then` is told how many are answered when
    /// so many are.
    fn place(&self, in_question: impl Fn() -> Reply + Sync, then: impl FnOnce(usize)) -> Reply {
        let mut calls: Vec<Call<'_>> =
            self.neighbours.iter().map(|one| call(|| one.post("/orders", &order_of(&self.rice, 1)))).collect();
        calls.insert(NEIGHBOURS / 2, call(in_question));
        let mut replies = self.app.line().up_and(&calls, |wait_until| then(wait_until(NEIGHBOURS)));
        let reply = replies.remove(NEIGHBOURS / 2);
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

/// A transaction beside the server that has done this and stays open.
fn open_transaction(app: &TestApp, sql: &str) -> PgConnection {
    let mut conn = app.connection();
    conn.batch_execute(&format!("BEGIN; {sql}")).unwrap();
    conn
}

fn claim_of(street: &Street) -> String {
    let (store, user) = (street.app.store, street.mara.user.unwrap());
    format!(
        "INSERT INTO idempotency_keys (store_id, caller, key, fingerprint, created_at) \
         VALUES ({store}, 'user:{user}', 'in-question', '', now())"
    )
}

#[test]
fn a_key_that_another_server_works_on_holds_up_no_neighbour() {
    let street = Street::open();
    let other = open_transaction(&street.app, &claim_of(&street));
    street.place_beside(|| street.order(), || ()).refused(409, "REQUEST_IN_PROGRESS");
    drop(other);
    assert_eq!(street.order().expect(201).header("idempotent-replayed"), "");
    street.assert_sold(NEIGHBOURS as i64 + 2);
}

#[test]
fn a_key_that_another_server_lets_go_in_time_is_served() {
    let street = Street::open();
    let mut other = open_transaction(&street.app, &claim_of(&street));
    street.place_beside(|| street.order(), || other.batch_execute("ROLLBACK").unwrap()).expect(201);
    street.assert_sold(NEIGHBOURS as i64 + 2);
}

#[test]
fn a_cart_that_another_server_has_locked_holds_up_no_neighbour() {
    let street = Street::open();
    street.mara.clone().with_key("fill").add_to_cart(&street.rice, 2);
    let home = street.mara.clone().with_key("home").address();
    let lock = format!("SELECT FROM carts WHERE user_id = {} FOR UPDATE", street.mara.user.unwrap());
    let mut other = open_transaction(&street.app, &lock);
    let let_go = || other.batch_execute("ROLLBACK").unwrap();
    street.place_beside(|| street.mara.checkout_to(home), let_go).expect(201);
    street.assert_sold(NEIGHBOURS as i64 + 2);
}

#[test]
fn a_product_that_another_server_has_locked_holds_up_no_neighbour() {
    let street = Street::open();
    let lamp = street.app.product("lamp", 40.0, 3);
    let lock = format!("SELECT FROM stock_levels WHERE variant_id = {} FOR UPDATE", lamp.body["variants"][0]["id"]);
    let other = open_transaction(&street.app, &lock);
    let order = || street.mara.post("/orders", &order_of(&lamp, 2));
    street.place_beside(order, || ()).refused(503, "BUSY");
    drop(other);
    order().expect(201);
    assert_eq!(street.app.stock(&lamp), (1, 0, 2));
    street.assert_sold(NEIGHBOURS as i64);
}

/// Also those who come after it find the lane free.
#[test]
fn a_lone_one_that_waits_for_a_lock_does_not_keep_the_lane() {
    let street = Street::open();
    let mut other = open_transaction(&street.app, &claim_of(&street));
    std::thread::scope(|scope| {
        let held = scope.spawn(|| street.order());
        look(|| (waiting_for_a_lock(&street.app) == 1).then_some(())).expect("nothing waits for a lock");
        for neighbour in &street.neighbours {
            neighbour.post("/orders", &order_of(&street.rice, 1)).expect(201);
        }
        assert!(!held.is_finished(), "the lane was kept until the lock was given up");
        other.batch_execute("ROLLBACK").unwrap();
        held.join().unwrap().expect(201);
    });
    street.assert_sold(NEIGHBOURS as i64 + 2);
}

#[test]
fn an_error_of_the_database_over_one_fails_no_neighbour() {
    let street = Street::open();
    let mut conn = street.app.connection();
    conn.batch_execute(
        "CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN IF NEW.notes = 'break off' THEN RAISE EXCEPTION 'something unheard of'; END IF; RETURN NEW; END $$; \
         CREATE TRIGGER break_off BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION break_off()",
    )
    .unwrap();
    let mut body = order_of(&street.rice, 2);
    body["notes"] = json!("break off");
    let order = || street.mara.post("/orders", &body);
    let told: Value = street.place(order, |_| ()).refused(500, "INTERNAL");
    assert!(!told.to_string().contains("unheard of"), "{told}");
    street.assert_sold(NEIGHBOURS as i64);
    conn.batch_execute("DROP TRIGGER break_off ON orders").unwrap();
    assert_eq!(order().expect(201).header("idempotent-replayed"), "");
    street.assert_sold(NEIGHBOURS as i64 + 2);
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

const WAITING_FOR_A_LOCK: &str =
    "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

fn waiting_for_a_lock(app: &TestApp) -> i64 {
    let count: Count =
        diesel::sql_query(format!("SELECT count(*) {WAITING_FOR_A_LOCK}")).get_result(&mut app.connection()).unwrap();
    count.count
}

/// Ends the connections that wait for a lock, as an administrator would.
fn terminate_waiting(app: &TestApp) -> usize {
    diesel::sql_query(format!("SELECT pg_terminate_backend(pid) {WAITING_FOR_A_LOCK}"))
        .execute(&mut app.connection())
        .unwrap()
}

#[test]
fn a_slice_whose_connection_is_lost_is_placed_by_another_connection() {
    let street = Street::open();
    let mut other = open_transaction(&street.app, "SELECT FROM stock_levels FOR UPDATE");
    let calls: Vec<Call<'_>> =
        street.neighbours.iter().map(|one| call(|| one.post("/orders", &order_of(&street.rice, 1)))).collect();
    let replies = street.app.line().up_and(&calls, |_| {
        look(|| (terminate_waiting(&street.app) == 1).then_some(())).expect("no slice waits for the stock row");
        other.batch_execute("ROLLBACK").unwrap();
    });
    for reply in replies {
        reply.expect(201);
    }
    street.assert_sold(NEIGHBOURS as i64);
}

/// While it commits, when nobody knows whether it has.
#[test]
fn a_slice_whose_connection_is_lost_at_commit_is_placed_once() {
    let street = Street::open();
    let mut other = street.app.connection();
    other
        .batch_execute(
            "CREATE FUNCTION wait_for_the_test() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$; \
             CREATE CONSTRAINT TRIGGER wait_for_the_test AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION wait_for_the_test(); SELECT pg_advisory_lock(1)",
        )
        .unwrap();
    let keyed: Vec<Client> = street.neighbours.iter().map(|one| one.clone().with_key("once")).collect();
    let order = |one: &Client| one.post("/orders", &order_of(&street.rice, 1));
    let calls: Vec<Call<'_>> = keyed.iter().map(|one| call(|| order(one))).collect();
    let replies = street.app.line().up_and(&calls, |_| {
        look(|| (terminate_waiting(&street.app) == 1).then_some(())).expect("no slice commits");
        other.batch_execute("SELECT pg_advisory_unlock(1)").unwrap();
    });
    for (reply, one) in replies.into_iter().zip(&keyed) {
        assert_eq!(reply.expect(201).text(), order(one).expect(201).text());
    }
    street.assert_sold(NEIGHBOURS as i64);
}
