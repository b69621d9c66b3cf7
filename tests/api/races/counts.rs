//! Concurrent requests find each unit where a count left it, and a count posts each line once.

use std::sync::Mutex;

use super::shop::{Shop, items};
use crate::common::locks::{count_row, stock_rows};
use crate::common::race::{Tally, one_of, repeat, repetitions, repetitions_per_queue_kind};
use crate::common::shop::Product;
use crate::common::{Reply, Value, json};

/// A submitted count of one product, of which this number of units was counted just now.
fn submitted(shop: &Shop, product: &Product, quantity: i64) -> Value {
    let count = opened(shop, product);
    enter_and_submit(shop, &count, product, quantity);
    count
}

fn opened(shop: &Shop, product: &Product) -> Value {
    let plan = json!({"location_id": shop.app.main_location(), "scope": {"products": [product.id]}});
    shop.admin.post("/counts", &plan).expect(201).json()
}

fn enter_and_submit(shop: &Shop, count: &Value, product: &Product, quantity: i64) {
    let entries = json!({"entries": [{"product_id": product.id, "quantity": quantity}]});
    shop.admin.post(&format!("/counts/{}/entries", count["id"]), &entries).expect(200);
    shop.admin.post_nothing(&format!("/counts/{}/submit", count["id"])).expect(200);
}

fn post(shop: &Shop, count: &Value) -> Reply {
    shop.admin.post_nothing(&format!("/counts/{}/post", count["id"]))
}

fn status(posted: &Reply) -> String {
    posted.json()["lines"][0]["status"].as_str().unwrap().to_owned()
}

/// The number of movements of a count.
fn movements(shop: &Shop, count: &Value) -> i64 {
    let number = count["count_number"].as_str().unwrap();
    let list = shop.admin.get(&format!("/inventory/movements?reference_id={number}")).expect(200).json();
    list["total"].as_i64().unwrap()
}

/// The stock, the reserved and the committed units.
fn figures(shop: &Shop, product: &Product) -> (i64, i64, i64) {
    let stock = shop.admin.get(&format!("/inventory/products/{}/stock", product.id)).expect(200).json();
    let of = |name: &str| stock["locations"][0][name].as_i64().unwrap();
    (of("stock_quantity"), of("reserved_quantity"), of("committed_quantity"))
}

#[test]
fn a_sale_and_a_count_never_promise_a_unit_that_is_not_there() {
    for shop in Shop::of_each_queue_kind() {
        let mara = shop.customer("mara");
        let tally = Mutex::new(Tally::default());
        repeat(repetitions_per_queue_kind(), |repetition| {
            // Of 10 units, 6 are there. A buyer of 7 is too late after the count, and a buyer of 5 never is.
            let wanted = if repetition % 8 < 4 { 7 } else { 5 };
            let tee = shop.product(10);
            let count = submitted(&shop, &tee, 6);
            let calls = (|| post(&shop, &count), || mara.client.post("/orders", &items(&tee, wanted)));
            let (posted, bought) = shop.duel(repetition, &stock_rows(&[&tee]), calls);
            let posted = status(&posted.expect(200));
            let is_sold = one_of(&bought, 201, &["INSUFFICIENT_STOCK"]);
            if wanted == 5 {
                assert_eq!((is_sold, posted.as_str(), figures(&shop, &tee)), (true, "posted", (1, 0, 5)));
                return;
            }
            tally.lock().unwrap().count(if is_sold { "bought first" } else { "posted first" });
            assert_eq!(posted, if is_sold { "refused" } else { "posted" });
            assert_eq!(figures(&shop, &tee), if is_sold { (3, 0, 7) } else { (6, 0, 0) });
        });
        tally.into_inner().unwrap().assert_both("post and checkout");
    }
}

