//! Several buyers compete for the same stock.

use super::shop::{Shop, winner};
use crate::common::locks::stock_rows;
use crate::common::race::{duel, race, repeat, repetitions_per_queue_kind};
use crate::common::{Client, json};

#[test]
fn two_buyers_of_the_last_unit_get_one_order() {
    Shop::of_each_queue_kind().for_each(|shop| race_for_the_last_unit(&shop));
}

fn race_for_the_last_unit(shop: &Shop) {
    let (mara, ivan) = (shop.customer("mara"), shop.customer("ivan"));
    repeat(repetitions_per_queue_kind(), |repetition| {
        let last = shop.product(1);
        mara.fill_cart(&[&last]);
        ivan.fill_cart(&[&last]);
        let both = || duel(|| mara.checkout(), || ivan.checkout());
        let replies = shop.compete(repetition, 2, &stock_rows(&[&last]), both);
        let (order, refusal) = winner(replies, 201);
        let order = order.json();
        assert_eq!(order["stock_reductions"][0]["previous_stock"], 1);
        let short = refusal.refused(400, "INSUFFICIENT_STOCK");
        assert_eq!(short["stock_errors"][0]["available_quantity"], 0);
        assert_eq!(shop.stock(&last), (0, 0, 1));
    });
}

#[test]
fn three_hundred_buyers_of_a_hundred_units_get_a_hundred_orders() {
    Shop::of_each_queue_kind().for_each(|shop| rush(&shop));
}

fn rush(shop: &Shop) {
    let customers: Vec<_> = (0..300).map(|number| shop.customer(&format!("customer-{number}"))).collect();
    repeat(2, |repetition| {
        let tee = shop.product(100);
        for customer in &customers {
            customer.fill_cart(&[&tee]);
        }
        let buy = || race(customers.len(), |index| customers[index].checkout());
        let replies = shop.compete(repetition, customers.len(), &stock_rows(&[&tee]), buy);
        let (placed, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
        assert_eq!((placed.len(), refused.len()), (100, 200));
        for refusal in refused {
            refusal.refused(400, "INSUFFICIENT_STOCK");
        }
        // Each order begins with the stock that the previous one left.
        let mut stocks: Vec<_> =
            placed.iter().map(|reply| reply.json()["stock_reductions"][0]["previous_stock"].as_i64()).collect();
        stocks.sort_unstable();
        assert_eq!(stocks, (1..=100).map(Some).collect::<Vec<_>>());
        assert_eq!(shop.stock(&tee), (0, 0, 100));
    });
}

/// Answers would not show a deadlock, because the server repeats the transaction. The shop counts deadlocks when it is
/// dropped.
#[test]
fn two_carts_of_the_same_products_in_opposite_orders_are_both_bought() {
    Shop::of_each_queue_kind().for_each(|shop| race_in_opposite_orders(&shop));
}

/// With two servers, because the batch queue of one would place both orders in one transaction or one after the other.
fn race_in_opposite_orders(shop: &Shop) {
    let second = shop.app.second_server();
    let (mara, mut ivan) = (shop.customer("mara"), shop.customer("ivan"));
    ivan.client = ivan.client.at(&second.address);
    repeat(repetitions_per_queue_kind(), |_| {
        let (a, b) = (shop.product(10), shop.product(10));
        mara.fill_cart(&[&a, &b]);
        ivan.fill_cart(&[&b, &a]);
        let both = || duel(|| mara.checkout(), || ivan.checkout());
        let (first, second) = shop.app.behind_a_lock(&stock_rows(&[&a, &b]), 2, both);
        first.expect(201);
        second.expect(201);
        assert_eq!((shop.stock(&a), shop.stock(&b)), ((8, 0, 2), (8, 0, 2)));
    });
}

#[test]
fn two_partial_orders_share_the_units_that_are_left() {
    Shop::of_each_queue_kind().for_each(|shop| share(&shop));
}

fn share(shop: &Shop) {
    let (mara, ivan) = (shop.customer("mara"), shop.customer("ivan"));
    repeat(repetitions_per_queue_kind(), |repetition| {
        let tee = shop.product(10);
        let buy = |client: &Client| {
            let items = json!([{"product_id": tee.id, "quantity": 6}]);
            client.post("/orders", &json!({"items": items, "allow_partial": true})).expect(201).json()
        };
        let both = || duel(|| buy(&mara.client), || buy(&ivan.client));
        let (one, other) = shop.compete(repetition, 2, &stock_rows(&[&tee]), both);
        let units = [&one, &other].map(|order| order["total_items"].as_i64().unwrap());
        assert!(units == [6, 4] || units == [4, 6], "{units:?}");
        let short = if units[0] == 4 { &one } else { &other };
        assert_eq!(short["unfulfilled"][0]["shortage"], 2);
        assert_eq!(shop.stock(&tee), (0, 0, 10));
    });
}
