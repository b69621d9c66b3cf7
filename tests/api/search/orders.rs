//! The search texts of orders. A job writes them after the commit, and a search does not wait for it.

use std::slice;

use super::find;
use crate::common::{Client, TestApp, Value, json, race};
use actix_web::rt::System;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use stockroom::db::tx::{self, Mode};
use stockroom::db::{End, Failure};
use stockroom::orders::search::{ROWS_AT_A_TIME, write_next};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// The number of written texts.
fn written(app: &TestApp) -> i64 {
    let count = diesel::sql_query("SELECT COUNT(*) AS count FROM order_search");
    count.get_result::<Count>(&mut app.connection()).unwrap().count
}

fn execute(app: &TestApp, sql: &str) {
    app.connection().batch_execute(sql).unwrap();
}

fn numbers(client: &Client, query: &str) -> Vec<String> {
    let mut found = find(client, "/orders", query, "order_number");
    found.sort();
    found
}

fn number(order: &Value) -> String {
    order["order_number"].as_str().unwrap().to_owned()
}

fn place(app: &TestApp, name: &str) -> String {
    let body = json!({"items": [{"product_id": "rice", "quantity": 1}], "customer_name": name});
    number(&app.staff(&["orders:create"]).post("/orders", &body).expect(201).json())
}

fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("rice", 10.0, 1_000);
    app
}

#[test]
fn an_order_is_found_at_once_and_the_job_writes_its_text_later() {
    let app = shop();
    let admin = app.admin();
    let order = [place(&app, "Zoë Ødegård")];
    // Neither the transaction of the order nor a search writes the text.
    assert_eq!((numbers(&admin, "odegard"), written(&app)), (order.to_vec(), 0));
    assert_eq!(numbers(&admin, "odegard nobody"), [""; 0]);
    app.relay_feed();
    assert_eq!((numbers(&admin, "odegard"), written(&app)), (order.to_vec(), 0));
    assert_eq!((app.write_search_texts(), written(&app)), (1, 1));
    assert_eq!(numbers(&admin, "odegard"), order);
    // Nothing is left to do.
    assert_eq!((app.write_search_texts(), written(&app)), (0, 1));
    // Written texts and others are found together, each order once.
    let mut both = [order[0].clone(), place(&app, "Mr Odegard")];
    both.sort();
    assert_eq!(numbers(&admin, "odegard"), both);
    app.relay_feed();
    assert_eq!((app.write_search_texts(), numbers(&admin, "odegard")), (1, both.to_vec()));
}

#[test]
fn a_search_of_own_orders_finds_own_orders_only() {
    let app = shop();
    let salt = app.product("salt", 10.0, 100);
    let [mara, jon] = ["mara", "jon"].map(|name| app.customer(name));
    // All customers of the tests have the same address.
    let buy = |buyer: &Client| {
        buyer.add_to_cart(&salt, 1);
        number(&buyer.checkout_to(buyer.address()).expect(201).json())
    };
    let order = buy(&mara);
    buy(&jon);
    for _ in 0..2 {
        assert_eq!(find(&mara, "/orders/me", "iyer", "order_number"), slice::from_ref(&order));
        app.relay_feed();
        app.write_search_texts();
    }
}

/// An order has copies of its addresses, which never change.
#[test]
fn an_order_is_found_by_the_names_of_its_time() {
    let app = shop();
    let (mara, salt) = (app.customer("mara"), app.product("salt", 10.0, 100));
    let address = |name: &str| {
        json!({"full_name": name, "phone": "+91 98450 12345", "line1": "12 Lake Road", "city": "Bengaluru",
               "postal_code": "560001", "country": "IN"})
    };
    let id = mara.post("/addresses", &address("Mara Iyer")).expect(201).id();
    let buy = || {
        mara.add_to_cart(&salt, 1);
        number(&mara.checkout_to(id).expect(201).json())
    };
    let before = buy();
    mara.put(&format!("/addresses/{id}"), &address("Mara Menon")).expect(200);
    let after = buy();
    let admin = app.admin();
    for _ in 0..2 {
        assert_eq!(numbers(&admin, "iyer"), slice::from_ref(&before));
        assert_eq!(numbers(&admin, "menon"), slice::from_ref(&after));
        app.relay_feed();
        app.write_search_texts();
    }
}

