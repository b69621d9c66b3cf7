//! An imported sheet of stock and a checkout of the same product have the outcome of an order.

use std::sync::Mutex;

use super::shop::{Shop, items};
use crate::common::locks::stock_rows;
use crate::common::race::{Tally, one_of, repeat, repetitions_per_queue_kind};
use crate::common::{Reply, json};

/// True if the sheet was taken.
fn is_taken(reply: &Reply) -> bool {
    reply.json()["state"] == "done"
}

/// The sheet expects the stock before the sale. So it is refused after it, and no sale is overwritten.
#[test]
fn an_adjustment_never_overwrites_a_sale() {
    for shop in Shop::of_each_queue_kind() {
        let (tally, mara) = (Mutex::new(Tally::default()), shop.customer("mara"));
        repeat(repetitions_per_queue_kind(), |repetition| {
            let tee = shop.product(10);
            let sheet = json!([{"sku": tee.sku, "movement_type": "adjustment", "quantity": 8, "expected_stock": 10}]);
            let adjust = || shop.admin.post("/imports?kind=stock", &sheet);
            let calls = (adjust, || mara.client.post("/orders", &items(&tee, 3)));
            let (adjusted, bought) = shop.duel(repetition, &stock_rows(&[&tee]), calls);
            assert!(one_of(&bought, 201, &[]), "{}", bought.text());
            let is_adjusted = is_taken(&adjusted.expect(201));
            tally.lock().unwrap().count(if is_adjusted { "adjusted first" } else { "bought first" });
            assert_eq!(shop.stock(&tee), if is_adjusted { (5, 0, 3) } else { (7, 0, 3) });
        });
        tally.into_inner().unwrap().assert_both("import and checkout");
    }
}

/// Removed units cannot be sold, and sold ones cannot be removed.
#[test]
fn a_removal_and_a_sale_of_the_last_units_do_not_both_happen() {
    for shop in Shop::of_each_queue_kind() {
        let (tally, mara) = (Mutex::new(Tally::default()), shop.customer("mara"));
        repeat(repetitions_per_queue_kind(), |repetition| {
            let tee = shop.product(10);
            let sheet = json!([{"sku": tee.sku, "movement_type": "out", "quantity": 6}]);
            let remove = || shop.admin.post("/imports?kind=stock", &sheet);
            let calls = (remove, || mara.client.post("/orders", &items(&tee, 7)));
            let (removed, bought) = shop.duel(repetition, &stock_rows(&[&tee]), calls);
            let is_sold = one_of(&bought, 201, &["INSUFFICIENT_STOCK"]);
            assert_ne!(is_taken(&removed.expect(201)), is_sold);
            tally.lock().unwrap().count(if is_sold { "bought first" } else { "removed first" });
            assert_eq!(shop.stock(&tee), if is_sold { (3, 0, 7) } else { (4, 0, 0) });
        });
        tally.into_inner().unwrap().assert_both("import and checkout");
    }
}
