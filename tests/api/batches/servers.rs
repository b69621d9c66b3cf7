//! Two servers, each with batches of its own, on one database.

use std::collections::HashSet;
use std::thread;

use super::outcomes::order_of;
use crate::common::app::SecondServer;
use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, json, race};

const BUYERS: usize = 48;
const ROUNDS: usize = 8;

/// Sends all calls at one moment, to the two servers in turn. Both queues are opened when all calls wait in them, so
/// that each server has one batch.
fn at_both(
    app: &TestApp,
    second: &SecondServer,
    calls: usize,
    call: impl Fn(usize, &str) -> Reply + Sync,
) -> Vec<Reply> {
    let addresses = [app.address.as_str(), second.address.as_str()];
    let (here, there) = (app.batch_queue(), second.batch_queue(app.store));
    let closed = (here.close(), there.close());
    thread::scope(|scope| {
        let replies = scope.spawn(|| race(calls, |index| call(index, addresses[index % 2])));
        here.wait_for(calls / 2);
        there.wait_for(calls / 2);
        drop(closed);
        replies.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn buyers(app: &TestApp) -> Vec<Client> {
    (0..BUYERS).map(|number| app.customer(&format!("buyer-{number}"))).collect()
}

#[test]
fn two_servers_sell_every_unit_once() {
    let app = TestApp::start();
    let second = app.second_server();
    let buyers = buyers(&app);
    for round in 0..ROUNDS {
        // The stock is enough for some buyers, or for all.
        let stock = if round % 2 == 0 { 10 } else { 1_000 };
        let lamps: Vec<Product> =
            (0..3).map(|kind| app.product(&format!("lamp-{round}-{kind}"), 40.0, stock)).collect();
        // Two of the three products in each order, so that the batches compete for the same rows.
        let body = |index: usize| {
            let wanted = (0..2).map(|line| &lamps[(index + line) % 3]);
            let items: Vec<_> = wanted.map(|lamp| order_of(lamp, 1)["items"][0].clone()).collect();
            json!({ "items": items })
        };
        let replies = at_both(&app, &second, BUYERS, |index, address| {
            buyers[index].clone().at(address).post("/orders", &body(index))
        });
        let placed = replies.iter().filter(|reply| reply.status == 201).count();
        for refusal in replies.into_iter().filter(|reply| reply.status != 201) {
            refusal.refused(400, "INSUFFICIENT_STOCK");
        }
        let stocks: Vec<_> = lamps.iter().map(|lamp| app.stock(lamp)).collect();
        assert_eq!(stocks.iter().map(|(_, _, sold)| sold).sum::<i64>(), 2 * placed as i64);
        if stock == 10 {
            // A buyer of two products that are both left would not have been refused.
            assert!(stocks.iter().filter(|(left, ..)| *left > 0).count() <= 1, "{stocks:?} are left");
        } else {
            assert_eq!(placed, BUYERS);
        }
    }
}

/// The clients send the same requests to both servers, as after a timeout. The two batches claim the same keys.
#[test]
fn a_request_sent_to_both_servers_is_one_order() {
    let app = TestApp::start();
    let second = app.second_server();
    let rice = app.product("rice", 12.50, 10_000);
    let buyers = buyers(&app);
    for round in 0..ROUNDS {
        let key = format!("round-{round}");
        let replies = at_both(&app, &second, 2 * BUYERS, |index, address| {
            // The second server gets them in the reverse order.
            let buyer = if index % 2 == 0 { index / 2 } else { BUYERS - 1 - index / 2 };
            buyers[buyer].clone().with_key(&key).at(address).post("/orders", &order_of(&rice, 1))
        });
        let answers: Vec<String> = replies
            .into_iter()
            .filter(|reply| reply.code().as_deref() != Some("REQUEST_IN_PROGRESS"))
            .map(|reply| reply.expect(201).text())
            .collect();
        let orders: HashSet<&String> = answers.iter().collect();
        assert_eq!(orders.len(), BUYERS);
        assert_eq!(app.stock(&rice).2, (BUYERS * (round + 1)) as i64);
    }
}
