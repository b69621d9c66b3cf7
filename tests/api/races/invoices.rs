//! Concurrent requests issue an invoice once for each order, with numbers without gaps. Each test was seen to fail when
//! its lock was taken out: the lock of the order, or that of the counter.

use std::thread::sleep;

use super::shop::{Shop, head_starts, winner};
use crate::common::locks::order_row;
use crate::common::race::{duel, race, repeat, repetitions};
use crate::common::{Reply, Value, json};

fn issue(shop: &Shop, order: &Value) -> Reply {
    shop.admin.post_nothing(&format!("/orders/{}/invoice", order["id"]))
}

#[test]
fn the_invoices_of_several_orders_have_consecutive_numbers() {
    let shop = Shop::of_each_queue_kind().next().unwrap();
    let (tee, mara) = (shop.product(10_000), shop.customer("mara"));
    repeat(repetitions(), |repetition| {
        let orders = [0; 3].map(|_| mara.order(&tee, 1));
        let (early, late) = head_starts(repetition);
        let mut numbers: Vec<String> = race(3, |contender| {
            sleep(if contender == 0 { early } else { late });
            let invoice = issue(&shop, &orders[contender]).expect(201).json();
            invoice["invoice_number"].as_str().unwrap().to_owned()
        });
        numbers.sort();
        let first = i64::from(repetition) * 3 + 1;
        let expected = [0, 1, 2].map(|step| format!("INV-{:06}", first + step));
        assert_eq!(numbers, expected);
    });
}

#[test]
fn the_invoice_of_one_order_is_issued_once() {
    let shop = Shop::of_each_queue_kind().next().unwrap();
    let (tee, mara) = (shop.product(10_000), shop.customer("mara"));
    repeat(repetitions(), |repetition| {
        let order = mara.order(&tee, 1);
        let calls = (|| issue(&shop, &order), || issue(&shop, &order));
        let (issued, again) = winner(shop.duel(repetition, &order_row(&order), calls), 201);
        assert_eq!(again.expect(200).json(), issued.json());
        assert_eq!(issued.json()["invoice_number"], format!("INV-{:06}", repetition + 1));
    });
}

#[test]
fn an_invoice_and_a_cancellation_come_one_after_the_other() {
    let shop = Shop::of_each_queue_kind().next().unwrap();
    let (tee, mara) = (shop.product(10_000), shop.customer("mara"));
    repeat(repetitions(), |repetition| {
        let order = mara.order(&tee, 5);
        let lines = json!([{"item_id": order["items"][0]["id"], "quantity": 2}]);
        let body = json!({"lines": lines, "reason": "r"});
        let cancel = || shop.admin.post(&format!("/orders/{}/cancel-lines", order["id"]), &body);
        let calls = (|| issue(&shop, &order), cancel);
        let (issued, cancelled) = if repetition.is_multiple_of(2) {
            shop.app.behind_a_lock(&order_row(&order), 2, || duel(calls.0, calls.1))
        } else {
            shop.duel(repetition, &order_row(&order), calls)
        };
        cancelled.expect(200);
        // The credit is on the invoice if it came first.
        let invoice = issued.expect(201).json();
        let credits = invoice["credits"].as_array().unwrap().len();
        assert_eq!(invoice["net_total"], 150.0 - 60.0 * credits as f64);
    });
}
