//! The number of SQL statements of a checkout. Alone in its binary, and one after the other: the count is
//! of the process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops where something unexpected happens"
)]

mod common;

use std::sync::{Mutex, PoisonError};

use common::line::{Call, call};
use common::{Client, TestApp, json};
use stockroom::db::pool;

static ALONE: Mutex<()> = Mutex::new(());

/// Statements of a checkout as they are sent: BEGIN goes with its time limits as one, COMMIT is one.
const STATEMENTS: u64 = 13;

/// Sizes are lines of their own; a product has at most 50.
fn fill(app: &TestApp, client: &Client, sku: &str, lines: usize) {
    let sizes: Vec<(String, i64)> = (0..lines).map(|line| (format!("size {line}"), 10)).collect();
    let sizes: Vec<(&str, i64)> = sizes.iter().map(|(size, stock)| (size.as_str(), *stock)).collect();
    for (index, sizes) in sizes.chunks(50).enumerate() {
        let product = app.sized_product(&format!("{sku}-{index}"), 10.0, sizes);
        for (size, _) in sizes {
            client.add_size_to_cart(&product, size, 2);
        }
    }
}

fn statements(work: impl FnOnce()) -> u64 {
    let before = pool::statements();
    work();
    pool::statements() - before
}

#[test]
fn a_checkout_of_20_lines_sends_as_many_statements_as_one_of_1_line() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let app = TestApp::with(|settings| settings.database.pool_size = 1);
    let mara = app.customer("mara");
    let address = mara.address();
    let mut counts = Vec::new();
    for (round, lines) in [1, 20, 1, 20, 100].into_iter().enumerate() {
        fill(&app, &mara, &format!("tee-{round}"), lines);
        counts.push(statements(|| {
            let order = mara.checkout_to(address).expect(201).json();
            assert_eq!(order["items"].as_array().unwrap().len(), lines);
        }));
    }
    println!("statements of a checkout: {counts:?}");
    assert_eq!(counts, [STATEMENTS; 5]);

    let tee = app.sized_product("tee", 10.0, &[("S", 500)]);
    let order = |lines: usize| {
        let items: Vec<_> = (0..lines).map(|_| json!({"product_id": tee.id, "size": "S", "quantity": 1})).collect();
        statements(|| drop(mara.post("/orders", &json!({"items": items})).expect(201)))
    };
    assert_eq!(order(1), order(20));
}

#[test]
fn a_slice_of_64_checkouts_sends_as_many_statements_as_one_checkout() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let app = TestApp::start();
    let buyers: Vec<Client> = (0..64).map(|number| app.customer(&format!("buyer-{number}"))).collect();
    let addresses: Vec<i64> = buyers.iter().map(Client::address).collect();
    let mut counts = Vec::new();
    for count in [1, 2, 16, 64] {
        for (index, buyer) in buyers.iter().take(count).enumerate() {
            fill(&app, buyer, &format!("tee-{count}-{index}"), 2);
        }
        let buyers = buyers.iter().zip(&addresses).take(count);
        let calls: Vec<Call<'_>> = buyers.map(|(buyer, address)| call(|| buyer.checkout_to(*address))).collect();
        counts.push(statements(|| {
            for reply in app.line().up(&calls) {
                reply.expect(201);
            }
        }));
    }
    println!("statements of slices of 1, 2, 16 and 64: {counts:?}");
    assert_eq!(counts, [STATEMENTS; 4]);
    // The refused ones of a slice cost two more: are overdue holds in their way, and their keys again.
    let tee = app.sized_product("tee", 10.0, &[("S", 10)]);
    let order = json!({"items": [{"product_id": tee.id, "size": "S", "quantity": 1}]});
    let calls: Vec<Call<'_>> = buyers.iter().map(|buyer| call(|| buyer.post("/orders", &order))).collect();
    let mixed = statements(|| {
        let placed = app.line().up(&calls).into_iter().filter(|reply| reply.status == 201).count();
        assert_eq!(placed, 10);
    });
    let counted = json!({"quantity": 64, "movement_type": "adjustment", "reason": "counted", "size": "S"});
    app.admin().put(&format!("/inventory/products/{}/stock", tee.id), &counted).expect(200);
    let all = statements(|| app.line().up(&calls).into_iter().for_each(|reply| drop(reply.expect(201))));
    println!("statements of a slice with refusals: {mixed}, without: {all}");
    assert_eq!(mixed, all + 2);
}
