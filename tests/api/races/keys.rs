//! The same request is sent twice at the same moment.

use super::shop::{Shop, items, winner};
use crate::common::race::{duel, repeat, repetitions_per_queue_kind};
use crate::common::{Client, Reply, json};

const REPLAYED: &str = "idempotent-replayed";

/// Races two checkouts of the same cart, by two clients of its owner.
fn race_for_a_cart(clients: impl Fn(&Client, u32) -> (Client, Client), check: impl Fn((Reply, Reply))) {
    Shop::of_each_queue_kind().for_each(|shop| race_for_a_cart_in(&shop, &clients, &check));
}

fn race_for_a_cart_in(shop: &Shop, clients: impl Fn(&Client, u32) -> (Client, Client), check: impl Fn((Reply, Reply))) {
    let mara = shop.customer("mara");
    let body = json!({"shipping_address_id": mara.address});
    repeat(repetitions_per_queue_kind(), |repetition| {
        let tee = shop.product(10);
        mara.fill_cart(&[&tee]);
        let (first, second) = clients(&mara.client, repetition);
        let both = || duel(|| first.post("/checkout", &body), || second.post("/checkout", &body));
        check(shop.sometimes_in_one_batch(repetition, 2, both));
        assert_eq!(shop.stock(&tee), (9, 0, 1));
        assert_eq!(mara.client.get("/cart").expect(200).json()["items"], json!([]));
    });
}

fn one_order_and_an_empty_cart(replies: (Reply, Reply)) {
    let (_, refusal) = winner(replies, 201);
    refusal.refused(400, "CART_EMPTY");
}

/// Both replies have the order, and one of them is a replay. Or one of them was refused because the other was in
/// progress.
fn one_order_answered_twice((first, second): (Reply, Reply)) {
    if (first.status, second.status) == (201, 201) {
        assert_eq!(first.text(), second.text());
        let mut replayed = [first.header(REPLAYED), second.header(REPLAYED)];
        replayed.sort_unstable();
        assert_eq!(replayed, ["", "true"]);
    } else {
        let (_, refusal) = winner((first, second), 201);
        refusal.refused(409, "REQUEST_IN_PROGRESS");
    }
}

#[test]
fn a_cart_bought_twice_without_keys_is_one_order() {
    race_for_a_cart(|mara, _| (mara.clone(), mara.clone()), one_order_and_an_empty_cart);
}

#[test]
fn a_cart_bought_twice_with_two_keys_is_one_order() {
    let clients = |mara: &Client, repetition| {
        let with = |name| mara.clone().with_key(&format!("{name}-{repetition}"));
        (with("one"), with("two"))
    };
    race_for_a_cart(clients, one_order_and_an_empty_cart);
}

#[test]
fn a_cart_bought_twice_with_one_key_is_one_order_answered_twice() {
    let clients = |mara: &Client, repetition| {
        let keyed = mara.clone().with_key(&format!("key-{repetition}"));
        (keyed.clone(), keyed)
    };
    race_for_a_cart(clients, one_order_answered_twice);
}

/// There is no cart that would be empty at the second request, so that only the key prevents a second order.
#[test]
fn an_order_sent_twice_with_one_key_is_one_order_answered_twice() {
    Shop::of_each_queue_kind().for_each(|shop| send_twice(&shop));
}

fn send_twice(shop: &Shop) {
    let mara = shop.customer("mara");
    repeat(repetitions_per_queue_kind(), |repetition| {
        let tee = shop.product(10);
        let keyed = mara.client.clone().with_key(&format!("key-{repetition}"));
        let send = || keyed.post("/orders", &items(&tee, 1));
        one_order_answered_twice(shop.sometimes_in_one_batch(repetition, 2, || duel(send, send)));
        assert_eq!(shop.stock(&tee), (9, 0, 1));
    });
}

#[test]
fn one_key_with_two_bodies_is_one_order_of_one_of_them() {
    Shop::of_each_queue_kind().for_each(|shop| send_two_bodies(&shop));
}

fn send_two_bodies(shop: &Shop) {
    let mara = shop.customer("mara");
    repeat(repetitions_per_queue_kind(), |repetition| {
        let tee = shop.product(10);
        let keyed = mara.client.clone().with_key(&format!("key-{repetition}"));
        let send = |quantity| keyed.post("/orders", &items(&tee, quantity));
        let (order, refusal) = winner(shop.sometimes_in_one_batch(repetition, 2, || duel(|| send(1), || send(2))), 201);
        match refusal.status {
            409 => refusal.refused(409, "REQUEST_IN_PROGRESS"),
            _ => refusal.refused(422, "IDEMPOTENCY_KEY_REUSED"),
        };
        let sold = order.json()["total_items"].as_i64().unwrap();
        assert_eq!(shop.stock(&tee), (10 - sold, 0, sold));
    });
}
