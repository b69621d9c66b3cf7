//! Concurrent requests move each unit of a transfer once.

use super::shop::{Shop, items};
use crate::common::locks::{location_row, stock_rows, transfer_row};
use crate::common::race::{Tally, one_of, repeat, repetitions, repetitions_per_queue_kind};
use crate::common::shop::Product;
use crate::common::{Reply, Value, json};

/// A store with a second place. Transfers do not pass the batch queue, so one kind of it is enough.
struct Places {
    shop: Shop,
    main: i64,
    attic: i64,
    tee: Product,
}

impl Places {
    fn open() -> Self {
        Self::of(Shop::of_each_queue_kind().next().unwrap())
    }

    fn of(shop: Shop) -> Self {
        let tee = shop.product(1_000_000);
        let attic = shop.app.add_location("attic");
        let main = shop.app.main_location();
        let places = Self { shop, main, attic, tee };
        // Other units are in the attic and on the road. Without them, a constraint would stop a second receipt.
        let other = places.sent(500);
        places.receive(&other, 200, 100).expect(200);
        places
    }

    fn ready(&self, product: &Product, quantity: i64) -> Value {
        let plan = json!({"from_location_id": self.main, "to_location_id": self.attic,
                          "lines": [{"product_id": product.id, "quantity": quantity}]});
        let draft = self.shop.admin.post("/transfers", &plan).expect(201).json();
        self.act(&draft, "ready", &json!({})).expect(200).json()
    }

    fn sent(&self, quantity: i64) -> Value {
        let ready = self.ready(&self.tee, quantity);
        self.act(&ready, "send", &json!({})).expect(200).json()
    }

    fn act(&self, transfer: &Value, act: &str, body: &Value) -> Reply {
        self.shop.admin.post(&format!("/transfers/{}/{act}", transfer["id"]), body)
    }

    fn receive(&self, transfer: &Value, accepted: i64, rejected: i64) -> Reply {
        let line = &transfer["lines"][0]["id"];
        let lines = json!([{"line_id": line, "accepted": accepted, "rejected": rejected}]);
        self.act(transfer, "receive", &json!({"lines": lines}))
    }

    fn settle(&self, transfer: &Value, quantity: i64) -> Reply {
        let lines = json!([{"line_id": transfer["lines"][0]["id"], "quantity": quantity, "outcome": "lost"}]);
        self.act(transfer, "settle", &json!({"lines": lines, "reason": "Lost"}))
    }

    /// The accepted, lost and outstanding units of the line.
    fn counts(&self, transfer: &Value) -> [i64; 3] {
        let shown = self.shop.admin.get(&format!("/transfers/{}", transfer["id"])).expect(200).json();
        ["accepted", "lost", "outstanding"]
            .map(|count| shown["lines"][0][format!("{count}_quantity")].as_i64().unwrap())
    }

    /// The stock at both places together.
    fn stock(&self) -> i64 {
        self.shop.stock(&self.tee).0
    }
}

#[test]
fn two_receipts_at_once_never_take_more_than_was_sent() {
    let places = Places::open();
    repeat(repetitions(), |repetition| {
        let (transfer, before) = (places.sent(5), places.stock());
        let call = || places.receive(&transfer, 3, 0);
        let (one, other) = places.shop.duel(repetition, &transfer_row(&transfer), (call, call));
        let both = [&one, &other].map(|reply| one_of(reply, 200, &["OVER_RECEIPT"]));
        assert_eq!(both.iter().filter(|received| **received).count(), 1);
        assert_eq!((places.counts(&transfer), places.stock()), ([3, 0, 2], before + 3));
    });
}

#[test]
fn units_are_received_or_lost_and_never_both() {
    let places = Places::open();
    repeat(repetitions(), |repetition| {
        let (transfer, before) = (places.sent(5), places.stock());
        let (receive, settle) = (|| places.receive(&transfer, 3, 0), || places.settle(&transfer, 3));
        let (received, settled) = places.shop.duel(repetition, &transfer_row(&transfer), (receive, settle));
        if one_of(&received, 200, &["OVER_RECEIPT"]) {
            settled.refused(409, "QUANTITY_EXCEEDED");
            assert_eq!((places.counts(&transfer), places.stock()), ([3, 0, 2], before + 3));
        } else {
            settled.expect(200);
            assert_eq!((places.counts(&transfer), places.stock()), ([0, 3, 2], before));
        }
    });
}

