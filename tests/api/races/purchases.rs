//! Concurrent requests receive each ordered unit once.

use std::thread;

use diesel::connection::SimpleConnection;

use super::shop::Shop;
use crate::common::batch_queue::poll;
use crate::common::locks::{location_row, transfer_row};
use crate::common::race::{Tally, one_of, repeat, repetitions};
use crate::common::shop::Product;
use crate::common::{Reply, Value, json};

/// A store with a supplier. Purchase orders do not pass the batch queue, so one kind of it is enough.
struct Purchases {
    shop: Shop,
    main: i64,
    supplier: i64,
    tee: Product,
}

impl Purchases {
    fn open() -> Self {
        let shop = Shop::of_each_queue_kind().next().unwrap();
        // Other units are in stock and outstanding. Without them, a constraint would stop a second receipt.
        let tee = shop.product(1000);
        let main = shop.app.main_location();
        let supplier = shop.admin.post("/suppliers", &json!({"code": "acme", "name": "Acme"})).expect(201).id();
        let purchases = Self { shop, main, supplier, tee };
        let other = purchases.ordered(purchases.main, 500);
        purchases.receive(&other, 200).expect(200);
        purchases
    }

    fn draft(&self, location: i64, quantity: i64) -> Value {
        let lines = json!([{"product_id": self.tee.id, "quantity": quantity, "unit_cost": 3}]);
        let body = json!({"supplier_id": self.supplier, "location_id": location, "lines": lines});
        self.shop.admin.post("/purchase-orders", &body).expect(201).json()
    }

    fn ordered(&self, location: i64, quantity: i64) -> Value {
        let draft = self.draft(location, quantity);
        self.act(&draft, "order", &json!({})).expect(200).json()
    }

    fn act(&self, order: &Value, act: &str, body: &Value) -> Reply {
        self.shop.admin.post(&format!("/purchase-orders/{}/{act}", order["id"]), body)
    }

    fn receive(&self, order: &Value, accepted: i64) -> Reply {
        let lines = json!([{"line_id": order["lines"][0]["id"], "accepted": accepted}]);
        self.act(order, "receive", &json!({"lines": lines}))
    }

    /// Reverses the first receipt.
    fn reverse(&self, order: &Value) -> Reply {
        let path = format!("receipts/{}/reverse", order["receipts"][0]["receipt_number"].as_str().unwrap());
        self.act(order, &path, &json!({"reason": "Counted wrong"}))
    }

    /// The accepted, cancelled and outstanding units of the line.
    fn counts(&self, order: &Value) -> [i64; 3] {
        let shown = self.shop.admin.get(&format!("/purchase-orders/{}", order["id"])).expect(200).json();
        ["accepted", "cancelled", "outstanding"]
            .map(|count| shown["lines"][0][format!("{count}_quantity")].as_i64().unwrap())
    }

    fn stock(&self) -> i64 {
        self.shop.stock(&self.tee).0
    }
}

#[test]
fn two_receipts_at_once_never_take_more_than_was_ordered() {
    let purchases = Purchases::open();
    repeat(repetitions(), |repetition| {
        let (order, before) = (purchases.ordered(purchases.main, 5), purchases.stock());
        let call = || purchases.receive(&order, 3);
        let (one, other) = purchases.shop.duel(repetition, &transfer_row(&order), (call, call));
        let both = [&one, &other].map(|reply| one_of(reply, 200, &["OVER_RECEIPT"]));
        assert_eq!(both.iter().filter(|received| **received).count(), 1);
        assert_eq!((purchases.counts(&order), purchases.stock()), ([3, 0, 2], before + 3));
    });
}

#[test]
fn a_receipt_and_a_reversal_have_the_outcome_of_an_order() {
    let purchases = Purchases::open();
    let tally = std::sync::Mutex::new(Tally::default());
    repeat(repetitions(), |repetition| {
        let (order, before) = (purchases.ordered(purchases.main, 5), purchases.stock());
        let first = purchases.receive(&order, 3).expect(200).json();
        let (receive, reverse) = (|| purchases.receive(&order, 4), || purchases.reverse(&first));
        let (received, reversed) = purchases.shop.duel(repetition, &transfer_row(&order), (receive, reverse));
        reversed.expect(200);
        let is_received = one_of(&received, 200, &["OVER_RECEIPT"]);
        tally.lock().unwrap().count(if is_received { "reversed first" } else { "received first" });
        let arrived = if is_received { 4 } else { 0 };
        assert_eq!((purchases.counts(&order), purchases.stock()), ([arrived, 0, 5 - arrived], before + arrived));
    });
    tally.into_inner().unwrap().assert_both("receive and reverse");
}

