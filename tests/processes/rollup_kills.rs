//! Kills of `stockroom rollups --rebuild` at random moments. Reports are the same at any time, and the next run does the
//! rest.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Instant;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::common::app::JWT_SECRET;
use crate::common::{TestApp, Value, json, process};

const KILLS: usize = 12;
const ORDERS: usize = 60;

fn rebuild(app: &TestApp) -> Command {
    let mut command = process::stockroom(&["rollups", "--rebuild"]);
    command.env("DATABASE_URL", app.settings.database.url.reveal()).env("JWT_SECRET", JWT_SECRET);
    command
}

fn report(app: &TestApp) -> [Value; 3] {
    let reader = app.staff(&["reports:read"]);
    ["day", "product", "customer"]
        .map(|group| reader.get(&format!("/reports/sales?group_by={group}")).expect(200).json())
}

#[derive(QueryableByName)]
struct Folded {
    #[diesel(sql_type = BigInt)]
    position: i64,
}

/// The position of the fold.
fn folded(app: &TestApp) -> i64 {
    let row = diesel::sql_query("SELECT position FROM sales_folds WHERE is_emptied");
    row.get_result::<Folded>(&mut app.connection()).optional().unwrap().map_or(0, |row| row.position)
}

#[test]
fn a_killed_rebuild_changes_no_report_and_the_next_one_does_the_rest() {
    let app = TestApp::start();
    let rice = app
        .create_product(&json!({"sku": "rice", "name": "Rice", "price": 10, "cost_price": 6, "initial_stock": 9_999}));
    let clerk = app.staff(&["orders:update", "payments:confirm"]);
    for buyer in ["mara", "jon", "ada"].map(|name| app.customer(name)) {
        for number in 0..ORDERS / 3 {
            let order = buyer.order_now(&rice, 2).expect(201).json();
            match number % 3 {
                0 => drop(clerk.cancel(&order).expect(200)),
                1 => drop(clerk.confirm(&order, &format!("pay-{}", order["id"])).expect(200)),
                _ => {}
            }
        }
    }
    app.fold_sales();
    let (expected, end) = (report(&app), folded(&app));
    assert_eq!(expected[0]["totals"]["orders"], ORDERS);
    let started = Instant::now();
    let finished = process::run(&mut rebuild(&app));
    assert_eq!(finished.status.code(), Some(0), "{}", String::from_utf8_lossy(&finished.stderr));
    let time = started.elapsed();
    let mut interrupted = 0;
    for _ in 0..KILLS {
        let mut command = rebuild(&app);
        let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        sleep(time.mul_f64(rand::random()));
        running.kill().unwrap();
        running.wait().unwrap();
        interrupted += usize::from(folded(&app) < end);
        assert_eq!(report(&app), expected);
    }
    println!("{interrupted} of {KILLS} runs were killed before their end");
    assert_eq!(process::run(&mut rebuild(&app)).status.code(), Some(0));
    assert_eq!(folded(&app), end);
    assert_eq!(report(&app), expected);
    app.audit();
}