#[test]
fn a_shipment_after_the_look_is_not_counted_as_missing() {
    for shop in Shop::of_each_queue_kind() {
        let mara = shop.customer("mara");
        repeat(repetitions_per_queue_kind(), |repetition| {
            let tee = shop.product(100);
            let order = mara.order(&tee, 12);
            let count = submitted(&shop, &tee, 97);
            let lines = json!({"lines": [{"item_id": order["items"][0]["id"], "quantity": 7}]});
            let ship = || shop.admin.post(&format!("/orders/{}/shipments", order["id"]), &lines);
            let calls = (|| post(&shop, &count), ship);
            let (posted, shipped) = shop.duel(repetition, &stock_rows(&[&tee]), calls);
            shipped.expect(201);
            assert_eq!((status(&posted.expect(200)), figures(&shop, &tee)), ("posted".to_owned(), (85, 0, 5)));
        });
    }
}

#[test]
fn a_count_and_the_sending_of_a_transfer_have_the_outcome_of_an_order() {
    let shop = Shop::of_each_queue_kind().next().unwrap();
    let attic = shop.app.add_location("attic");
    let main = shop.app.main_location();
    let tally = Mutex::new(Tally::default());
    repeat(repetitions(), |repetition| {
        // Of 10 units, 6 are held and 4 of these are sent. 5 units were counted, which is too few for those that are held.
        let tee = shop.product(10);
        let plan = json!({"from_location_id": main, "to_location_id": attic,
                          "lines": [{"product_id": tee.id, "quantity": 6}]});
        let transfer = shop.admin.post("/transfers", &plan).expect(201).json();
        shop.admin.post_nothing(&format!("/transfers/{}/ready", transfer["id"])).expect(200);
        let count = submitted(&shop, &tee, 5);
        let units = json!({"lines": [{"line_id": transfer["lines"][0]["id"], "quantity": 4}]});
        let send = || shop.admin.post(&format!("/transfers/{}/send", transfer["id"]), &units);
        let (posted, sent) = shop.duel(repetition, &stock_rows(&[&tee]), (|| post(&shop, &count), send));
        sent.expect(200);
        let is_posted = status(&posted.expect(200)) == "posted";
        tally.lock().unwrap().count(if is_posted { "sent first" } else { "posted first" });
        assert_eq!(figures(&shop, &tee), if is_posted { (1, 0, 0) } else { (6, 0, 0) });
    });
    tally.into_inner().unwrap().assert_both("post and send");
}

#[test]
fn a_count_is_posted_once() {
    let shop = Shop::of_each_queue_kind().next().unwrap();
    repeat(repetitions(), |repetition| {
        let tee = shop.product(10);
        let count = submitted(&shop, &tee, 7);
        let call = || post(&shop, &count);
        let (one, other) = shop.duel(repetition, &count_row(&count), (call, call));
        let both = [&one, &other].map(|reply| one_of(reply, 200, &["INVALID_TRANSITION"]));
        assert!(both.contains(&true), "{} and {}", one.text(), other.text());
        assert_eq!((movements(&shop, &count), figures(&shop, &tee)), (1, (7, 0, 0)));
    });
}

#[test]
fn two_counts_of_a_row_have_the_same_end_in_either_order() {
    let shop = Shop::of_each_queue_kind().next().unwrap();
    let tally = Mutex::new(Tally::default());
    repeat(repetitions(), |repetition| {
        let tee = shop.product(100);
        let first = submitted(&shop, &tee, 98);
        let second = submitted(&shop, &tee, 92);
        let calls = (|| post(&shop, &first), || post(&shop, &second));
        let (older, newer) = shop.duel(repetition, &stock_rows(&[&tee]), calls);
        let older = status(&older.expect(200));
        tally.lock().unwrap().count(if older == "posted" { "older first" } else { "newer first" });
        assert_eq!((status(&newer.expect(200)), figures(&shop, &tee)), ("posted".to_owned(), (92, 0, 0)));
        assert_eq!(movements(&shop, &first), i64::from(older == "posted"));
    });
    tally.into_inner().unwrap().assert_both("two counts");
}