#[test]
fn a_receipt_and_a_reversal_have_the_outcome_of_an_order() {
    let places = Places::open();
    repeat(repetitions(), |repetition| {
        let (transfer, before) = (places.sent(5), places.stock());
        let first = places.receive(&transfer, 3, 0).expect(200).json();
        let number = first["receipts"][0]["receipt_number"].as_str().unwrap();
        let receive = || places.receive(&transfer, 4, 0);
        let path = format!("receipts/{number}/reverse");
        let reverse = || places.act(&transfer, &path, &json!({"reason": "Counted wrong"}));
        let (received, reversed) = places.shop.duel(repetition, &transfer_row(&transfer), (receive, reverse));
        reversed.expect(200);
        let arrived = if one_of(&received, 200, &["OVER_RECEIPT"]) { 4 } else { 0 };
        assert_eq!((places.counts(&transfer), places.stock()), ([arrived, 0, 5 - arrived], before + arrived));
    });
}

#[test]
fn a_receipt_is_reversed_once() {
    let places = Places::open();
    repeat(repetitions(), |repetition| {
        let (transfer, before) = (places.sent(5), places.stock());
        let first = places.receive(&transfer, 3, 0).expect(200).json();
        let path = format!("receipts/{}/reverse", first["receipts"][0]["receipt_number"].as_str().unwrap());
        let call = || places.act(&transfer, &path, &json!({"reason": "Counted wrong"}));
        let (one, other) = places.shop.duel(repetition, &transfer_row(&transfer), (call, call));
        let both = [&one, &other].map(|reply| one_of(reply, 200, &["INVALID_TRANSITION"]));
        assert_eq!(both.iter().filter(|reversed| **reversed).count(), 1);
        assert_eq!((places.counts(&transfer), places.stock()), ([0, 0, 5], before));
    });
}

#[test]
fn a_sale_gets_the_units_that_a_transfer_does_not_send() {
    for shop in Shop::of_each_queue_kind() {
        let places = Places::of(shop);
        let mara = places.shop.customer("mara");
        let tally = std::sync::Mutex::new(Tally::default());
        repeat(repetitions_per_queue_kind(), |repetition| {
            // Of 10 units, 6 are held. The transfer sends 4 of them, so 4 or 6 units are for sale. A buyer of 3 gets them
            // in any case, and a buyer of 5 after the transfer was sent.
            let wanted = if repetition % 8 < 4 { 5 } else { 3 };
            let tee = places.shop.product(10);
            let transfer = places.ready(&tee, 6);
            let units = json!({"lines": [{"line_id": transfer["lines"][0]["id"], "quantity": 4}]});
            let buy = || mara.client.post("/orders", &items(&tee, wanted));
            let calls = (|| places.act(&transfer, "send", &units), buy);
            let (sent, bought) = places.shop.duel(repetition, &stock_rows(&[&tee]), calls);
            sent.expect(200);
            let is_sold = one_of(&bought, 201, &["INSUFFICIENT_STOCK"]);
            assert_eq!(places.shop.stock(&tee), if is_sold { (6 - wanted, 0, wanted) } else { (6, 0, 0) });
            if wanted == 5 {
                tally.lock().unwrap().count(if is_sold { "sent first" } else { "bought first" });
            }
            assert!(is_sold || wanted == 5, "{}", bought.text());
        });
        tally.into_inner().unwrap().assert_both("send and checkout");
    }
}

#[test]
fn a_place_is_closed_or_waits_for_goods_and_never_both() {
    let places = Places::open();
    let app = &places.shop.app;
    let tally = std::sync::Mutex::new(Tally::default());
    repeat(repetitions(), |repetition| {
        let place = app.add_location(&format!("place-{repetition}"));
        app.set_status(place, "paused").expect(200);
        let plan = json!({"from_location_id": places.main, "to_location_id": place,
                          "lines": [{"product_id": places.tee.id, "quantity": 1}]});
        let draft = places.shop.admin.post("/transfers", &plan).expect(201).json();
        let calls = (|| places.act(&draft, "ready", &json!({})), || app.set_status(place, "closed"));
        let (ready, closed) = places.shop.duel(repetition, &location_row(place), calls);
        let is_ready = one_of(&ready, 200, &["LOCATION_CLOSED"]);
        assert_ne!(is_ready, one_of(&closed, 200, &["LOCATION_NOT_EMPTY"]), "{} and {}", ready.text(), closed.text());
        tally.lock().unwrap().count(if is_ready { "ready first" } else { "closed first" });
        if is_ready {
            places.act(&draft, "cancel", &json!({})).expect(200);
        }
    });
    tally.into_inner().unwrap().assert_both("ready and close");
}
