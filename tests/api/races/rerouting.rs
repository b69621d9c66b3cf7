//! Units change their place while they are shipped, cancelled or bought, and while places are paused.

use std::cell::RefCell;
use std::ops::Range;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;

use super::shop::{Customer, Shop, gaps, items};
use crate::common::batch_queue::poll;
use crate::common::locks::{order_row, stock_rows};
use crate::common::race::{Tally, duel, one_of, repeat, repetitions_per_queue_kind};
use crate::common::shop::Product;
use crate::common::{Reply, Value, json};

/// A shop with two places. Orders prefer `main`, and `attic` has some units, too.
struct Places {
    shop: Shop,
    main: i64,
    attic: i64,
    mara: Customer,
}

impl Places {
    fn of_each_queue_kind() -> impl Iterator<Item = Self> {
        Shop::of_each_queue_kind().map(|shop| {
            let (main, attic) = (shop.app.main_location(), shop.app.add_location("attic"));
            shop.admin.patch(&format!("/locations/{main}"), &json!({"priority": 1})).expect(200);
            Self { mara: shop.customer("mara"), main, attic, shop }
        })
    }

    /// A product with units at both places, of which others have bought some.
    fn tee(&self, main: i64, attic: i64) -> Product {
        let tee = self.shop.product(main + 7);
        self.shop.app.receive(&tee, attic + 7, self.attic).expect(200);
        self.reroute(&self.mara.order(&tee, 7), 7).expect(200);
        self.ship(&self.mara.order(&tee, 7), 3).expect(201);
        tee
    }

    fn reroute(&self, order: &Value, quantity: i64) -> Reply {
        let line = json!({"item_id": order["items"][0]["id"], "quantity": quantity, "from_location_id": self.main,
                          "to_location_id": self.attic});
        self.shop.admin.post(&format!("/orders/{}/reroute", order["id"]), &json!({"lines": [line]}))
    }

    fn ship(&self, order: &Value, quantity: i64) -> Reply {
        let line = json!({"item_id": order["items"][0]["id"], "quantity": quantity, "location_id": self.main});
        self.shop.admin.post(&format!("/orders/{}/shipments", order["id"]), &json!({"lines": [line]}))
    }

    /// The units of the first item at both places.
    fn allocated(&self, order: &Value) -> [i64; 2] {
        let order = self.shop.app.order(order);
        let parts = order["items"][0]["allocations"].as_array().unwrap();
        let at = |place: i64| parts.iter().find(|part| part["location_id"] == place);
        [self.main, self.attic].map(|place| at(place).map_or(0, |part| part["quantity"].as_i64().unwrap()))
    }
}

#[test]
fn a_unit_is_shipped_or_rerouted_and_never_both() {
    let mut tally = Tally::default();
    for places in Places::of_each_queue_kind() {
        let tee = places.tee(10_000, 10_000);
        repeat_and_count(&mut tally, |repetition| {
            let order = places.mara.order(&tee, 5);
            let calls = (|| places.ship(&order, 3), || places.reroute(&order, 3));
            let (shipped, rerouted) = places.shop.duel(repetition, &order_row(&order), calls);
            if one_of(&shipped, 201, &["QUANTITY_EXCEEDED"]) {
                rerouted.refused(409, "QUANTITY_EXCEEDED");
                assert_eq!(places.allocated(&order), [5, 0]);
                "shipped"
            } else {
                rerouted.expect(200);
                assert_eq!(places.allocated(&order), [2, 3]);
                "rerouted"
            }
        });
        places.shop.app.audit();
    }
    tally.assert_both("ship and reroute");
}

#[test]
fn a_cancel_restores_the_units_where_they_are() {
    let mut tally = Tally::default();
    for places in Places::of_each_queue_kind() {
        let tee = places.tee(10_000, 10_000);
        repeat_and_count(&mut tally, |repetition| {
            let order = places.mara.order(&tee, 5);
            let before = places.shop.app.stock_by_place(&tee);
            let cancel = || places.mara.client.post_nothing(&format!("/orders/{}/cancel", order["id"]));
            let calls = (cancel, || places.reroute(&order, 3));
            let (cancelled, rerouted) = places.shop.duel(repetition, &order_row(&order), calls);
            cancelled.expect(200);
            let after = places.shop.app.stock_by_place(&tee);
            let change = |place: usize| after[place].1 - before[place].1;
            assert_eq!([change(0), change(1)], [5, 0]);
            if one_of(&rerouted, 200, &["INVALID_TRANSITION"]) { "rerouted" } else { "cancelled" }
        });
        places.shop.app.audit();
    }
    tally.assert_both("cancel and reroute");
}

