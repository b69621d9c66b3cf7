//! Staff change a product while it is bought. The change comes before the order or after it, never in between.
//! Where there are batches, another customer buys something else in the same one.

use std::thread::{self, sleep};

use super::shop::{Customer, Shop, head_starts, items, moment};
use crate::common::locks::stock_rows;
use crate::common::race::{duel, repeat, repetitions_per_queue_kind};
use crate::common::shop::Product;
use crate::common::{Reply, json};

/// The answers to a checkout and to a change by staff at the same time. Both need the stock row of the product.
fn while_bought(
    (shop, customer, product): (&Shop, &Customer, &Product),
    repetition: u32,
    change: impl FnOnce() -> Reply + Send,
) -> (Reply, Reply) {
    let (early, late) = head_starts(repetition);
    let change = || {
        sleep(late);
        change()
    };
    if !shop.app.has_batches() {
        let buy = || {
            sleep(early);
            customer.checkout()
        };
        return shop.app.behind_a_lock(&stock_rows(&[product]), 2, || duel(buy, change));
    }
    let (other, rice) = (shop.customer("other"), shop.product(1));
    let queue = shop.app.batch_queue();
    let closed = queue.close();
    thread::scope(|scope| {
        let placed = scope.spawn(|| other.client.post("/orders", &items(&rice, 1)));
        let bought = scope.spawn(|| customer.checkout());
        queue.wait_for(2);
        let open = || {
            sleep(early);
            drop(closed);
        };
        let ((), changed) = duel(open, change);
        placed.join().unwrap().expect(201);
        (bought.join().unwrap(), changed)
    })
}

fn path_of(product: &Product) -> String {
    format!("/inventory/products/{}", product.id)
}

/// Counts the stock of a product of which there are 100.
fn count(shop: &Shop, product: &Product, counted: i64, expected: Option<i64>) -> Reply {
    let body = json!({"quantity": counted, "movement_type": "adjustment", "reason": "Count",
                      "expected_stock": expected});
    shop.admin.put(&format!("{}/stock", path_of(product)), &body)
}

#[test]
fn a_count_comes_before_an_order_or_after_it() {
    Shop::of_each_queue_kind().for_each(|shop| count_once(&shop));
}

fn count_once(shop: &Shop) {
    let mara = shop.customer("mara");
    repeat(repetitions_per_queue_kind(), |repetition| {
        let tee = shop.product(100);
        mara.fill_cart(&[&tee]);
        let (order, counted) = while_bought((shop, &mara, &tee), repetition, || count(shop, &tee, 50, None));
        let (order, counted) = (order.expect(201).json(), counted.expect(200).json());
        let saw = (&order["stock_reductions"][0]["previous_stock"], &counted["previous_stock"]);
        if saw == (&json!(100), &json!(99)) {
            assert_eq!((shop.stock(&tee), &counted["new_stock"]), ((50, 0, 1), &json!(50)));
        } else {
            assert_eq!((saw, shop.stock(&tee)), ((&json!(50), &json!(100)), (49, 0, 1)));
        }
    });
}

#[test]
fn a_count_that_expects_another_stock_is_refused_after_an_order() {
    Shop::of_each_queue_kind().for_each(|shop| count_and_expect(&shop));
}

fn count_and_expect(shop: &Shop) {
    let mara = shop.customer("mara");
    repeat(repetitions_per_queue_kind(), |repetition| {
        let tee = shop.product(100);
        mara.fill_cart(&[&tee]);
        let (order, counted) = while_bought((shop, &mara, &tee), repetition, || count(shop, &tee, 50, Some(100)));
        let order = order.expect(201).json();
        let saw = &order["stock_reductions"][0]["previous_stock"];
        if counted.status == 200 {
            assert_eq!((saw, shop.stock(&tee)), (&json!(50), (49, 0, 1)));
        } else {
            assert_eq!(counted.refused(409, "STALE_STOCK")["current_stock"], 99);
            assert_eq!((saw, shop.stock(&tee)), (&json!(100), (99, 0, 1)));
        }
    });
}

#[test]
fn nothing_is_sold_that_was_counted_away() {
    Shop::of_each_queue_kind().for_each(|shop| count_away(&shop));
}

fn count_away(shop: &Shop) {
    let mara = shop.customer("mara");
    repeat(repetitions_per_queue_kind(), |repetition| {
        let tee = shop.product(100);
        mara.fill_cart(&[&tee]);
        let (order, counted) = while_bought((shop, &mara, &tee), repetition, || count(shop, &tee, 0, None));
        let counted = counted.expect(200).json();
        if order.status == 201 {
            assert_eq!((&counted["previous_stock"], shop.stock(&tee)), (&json!(99), (0, 0, 1)));
        } else {
            order.refused(400, "INSUFFICIENT_STOCK");
            assert_eq!((&counted["previous_stock"], shop.stock(&tee)), (&json!(100), (0, 0, 0)));
        }
    });
}

#[test]
fn nothing_is_ordered_after_it_was_archived() {
    Shop::of_each_queue_kind().for_each(|shop| archive(&shop));
}

fn archive(shop: &Shop) {
    let mara = shop.customer("mara");
    repeat(repetitions_per_queue_kind(), |repetition| {
        let tee = shop.product(100);
        mara.fill_cart(&[&tee]);
        let (order, archived) = while_bought((shop, &mara, &tee), repetition, || shop.admin.delete(&path_of(&tee)));
        let archived = archived.expect(200).json();
        assert_eq!(archived["status"], "archived");
        if order.status == 201 {
            let (ordered, gone) = (moment(&order.json(), "created_at"), moment(&archived, "updated_at"));
            assert!(ordered < gone, "ordered at {ordered}, archived at {gone}");
            assert_eq!(shop.stock(&tee), (99, 0, 1));
        } else {
            order.refused(409, "PRODUCT_UNAVAILABLE");
            assert_eq!(shop.stock(&tee), (100, 0, 0));
        }
    });
}

#[test]
fn an_order_has_the_price_of_its_moment() {
    Shop::of_each_queue_kind().for_each(|shop| make_dearer(&shop));
}

fn make_dearer(shop: &Shop) {
    let mara = shop.customer("mara");
    repeat(repetitions_per_queue_kind(), |repetition| {
        let tee = shop.product(100);
        mara.fill_cart(&[&tee]);
        let dearer = || shop.admin.patch(&path_of(&tee), &json!({"price": 40.00}));
        let (order, changed) = while_bought((shop, &mara, &tee), repetition, dearer);
        let (order, changed) = (order.expect(201).json(), changed.expect(200).json());
        let (ordered, dearer) = (moment(&order, "created_at"), moment(&changed, "updated_at"));
        let price = if ordered < dearer { json!(30.00) } else { json!(40.00) };
        assert_eq!(
            (&order["items"][0]["unit_price"], &order["total_amount"]),
            (&price, &price),
            "ordered at {ordered}, dearer at {dearer}"
        );
    });
}