#[test]
fn units_are_received_or_cancelled_and_never_both() {
    let purchases = Purchases::open();
    repeat(repetitions(), |repetition| {
        let (order, before) = (purchases.ordered(purchases.main, 5), purchases.stock());
        let receive = || purchases.receive(&order, 5);
        let close = || purchases.act(&order, "close", &json!({"reason": "Too late"}));
        let (received, closed) = purchases.shop.duel(repetition, &transfer_row(&order), (receive, close));
        let is_received = one_of(&received, 200, &["INVALID_TRANSITION"]);
        assert_ne!(is_received, one_of(&closed, 200, &["INVALID_TRANSITION"]));
        let counts = if is_received { [5, 0, 0] } else { [0, 5, 0] };
        assert_eq!((purchases.counts(&order), purchases.stock()), (counts, before + counts[0]));
    });
}

#[test]
fn a_place_is_closed_or_expects_ordered_goods_and_never_both() {
    let purchases = Purchases::open();
    let app = &purchases.shop.app;
    let tally = std::sync::Mutex::new(Tally::default());
    repeat(repetitions(), |repetition| {
        let place = app.add_location(&format!("place-{repetition}"));
        app.set_status(place, "paused").expect(200);
        let draft = purchases.draft(place, 4);
        let calls = (|| purchases.act(&draft, "order", &json!({})), || app.set_status(place, "closed"));
        let (ordered, closed) = purchases.shop.duel(repetition, &location_row(place), calls);
        let is_ordered = one_of(&ordered, 200, &["LOCATION_CLOSED"]);
        assert_ne!(is_ordered, one_of(&closed, 200, &["LOCATION_NOT_EMPTY"]), "{} {}", ordered.text(), closed.text());
        tally.lock().unwrap().count(if is_ordered { "ordered first" } else { "closed first" });
        if is_ordered {
            purchases.act(&draft, "cancel", &json!({})).expect(200);
        }
    });
    tally.into_inner().unwrap().assert_both("order and close");
}

#[test]
fn a_receipt_is_reversed_before_its_place_is_closed_or_not_at_all() {
    let purchases = Purchases::open();
    let app = &purchases.shop.app;
    let tally = std::sync::Mutex::new(Tally::default());
    repeat(repetitions(), |repetition| {
        let place = app.add_location(&format!("place-{repetition}"));
        let order = purchases.ordered(place, 4);
        app.set_status(place, "paused").expect(200);
        // All units were refused, so nothing keeps the place open any more.
        let refused = json!({"lines": [{"line_id": order["lines"][0]["id"], "accepted": 0, "rejected": 4}]});
        let order = purchases.act(&order, "receive", &refused).expect(200).json();
        let calls = (|| purchases.reverse(&order), || app.set_status(place, "closed"));
        let (reversed, closed) = purchases.shop.duel(repetition, &location_row(place), calls);
        let is_open = one_of(&reversed, 200, &["LOCATION_CLOSED"]);
        assert_ne!(is_open, one_of(&closed, 200, &["LOCATION_NOT_EMPTY"]), "{} {}", reversed.text(), closed.text());
        tally.lock().unwrap().count(if is_open { "reversed first" } else { "closed first" });
        if is_open {
            purchases.act(&order, "cancel", &json!({})).expect(200);
        }
    });
    tally.into_inner().unwrap().assert_both("reverse and close");
}

/// The units of an order are outstanding before their receipt and in stock after it. So its place is never closed.
#[test]
fn a_place_is_not_closed_while_ordered_goods_arrive() {
    let purchases = Purchases::open();
    let app = &purchases.shop.app;
    repeat(repetitions(), |repetition| {
        let place = app.add_location(&format!("place-{repetition}"));
        // The stock row exists. A new one would lock the location, because it refers to it.
        let order = purchases.receive(&purchases.ordered(place, 4), 4).expect(200).json();
        purchases.reverse(&order).expect(200);
        app.set_status(place, "paused").expect(200);
        let (received, closed) = match repetition % 3 {
            0 => purchases.receive_in_the_middle_of_a_close(&order, place),
            _ => {
                let calls = (|| purchases.receive(&order, 4), || app.set_status(place, "closed"));
                purchases.shop.duel(repetition, &location_row(place), calls)
            }
        };
        received.expect(200);
        closed.refused(409, "LOCATION_NOT_EMPTY");
        assert_eq!(purchases.counts(&order), [4, 0, 0]);
    });
}

impl Purchases {
    /// A close reads the stock before the holds, and the orders after them. It waits for the holds until the receipt has
    /// ended, or waits as well.
    fn receive_in_the_middle_of_a_close(&self, order: &Value, place: i64) -> (Reply, Reply) {
        let (app, mut conn) = (&self.shop.app, self.shop.app.connection());
        conn.batch_execute("BEGIN; LOCK TABLE stock_holds IN ACCESS EXCLUSIVE MODE").unwrap();
        thread::scope(|scope| {
            let close = scope.spawn(|| app.set_status(place, "closed"));
            poll(|| (app.waiting_for_a_lock() == 1).then_some(())).expect("the close does not wait");
            let receive = scope.spawn(|| self.receive(order, 4));
            let waits = || receive.is_finished() || app.waiting_for_a_lock() == 2;
            poll(|| waits().then_some(())).expect("the receipt neither ends nor waits");
            conn.batch_execute("COMMIT").unwrap();
            (receive.join().unwrap(), close.join().unwrap())
        })
    }
}
