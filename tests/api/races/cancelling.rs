//! Concurrent requests end an order once.

use std::thread::sleep;

use super::shop::{Customer, Shop, head_starts, winner};
use crate::common::locks::order_row;
use crate::common::race::{duel, repeat, repetitions_per_queue_kind};
use crate::common::shop::Product;
use crate::common::{Client, Reply, Value, json};

/// A product of which another customer has bought 20 units. Without them, a constraint of the row would stop a second
/// return of the units, and hide that the server tried.
fn product_of_others(shop: &Shop) -> Product {
    let tee = shop.product(1_000);
    shop.customer("others").order(&tee, 20);
    tee
}

fn cancel(client: &Client, order: &Value) -> Reply {
    client.post_nothing(&format!("/orders/{}/cancel", order["id"]))
}

fn set_status(client: &Client, order: &Value, status: &str) -> Reply {
    client.put(&format!("/orders/{}", order["id"]), &json!({"status": status}))
}

/// The number of times that the units of an order were returned.
fn restocks(shop: &Shop, order: &Value) -> Value {
    let number = order["order_number"].as_str().unwrap();
    let path = format!("/inventory/movements?kind=restore&reference_id={number}");
    shop.admin.get(&path).expect(200).json()["total"].clone()
}

/// Races two calls that cancel an order, with each kind of batch queue.
fn race_to_cancel(calls: impl Fn(&Shop, &Customer, &Value, u32) -> (Reply, Reply)) {
    for shop in Shop::of_each_queue_kind() {
        let tee = product_of_others(&shop);
        let mara = shop.customer("mara");
        repeat(repetitions_per_queue_kind(), |repetition| {
            let before = shop.stock(&tee);
            let order = mara.order(&tee, 5);
            let (cancelled, refusal) = winner(calls(&shop, &mara, &order, repetition), 200);
            assert_eq!(cancelled.json()["status"], "cancelled");
            refusal.refused(409, "ORDER_NOT_CANCELLABLE");
            assert_eq!((shop.stock(&tee), restocks(&shop, &order)), (before, json!(1)));
        });
    }
}

#[test]
fn cancelling_twice_at_once_restores_the_stock_once() {
    race_to_cancel(|shop, mara, order, repetition| {
        let call = || cancel(&mara.client, order);
        shop.compete(repetition, 2, &order_row(order), || duel(call, call))
    });
}

/// The customer and staff cancel in different ways.
#[test]
fn cancelling_twice_within_20_ms_restores_the_stock_once() {
    race_to_cancel(|shop, mara, order, repetition| {
        let (early, late) = head_starts(repetition);
        let by_customer = || {
            sleep(early);
            cancel(&mara.client, order)
        };
        let by_staff = || {
            sleep(late);
            set_status(&shop.admin, order, "cancelled")
        };
        duel(by_customer, by_staff)
    });
}

#[test]
fn an_order_is_cancelled_or_shipped_and_never_both() {
    Shop::of_each_queue_kind().for_each(|shop| cancel_and_ship(&shop));
}

fn cancel_and_ship(shop: &Shop) {
    let tee = product_of_others(shop);
    let mara = shop.customer("mara");
    repeat(repetitions_per_queue_kind(), |repetition| {
        let order = mara.order(&tee, 5);
        set_status(&shop.admin, &order, "processing").expect(200);
        let before = shop.stock(&tee);
        let after = race_to_the_end(shop, &mara, &order, repetition);
        assert_eq!(restocks(shop, &order), json!(i64::from(after == "cancelled")));
        let returned = if after == "cancelled" { 5 } else { 0 };
        assert_eq!(shop.stock(&tee), (before.0 + returned, 0, before.2 - returned));
        assert_eq!(mara.client.get(&format!("/orders/{}", order["id"])).expect(200).json()["status"], after);
    });
}

/// Cancels and ships, and returns the status that the order got.
fn race_to_the_end(shop: &Shop, owner: &Customer, order: &Value, repetition: u32) -> &'static str {
    let (early, late) = head_starts(repetition);
    let by_customer = || {
        sleep(early);
        cancel(&owner.client, order)
    };
    let by_staff = || {
        sleep(late);
        set_status(&shop.admin, order, "shipped")
    };
    let (cancelled, shipped) = duel(by_customer, by_staff);
    if cancelled.status == 200 {
        shipped.refused(409, "INVALID_TRANSITION");
        return "cancelled";
    }
    let refusal = cancelled.refused(409, "ORDER_NOT_CANCELLABLE");
    assert_eq!(
        refusal["detail"],
        "Order with status 'shipped' cannot be cancelled. Only pending or processing orders can be cancelled."
    );
    assert_eq!(shipped.expect(200).json()["status"], "shipped");
    "shipped"
}
