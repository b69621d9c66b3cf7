//! Concurrent receipts and exchanges take each unit once. They take turns by the lock of the order.

use std::thread::sleep;
use std::time::Duration;

use super::shop::{Shop, winner};
use crate::common::locks::order_row;
use crate::common::race::{Tally, duel, one_of, repeat, repetitions, repetitions_per_queue_kind};
use crate::common::{Reply, Value, json};

/// The delay of one of two contenders: up to 160 ms, and none for half of the repetitions.
fn gap(repetition: u32, contender: usize) -> Duration {
    let turn = repetition as usize + contender;
    let milliseconds = if repetition.is_multiple_of(2) { 0 } else { turn * 37 % 161 };
    Duration::from_millis(milliseconds as u64)
}

fn post(shop: &Shop, order: &Value, verb: &str, body: &Value) -> Reply {
    shop.admin.post(&format!("/orders/{}/{verb}", order["id"]), body)
}

fn lines(order: &Value, quantity: i64) -> Value {
    json!([{"item_id": order["items"][0]["id"], "quantity": quantity, "reason": "r"}])
}

fn cancelled(order: &Value, quantity: i64) -> Value {
    json!([{"item_id": order["items"][0]["id"], "quantity": quantity}])
}

fn money(shop: &Shop, order: &Value) -> [f64; 3] {
    let now = shop.app.order(order);
    ["net_total", "credit_used_amount", "refund_due_amount"].map(|name| now[name].as_f64().unwrap())
}

#[test]
fn the_last_units_of_a_return_are_received_once() {
    let shop = Shop::of_each_queue_kind().next().unwrap();
    let (tee, mara, main) = (shop.product(10_000), shop.customer("mara"), shop.app.main_location());
    repeat(repetitions(), |repetition| {
        let order = mara.order(&tee, 5);
        post(&shop, &order, "shipments", &json!({})).expect(201);
        let document = post(&shop, &order, "returns", &json!({"lines": lines(&order, 4)})).expect(201).json();
        let stock = shop.stock(&tee).0;
        let receive = |contender: usize| {
            sleep(gap(repetition, contender));
            let line = json!({"line_id": document["lines"][0]["id"], "restock": 2, "scrap": 1});
            let body = json!({"location_id": main, "lines": [line]});
            shop.admin.post(&format!("/returns/{}/receive", document["id"]), &body)
        };
        let race = || duel(|| receive(0), || receive(1));
        let replies = if repetition % 4 == 0 { shop.app.behind_a_lock(&order_row(&order), 2, race) } else { race() };
        let (received, refused) = winner(replies, 200);
        refused.refused(409, "QUANTITY_EXCEEDED");
        assert_eq!(received.json()["receipts"].as_array().unwrap().len(), 1);
        assert_eq!((shop.stock(&tee).0, money(&shop, &order)[0]), (stock + 2, 60.0));
    });
}

#[test]
fn shipped_units_are_in_one_of_two_returns() {
    let shop = Shop::of_each_queue_kind().next().unwrap();
    let (tee, mara) = (shop.product(10_000), shop.customer("mara"));
    repeat(repetitions(), |repetition| {
        let order = mara.order(&tee, 5);
        post(&shop, &order, "shipments", &json!({})).expect(201);
        let ask = |contender: usize| {
            sleep(gap(repetition, contender));
            post(&shop, &order, "returns", &json!({"lines": lines(&order, 3)}))
        };
        let race = || duel(|| ask(0), || ask(1));
        let replies = if repetition % 4 == 0 { shop.app.behind_a_lock(&order_row(&order), 2, race) } else { race() };
        winner(replies, 201).1.refused(409, "QUANTITY_EXCEEDED");
    });
}

#[test]
fn the_same_units_are_exchanged_once() {
    let shop = Shop::of_each_queue_kind().next().unwrap();
    let (tee, cap, mara) = (shop.product(10_000), shop.product(10_000), shop.customer("mara"));
    mara.order(&tee, 50);
    repeat(repetitions(), |repetition| {
        let order = mara.order(&tee, 5);
        let paid = json!({"payment_reference": format!("pay-{}", order["id"])});
        post(&shop, &order, "payment/confirm", &paid).expect(200);
        let before = (shop.stock(&tee).0, shop.stock(&cap).0);
        let exchange = |contender: usize| {
            sleep(gap(repetition, contender));
            let items = json!([{"product_id": cap.id, "quantity": 2}]);
            post(&shop, &order, "exchange", &json!({"cancel": cancelled(&order, 3), "items": items}))
        };
        let race = || duel(|| exchange(0), || exchange(1));
        let replies = if repetition % 4 == 0 { shop.app.behind_a_lock(&order_row(&order), 2, race) } else { race() };
        winner(replies, 201).1.refused(409, "QUANTITY_EXCEEDED");
        assert_eq!((shop.stock(&tee).0, shop.stock(&cap).0), (before.0 + 3, before.1 - 2));
        assert_eq!(money(&shop, &order), [60.0, 60.0, 30.0]);
    });
}

#[test]
fn exchanges_of_two_orders_for_each_other_s_goods_do_not_block_each_other() {
    let shop = Shop::of_each_queue_kind().next().unwrap();
    let (tee, cap, mara) = (shop.product(10_000), shop.product(10_000), shop.customer("mara"));
    repeat(repetitions(), |repetition| {
        let orders = [mara.order(&tee, 2), mara.order(&cap, 2)];
        let exchange = |contender: usize| {
            sleep(gap(repetition, contender));
            let (order, other) = (&orders[contender], if contender == 0 { &cap } else { &tee });
            let items = json!([{"product_id": other.id, "quantity": 1}]);
            post(&shop, order, "exchange", &json!({"cancel": cancelled(order, 1), "items": items}))
        };
        let (one, other) = duel(|| exchange(0), || exchange(1));
        one.expect(201);
        other.expect(201);
    });
}

#[test]
fn units_are_exchanged_or_cancelled_and_never_both() {
    for shop in Shop::of_each_queue_kind() {
        let (tee, cap, mara) = (shop.product(10_000), shop.product(10_000), shop.customer("mara"));
        mara.order(&tee, 50);
        let mut tally = Tally::default();
        for repetition in 0..repetitions_per_queue_kind() as u32 {
            let order = mara.order(&tee, 5);
            let before = (shop.stock(&tee).0, shop.stock(&cap).0);
            let exchange = || {
                sleep(gap(repetition, 0));
                let items = json!([{"product_id": cap.id, "quantity": 1}]);
                post(&shop, &order, "exchange", &json!({"cancel": cancelled(&order, 3), "items": items}))
            };
            let cancel = || {
                sleep(gap(repetition, 1));
                post(&shop, &order, "cancel-lines", &json!({"lines": cancelled(&order, 3), "reason": "r"}))
            };
            let contend = || duel(exchange, cancel);
            let (exchanged, cancelled) = match repetition.is_multiple_of(4) {
                true => shop.app.behind_a_lock(&order_row(&order), 2, contend),
                false => contend(),
            };
            let exchanged = one_of(&exchanged, 201, &["QUANTITY_EXCEEDED"]);
            assert_ne!(exchanged, one_of(&cancelled, 200, &["QUANTITY_EXCEEDED"]));
            tally.count(if exchanged { "exchanged" } else { "cancelled" });
            let caps = i64::from(exchanged);
            assert_eq!((shop.stock(&tee).0, shop.stock(&cap).0), (before.0 + 3, before.1 - caps));
            assert_eq!(money(&shop, &order)[0], 60.0);
        }
        tally.assert_both("exchange against cancellation of units");
    }
}
