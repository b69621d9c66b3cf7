//! Many want the same.

use super::shop::{Shop, winner};
use crate::common::race::{duel, race, repeat, repetitions_in_a_lane};

#[test]
fn two_buyers_of_the_last_unit_get_one_order() {
    Shop::of_each_lane().for_each(|shop| race_for_the_last_unit(&shop));
}

fn race_for_the_last_unit(shop: &Shop) {
    let (mara, ivan) = (shop.customer("mara"), shop.customer("ivan"));
    repeat(repetitions_in_a_lane(), |repetition| {
        let last = shop.product(1);
        mara.fill_cart(&[&last]);
        ivan.fill_cart(&[&last]);
        let (order, refusal) = winner(shop.meet(repetition, 2, || duel(|| mara.checkout(), || ivan.checkout())), 201);
        let order = order.json();
        assert_eq!(order["stock_reductions"][0]["previous_stock"], 1);
        let short = refusal.refused(400, "INSUFFICIENT_STOCK");
        assert_eq!(short["stock_errors"][0]["available_quantity"], 0);
        assert_eq!(shop.stock(&last), (0, 0, 1));
    });
}

#[test]
fn three_hundred_buyers_of_a_hundred_units_get_a_hundred_orders() {
    Shop::of_each_lane().for_each(|shop| rush(&shop));
}

fn rush(shop: &Shop) {
    let customers: Vec<_> = (0..300).map(|number| shop.customer(&format!("customer-{number}"))).collect();
    repeat(2, |repetition| {
        let tee = shop.product(100);
        for customer in &customers {
            customer.fill_cart(&[&tee]);
        }
        let buy = || race(customers.len(), |index| customers[index].checkout());
        let replies = shop.meet(repetition, customers.len(), buy);
        let (placed, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
        assert_eq!((placed.len(), refused.len()), (100, 200));
        for refusal in refused {
            refusal.refused(400, "INSUFFICIENT_STOCK");
        }
        // Each order saw the stock that the one before it left.
        let mut seen: Vec<_> =
            placed.iter().map(|reply| reply.json()["stock_reductions"][0]["previous_stock"].as_i64()).collect();
        seen.sort_unstable();
        assert_eq!(seen, (1..=100).map(Some).collect::<Vec<_>>());
        assert_eq!(shop.stock(&tee), (0, 0, 100));
    });
}

/// Deadlocks would not be seen in the answers: the server would run one of the two again.
#[test]
fn two_carts_of_the_same_products_in_opposite_orders_are_both_bought() {
    Shop::of_each_lane().for_each(|shop| race_in_opposite_orders(&shop));
}

/// At two servers, for one with a lane would place them in one transaction, or one after the other.
fn race_in_opposite_orders(shop: &Shop) {
    let second = shop.app.second_server();
    let (mara, mut ivan) = (shop.customer("mara"), shop.customer("ivan"));
    ivan.client = ivan.client.at(&second.address);
    repeat(repetitions_in_a_lane(), |_| {
        let (a, b) = (shop.product(10), shop.product(10));
        mara.fill_cart(&[&a, &b]);
        ivan.fill_cart(&[&b, &a]);
        let both = || duel(|| mara.checkout(), || ivan.checkout());
        let (first, second) = shop.behind_a_lock(&[&a, &b], both);
        first.expect(201);
        second.expect(201);
        assert_eq!((shop.stock(&a), shop.stock(&b)), ((8, 0, 2), (8, 0, 2)));
    });
}