#[test]
fn a_job_that_ends_before_its_commit_leaves_nothing_behind() {
    let app = shop();
    app.write_search_texts();
    let order = place(&app, "Mara");
    app.relay_feed();
    for _ in 0..3 {
        let killed: Result<(), Failure> = tx::run(&mut app.connection(), Mode::Write, |conn| {
            let end = write_next(conn, app.store, ROWS_AT_A_TIME)?;
            assert!(matches!(end, End::Commit(written) if written.orders == 1));
            Err(Failure::Internal("killed".to_owned()))
        });
        assert!(killed.is_err());
        assert_eq!((written(&app), numbers(&app.admin(), "mara")), (0, vec![order.clone()]));
    }
    // While another server writes the texts of the store, nothing happens.
    let mut other = app.connection();
    other.batch_execute("BEGIN").unwrap();
    write_next(&mut other, app.store, ROWS_AT_A_TIME).unwrap();
    assert_eq!((app.write_search_texts(), numbers(&app.admin(), "mara")), (0, vec![order.clone()]));
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!((app.write_search_texts(), numbers(&app.admin(), "mara")), (1, vec![order]));
}

#[test]
fn a_lost_position_changes_nothing_and_lost_texts_are_written_again() {
    let app = shop();
    let orders = ["Mara One", "Mara Two", "Mara Three"].map(|name| place(&app, name));
    app.relay_feed();
    assert_eq!(app.write_search_texts(), 3);
    let mut expected = orders.to_vec();
    expected.sort();
    let admin = app.admin();
    // Parts of the feed are read twice.
    for sql in ["DELETE FROM order_search_positions", "UPDATE order_search_positions SET position = 0"] {
        execute(&app, sql);
        assert_eq!(numbers(&admin, "mara"), expected);
        assert_eq!((app.write_search_texts(), written(&app)), (0, 3));
        assert_eq!(numbers(&admin, "mara"), expected);
    }
    // The sweep finds orders that are older than the feed, too.
    execute(&app, "DELETE FROM order_search_positions; DELETE FROM order_search");
    assert_eq!((app.write_search_texts(), written(&app)), (3, 3));
    assert_eq!(numbers(&admin, "mara"), expected);
}

/// A sweep takes several transactions, and orders are placed meanwhile.
#[test]
fn an_order_that_is_placed_during_a_sweep_gets_its_text() {
    let app = shop();
    for number in 0..25 {
        place(&app, &format!("Mara {number}"));
    }
    app.relay_feed();
    let next = || tx::run(&mut app.connection(), Mode::Write, |conn| write_next(conn, app.store, 1)).unwrap();
    // A transaction of this size takes ten orders.
    assert_eq!((next().orders, written(&app)), (10, 10));
    place(&app, "Mara Late");
    assert_eq!(numbers(&app.admin(), "late").len(), 1);
    app.relay_feed();
    assert_eq!(numbers(&app.admin(), "late").len(), 1);
    assert_eq!((next().orders, next().orders), (10, 6));
    // The sweep has found it, so its event adds nothing.
    assert_eq!((app.write_search_texts(), written(&app)), (0, 26));
    assert_eq!(numbers(&app.admin(), "late").len(), 1);
}

#[test]
fn two_servers_write_each_text_once() {
    let app = shop();
    let second = app.second_server();
    for round in 0..10 {
        for number in 0..3 {
            place(&app, &format!("Mara {round} {number}"));
        }
        app.relay_feed();
        let servers = [app.jobs().clone(), second.jobs().clone()];
        race(2, |index| {
            let jobs = servers[index].clone();
            System::new().block_on(async move { jobs.write_search_texts().await }).unwrap()
        });
        app.write_search_texts();
        assert_eq!(written(&app), 3 * (round + 1));
    }
}
