//! Servers that are killed while they import: a slice is done once or not at all, and the import goes on by itself. The
//! durability of this PostgreSQL is not reduced.

use std::thread;
use std::time::{Duration, Instant};

use crate::common::process::{self, Place, Process};
use crate::common::{Client, Value, json};
use crate::kills::{TIMEOUT, audit, log_in, verify};

const ROWS: usize = 12_000;
const KILLS: usize = 4;

fn serve(place: &Place) -> Process {
    let mut command = process::stockroom(&["serve"]);
    command
        .env("STOCKROOM__DATABASE__DATA_DIR", place.data_dir())
        .env("STOCKROOM__LIMITS__LOGIN_PER_MINUTE", "0")
        .env("STOCKROOM__AUTH__ACCESS_TTL_SECONDS", "3600");
    Process::start(command, &place.folder)
}

fn admin_of(server: &Process) -> Client {
    let token = log_in(&server.client(), "admin@example.com", "stockroom-demo");
    server.client().with_token(&token)
}

pub fn import(client: &Client, query: &str, csv: &str) -> Value {
    let reply = client.send_bytes("POST", &format!("/imports?on_error=skip&{query}"), "text/csv", csv.as_bytes());
    reply.expect(202).json()
}

/// The import when it has rows with a result, or when it has ended.
fn wait_until(client: &Client, import: &Value, is_reached: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let found = client.get(&format!("/imports/{}", import["id"])).expect(200).json();
        if is_reached(&found) {
            return found;
        }
        assert!(Instant::now() < deadline, "the import does not go on: {found}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_killed_import_goes_on_and_does_no_slice_twice() {
    let place = Place::new();
    let mut server = serve(&place);
    let mut admin = admin_of(&server);
    let products: String = (0..ROWS).map(|n| format!("kill-{n},Product {n},1.00,5\n")).collect();
    let products = import(&admin, "kind=products", &format!("sku,name,price,initial_stock\n{products}"));
    let mut partly = 0;
    for kill in 1..=KILLS {
        let reached = i64::try_from(ROWS * kill / (KILLS + 1)).unwrap();
        let seen = wait_until(&admin, &products, |found| found["processed"].as_i64() >= Some(reached));
        server.kill();
        server = serve(&place);
        admin = admin.at(&server.address);
        let found = admin.get(&format!("/imports/{}", products["id"])).expect(200).json();
        assert!(found["processed"].as_i64() >= seen["processed"].as_i64(), "{seen} became {found}");
        let made = admin.get("/inventory/products?q=kill-&limit=1").expect(200).json()["total"].as_i64().unwrap();
        assert_eq!(made % 500, 0, "whole slices only");
        partly += i64::from(found["state"] == "running");
    }
    assert!(partly > 0, "no kill hit the import");
    let done = wait_until(&admin, &products, |found| found["state"] != "running");
    assert_eq!((&done["created"], &done["refused"]), (&json!(ROWS), &json!(0)), "{done}");
    let receipts: String = (0..ROWS).map(|n| format!("kill-{n},in,3\n")).collect();
    let receipts = import(&admin, "kind=stock", &format!("sku,movement_type,quantity\n{receipts}"));
    wait_until(&admin, &receipts, |found| found["processed"].as_i64() > Some(0));
    server.kill();
    let server = serve(&place);
    let admin = admin.at(&server.address);
    let done = wait_until(&admin, &receipts, |found| found["state"] != "running");
    assert_eq!(done["updated"], json!(ROWS), "{done}");
    for n in [0, 1, 499, 500, ROWS / 2, ROWS - 1] {
        let stock = admin.get(&format!("/inventory/products/kill-{n}/stock")).expect(200).json();
        assert_eq!(stock["stock_quantity"], 8, "product {n}");
    }
    drop(server);
    verify(&place);
    audit(&place);
}
