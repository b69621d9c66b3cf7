//! Two servers, each with slices of its own, on one database.

use std::collections::HashSet;
use std::thread;

use super::mixed::order_of;
use crate::common::app::SecondServer;
use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, race};

const BUYERS: usize = 48;
const ROUNDS: usize = 8;

/// All of them call at one moment, each at one of the two servers in turn; both lanes are opened when all
/// stand in them.
fn at_both(
    app: &TestApp,
    second: &SecondServer,
    calls: usize,
    call: impl Fn(usize, &str) -> Reply + Sync,
) -> Vec<Reply> {
    let addresses = [app.address.as_str(), second.address.as_str()];
    let (here, there) = (app.line(), second.line(app.store));
    let closed = (here.close(), there.close());
    thread::scope(|scope| {
        let replies = scope.spawn(|| race(calls, |index| call(index, addresses[index % 2])));
        here.wait_until(calls / 2);
        there.wait_until(calls / 2);
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
        // Enough for some, or for all.
        let stock = if round % 2 == 0 { 10 } else { 1_000 };
        let lamps: Vec<Product> =
            (0..3).map(|kind| app.product(&format!("lamp-{round}-{kind}"), 40.0, stock)).collect();
        // In every order of the three, so that the two slices meet in the midst.
        let body = |index: usize| {
            let wanted = (0..2).map(|line| &lamps[(index + line) % 3]);
            let items: Vec<_> = wanted.map(|lamp| order_of(lamp, 1)["items"][0].clone()).collect();
            crate::common::json!({ "items": items })
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
            // Of two kinds that are left somebody who wanted both would have had them.
            assert!(stocks.iter().filter(|(left, ..)| *left > 0).count() <= 1, "{stocks:?} are left");
        } else {
            assert_eq!(placed, BUYERS);
        }
    }
}

/// The same requests at both servers, as after a client's patience ended: the two slices claim the same
/// keys.
#[test]
fn a_request_sent_to_both_servers_is_one_order() {
    let app = TestApp::start();
    let second = app.second_server();
    let rice = app.product("rice", 12.50, 10_000);
    let buyers = buyers(&app);
    for round in 0..ROUNDS {
        let key = format!("round-{round}");
        let replies = at_both(&app, &second, 2 * BUYERS, |index, address| {
            // Every server sees them in another order.
            let buyer = if index % 2 == 0 { index / 2 } else { BUYERS - 1 - index / 2 };
            buyers[buyer].clone().with_key(&key).at(address).post("/orders", &order_of(&rice, 1))
        });
        let told: Vec<String> = replies
            .into_iter()
            .filter(|reply| reply.code().as_deref() != Some("REQUEST_IN_PROGRESS"))
            .map(|reply| reply.expect(201).text())
            .collect();
        let orders: HashSet<&String> = told.iter().collect();
        assert_eq!(orders.len(), BUYERS);
        assert_eq!(app.stock(&rice).2, (BUYERS * (round + 1)) as i64);
    }
}