#[test]
fn the_last_units_of_a_place_are_bought_or_rerouted() {
    let mut tally = Tally::default();
    for places in Places::of_each_queue_kind() {
        let ivan = places.shop.customer("ivan");
        repeat_and_count(&mut tally, |repetition| {
            // The order that is rerouted takes all units of `main`, so the buyer needs those in the attic.
            let tee = places.tee(3, 4);
            let order = places.mara.order(&tee, 3);
            let buy = || ivan.client.post("/orders", &items(&tee, 3));
            let calls = (buy, || places.reroute(&order, 3));
            let (bought, rerouted) = places.shop.duel(repetition, &stock_rows(&[&tee]), calls);
            // After the reroute, the units in `main` are for sale.
            bought.expect(201);
            let moved = one_of(&rerouted, 200, &["INSUFFICIENT_STOCK"]);
            assert_eq!(places.allocated(&order), if moved { [0, 3] } else { [3, 0] });
            assert_eq!(places.shop.stock(&tee), (1, 0, 20));
            if moved { "rerouted" } else { "bought" }
        });
        places.shop.app.audit();
    }
    tally.assert_both("buy and reroute");
}

#[test]
fn nothing_is_routed_to_a_place_that_was_paused() {
    for places in Places::of_each_queue_kind() {
        let tee = places.tee(10_000, 10_000);
        let ivan = places.shop.customer("ivan");
        repeat(repetitions_per_queue_kind(), |repetition| {
            for buyer in [&places.mara, &ivan] {
                buyer.fill_cart(&[&tee]);
            }
            match gaps(repetition) {
                (Duration::ZERO, Duration::ZERO) => places.pause_before_the_locks(&tee, &ivan),
                gaps => places.pause_beside_a_checkout(gaps),
            }
            places.shop.app.set_status(places.main, "active").expect(200);
        });
    }
}

impl Places {
    /// Two checkouts wait for the stock rows while `main` is paused. With batches, they are one batch.
    fn pause_before_the_locks(&self, tee: &Product, ivan: &Customer) {
        let (app, mut conn) = (&self.shop.app, self.shop.app.connection());
        conn.batch_execute(&format!("BEGIN; {}", stock_rows(&[tee]))).unwrap();
        let replies = thread::scope(|scope| {
            let closed = app.has_batches().then(|| app.batch_queue().close());
            let checkouts = [&self.mara, ivan].map(|buyer| scope.spawn(|| buyer.checkout()));
            if closed.is_some() {
                app.batch_queue().wait_for(2);
            }
            drop(closed);
            let waiting = if app.has_batches() { 1 } else { 2 };
            poll(|| (app.waiting_for_a_lock() >= waiting).then_some(())).expect("the checkouts never wait");
            app.set_status(self.main, "paused").expect(200);
            conn.batch_execute("COMMIT").unwrap();
            checkouts.map(|checkout| checkout.join().unwrap())
        });
        for reply in replies {
            assert_eq!(place_of(&reply.expect(201).json()), self.attic);
        }
    }

    /// A checkout that begins after the answer to the pause uses the other place, and one that ended before it does not.
    fn pause_beside_a_checkout(&self, (early, late): (Duration, Duration)) {
        let buy = || {
            sleep(early);
            timed(|| self.mara.checkout().expect(201).json())
        };
        let pause = || {
            sleep(late);
            timed(|| self.shop.app.set_status(self.main, "paused").expect(200))
        };
        let ((order, bought), (_, paused)) = duel(buy, pause);
        let place = place_of(&order);
        assert!(paused.end > bought.start || place == self.attic, "routed to a paused place");
        assert!(bought.end > paused.start || place == self.main, "not routed to the active place");
    }
}

/// The only place of an order.
fn place_of(order: &Value) -> i64 {
    let parts = order["items"][0]["allocations"].as_array().unwrap();
    assert_eq!(parts.len(), 1, "{order}");
    parts[0]["location_id"].as_i64().unwrap()
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Range<Instant>) {
    let start = Instant::now();
    let result = work();
    (result, start..Instant::now())
}

fn repeat_and_count(tally: &mut Tally, race: impl Fn(u32) -> &'static str) {
    let tally = RefCell::new(tally);
    repeat(repetitions_per_queue_kind(), |repetition| {
        let outcome = race(repetition);
        tally.borrow_mut().count(outcome);
    });
}
