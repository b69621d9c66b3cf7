//! Large orders of one account, and the small order of another buyer of the same product. One batch has one time, so
//! orders with the same time were in the same batch.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::outcomes::order_of;
use crate::common::batch_queue::{Call, call};
use crate::common::{Client, Reply, TestApp, Value, json};

const LINES: usize = 100;

/// The large orders in a batch: the average weight of 64 requests is 10 lines.
const IN_A_BATCH: usize = 6;

/// The requests of one account that wait before the small one, each on a connection of its own.
const LARGE_ORDERS: usize = 2 * IN_A_BATCH + 2;

struct Buyers {
    app: TestApp,
    wholesaler: Client,
    buyer: Client,
    large: Value,
    small: Value,
}

impl Buyers {
    fn new() -> Self {
        let app = TestApp::start();
        let products = (0..LINES).map(|number| app.product(&format!("hot-{number}"), 1.5, 1_000));
        let items: Vec<Value> = products.map(|product| order_of(&product, 1)["items"][0].clone()).collect();
        let (wholesaler, buyer) = (app.customer("wholesaler"), app.customer("buyer"));
        Self { app, wholesaler, buyer, small: json!({ "items": items[..1] }), large: json!({ "items": items }) }
    }

    fn place_all(&self) -> Vec<Reply> {
        let mut calls: Vec<Call<'_>> = Vec::new();
        calls.resize_with(LARGE_ORDERS, || call(|| self.wholesaler.post("/orders", &self.large)));
        calls.push(call(|| self.buyer.post("/orders", &self.small)));
        self.app.batch_queue().send_in_one_batch(&calls)
    }
}

/// Asserts that the last request, which is small, was in the first of several batches.
fn assert_shared(replies: Vec<Reply>, status: u16, time: &str) {
    let time_of = |reply: Reply| reply.expect(status).json()[time].as_str().unwrap().parse().unwrap();
    let times: Vec<DateTime<Utc>> = replies.into_iter().map(time_of).collect();
    let (small, large) = times.split_last().unwrap();
    let mut batches: BTreeMap<&DateTime<Utc>, usize> = BTreeMap::new();
    large.iter().for_each(|time| *batches.entry(time).or_default() += 1);
    assert!(batches.values().eq(&[IN_A_BATCH, IN_A_BATCH, 2]), "{batches:?}");
    assert_eq!(batches.keys().next(), Some(&small), "the small one waited for several of {batches:?}");
}

#[test]
fn a_small_order_waits_for_few_of_the_large_orders_of_another_account() {
    assert_shared(Buyers::new().place_all(), 201, "created_at");
}

#[test]
fn the_cancellation_of_a_small_order_waits_for_few_of_those_of_large_orders() {
    let buyers = Buyers::new();
    let orders: Vec<Value> = buyers.place_all().into_iter().map(|reply| reply.expect(201).json()).collect();
    let (small, large) = orders.split_last().unwrap();
    let mut calls: Vec<Call<'_>> = large.iter().map(|order| call(|| buyers.wholesaler.cancel(order))).collect();
    calls.push(call(|| buyers.buyer.cancel(small)));
    assert_shared(buyers.app.batch_queue().send_in_one_batch(&calls), 200, "updated_at");
}
