//! Concurrent requests ship each unit once.

use super::shop::Shop;
use crate::common::locks::order_row;
use crate::common::race::{one_of, repeat, repetitions_per_queue_kind};
use crate::common::{Client, Reply, Value, json};

fn ship(client: &Client, order: &Value, quantity: i64) -> Reply {
    let lines = json!([{"item_id": order["items"][0]["id"], "quantity": quantity}]);
    client.post(&format!("/orders/{}/shipments", order["id"]), &json!({"lines": lines}))
}

fn shipped_units(shop: &Shop, order: &Value) -> i64 {
    let shipments = shop.admin.get(&format!("/orders/{}/shipments", order["id"])).expect(200).json();
    let lines = shipments.as_array().unwrap().iter().flat_map(|shipment| shipment["lines"].as_array().unwrap());
    lines.map(|line| line["quantity"].as_i64().unwrap()).sum()
}

#[test]
fn two_shipments_at_once_never_take_more_than_was_sold() {
    for shop in Shop::of_each_queue_kind() {
        let (tee, mara) = (shop.product(10_000), shop.customer("mara"));
        // Without the units of others, a constraint would stop a second shipment of the same units.
        mara.order(&tee, 50);
        repeat(repetitions_per_queue_kind(), |repetition| {
            let order = mara.order(&tee, 5);
            let call = || ship(&shop.admin, &order, 3);
            let (one, other) = shop.duel(repetition, &order_row(&order), (call, call));
            let both = [&one, &other].map(|reply| one_of(reply, 201, &["QUANTITY_EXCEEDED"]));
            assert_eq!(both.iter().filter(|shipped| **shipped).count(), 1);
            assert_eq!(shipped_units(&shop, &order), 3);
        });
    }
}

#[test]
fn an_order_is_cancelled_or_shipped_in_part_and_never_both() {
    for shop in Shop::of_each_queue_kind() {
        let (tee, mara) = (shop.product(10_000), shop.customer("mara"));
        mara.order(&tee, 50);
        repeat(repetitions_per_queue_kind(), |repetition| {
            let order = mara.order(&tee, 5);
            let before = shop.stock(&tee);
            let by_customer = || mara.client.post_nothing(&format!("/orders/{}/cancel", order["id"]));
            let by_staff = || ship(&shop.admin, &order, 2);
            let (cancelled, shipped) = shop.duel(repetition, &order_row(&order), (by_customer, by_staff));
            if one_of(&cancelled, 200, &["ORDER_NOT_CANCELLABLE"]) {
                shipped.refused(409, "INVALID_TRANSITION");
                assert_eq!(shop.stock(&tee), (before.0 + 5, 0, before.2 - 5));
            } else {
                shipped.expect(201);
                assert_eq!((shop.stock(&tee), shipped_units(&shop, &order)), (before, 2));
            }
        });
    }
}

fn act(shop: &Shop, shipment: &Value, act: &str) -> Reply {
    let body = if act == "lost" { json!({"reason": "r"}) } else { json!({}) };
    shop.admin.post(&format!("/shipments/{}/{act}", shipment["id"]), &body)
}

#[test]
fn a_parcel_is_delivered_or_lost_and_never_both() {
    for shop in Shop::of_each_queue_kind() {
        let (tee, mara) = (shop.product(10_000), shop.customer("mara"));
        repeat(repetitions_per_queue_kind(), |repetition| {
            let order = mara.order(&tee, 1);
            let shipment = ship(&shop.admin, &order, 1).expect(201).json();
            let calls = (|| act(&shop, &shipment, "delivered"), || act(&shop, &shipment, "lost"));
            let (delivered, lost) = shop.duel(repetition, &order_row(&order), calls);
            let has_arrived = one_of(&delivered, 200, &["INVALID_TRANSITION"]);
            assert_ne!(has_arrived, one_of(&lost, 200, &["INVALID_TRANSITION"]));
            let now = shop.app.order(&order);
            let (status, of_order) = if has_arrived { ("delivered", "delivered") } else { ("lost", "shipped") };
            assert_eq!((&now["shipments"][0]["status"], &now["status"]), (&json!(status), &json!(of_order)));
            assert_eq!(now["shipments"][0]["version"], 2);
        });
    }
}

#[test]
fn the_last_two_parcels_deliver_the_order_once() {
    for shop in Shop::of_each_queue_kind() {
        let (tee, mara) = (shop.product(10_000), shop.customer("mara"));
        repeat(repetitions_per_queue_kind(), |repetition| {
            let order = mara.order(&tee, 2);
            let parcels = [0, 1].map(|_| ship(&shop.admin, &order, 1).expect(201).json());
            let second = if repetition.is_multiple_of(3) { "lost" } else { "delivered" };
            let calls = (|| act(&shop, &parcels[0], "delivered"), || act(&shop, &parcels[1], second));
            let (one, other) = shop.duel(repetition, &order_row(&order), calls);
            one.expect(200);
            other.expect(200);
            assert_eq!(shop.app.status(&order).0, "delivered");
            let steps = shop.app.history(&order);
            assert_eq!(steps.iter().filter(|step| step["to"] == "delivered").count(), 1);
        });
    }
}

#[test]
fn the_last_units_are_cancelled_while_the_parcel_arrives() {
    for shop in Shop::of_each_queue_kind() {
        let (tee, mara) = (shop.product(10_000), shop.customer("mara"));
        repeat(repetitions_per_queue_kind(), |repetition| {
            let order = mara.order(&tee, 2);
            let parcel = ship(&shop.admin, &order, 1).expect(201).json();
            let lines = json!([{"item_id": order["items"][0]["id"], "quantity": 1}]);
            let cancel = || {
                let body = json!({"lines": lines, "reason": "r"});
                shop.admin.post(&format!("/orders/{}/cancel-lines", order["id"]), &body)
            };
            let calls = (|| act(&shop, &parcel, "delivered"), cancel);
            let (delivered, cancelled) = shop.duel(repetition, &order_row(&order), calls);
            delivered.expect(200);
            cancelled.expect(200);
            assert_eq!(shop.app.status(&order).0, "delivered");
        });
    }
}
