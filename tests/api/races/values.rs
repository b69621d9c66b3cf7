//! Several servers value the ledger of one store.

use super::shop::Shop;
use crate::common::jobs::value_stock;
use crate::common::race::{repeat, repetitions};
use crate::common::{Value, json, minor};

/// A server that values the movements of a variant holds the row of its checkpoint.
const CHECKPOINTS: &str = "SELECT FROM valuation_checkpoints FOR UPDATE";

#[test]
fn two_servers_value_a_movement_once() {
    let shop = Shop::of_each_queue_kind().next().unwrap();
    let second = shop.app.second_server();
    let tee = shop.product(100);
    shop.app.set_product(&tee, &json!({"cost_price": 2}));
    let mara = shop.customer("mara");
    // The first units have no cost: they came before the cost price was set.
    shop.app.value_stock();
    let totals = || -> Value { shop.admin.get("/inventory/valuation").expect(200).json()["totals"].clone() };
    repeat(repetitions(), |repetition| {
        let before = totals();
        shop.app.receive(&tee, 3, shop.app.main_location()).expect(200);
        mara.order(&tee, 1);
        let both = (|| value_stock(shop.app.jobs()), || value_stock(second.jobs()));
        // A server that finds the store taken leaves it to the other one, so only one of them waits.
        shop.duel_of_waiting(repetition, (CHECKPOINTS, 1), both);
        shop.app.value_stock();
        let after = totals();
        let change = |name: &str| minor(&after[name]) - minor(&before[name]);
        assert_eq!(change("paid"), 600, "{before} {after}");
        assert_eq!(change("value") + change("cost_of_goods_sold"), 600, "{before} {after}");
    });
}
