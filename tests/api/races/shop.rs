//! A shop for races.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

use crate::common::batch_queue::{poll, set_queue_kind};
use crate::common::race::{QUEUE_KINDS, duel};
use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, Value, json};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// A server with an admin of its store.
pub struct Shop {
    pub app: TestApp,
    pub admin: Client,
    products: AtomicU32,
}

impl Shop {
    /// A shop for each kind of batch queue, one after the other.
    pub fn of_each_queue_kind() -> impl Iterator<Item = Self> {
        QUEUE_KINDS.into_iter().map(|kind| {
            let app = TestApp::with(|settings| {
                // On a slow machine requests wait long for a connection, and no race tests that limit.
                settings.limits.queue_ms = 60_000;
                set_queue_kind(settings, kind);
            });
            Self { admin: app.admin(), app, products: AtomicU32::new(0) }
        })
    }

    pub fn sometimes_in_one_batch<T: Send>(
        &self,
        repetition: u32,
        requests: usize,
        work: impl FnOnce() -> T + Send,
    ) -> T {
        self.app.sometimes_in_one_batch(repetition as usize, requests, work)
    }

    /// Lets this number of requests compete for the rows of a locking statement.
    pub fn compete<T: Send>(&self, repetition: u32, requests: usize, lock: &str, work: impl FnOnce() -> T + Send) -> T {
        self.app.compete(repetition as usize, requests, lock, work)
    }

    /// Runs two requests. In half of the repetitions, they compete: both wait for the rows of the locking statement. In
    /// the others, one of them begins up to 160 ms earlier.
    pub fn duel<A: Send, B: Send>(
        &self,
        repetition: u32,
        lock: &str,
        calls: (impl FnOnce() -> A + Send, impl FnOnce() -> B + Send),
    ) -> (A, B) {
        self.duel_of_waiting(repetition, (lock, 2), calls)
    }

    /// The same, with the number of transactions that wait for the lock.
    pub fn duel_of_waiting<A: Send, B: Send>(
        &self,
        repetition: u32,
        (lock, waiting): (&str, usize),
        (one, other): (impl FnOnce() -> A + Send, impl FnOnce() -> B + Send),
    ) -> (A, B) {
        let competes = (repetition / 2).is_multiple_of(2);
        let (early, late) = if competes { head_starts(repetition) } else { gaps(repetition) };
        let first = || {
            sleep(early);
            one()
        };
        let second = || {
            sleep(late);
            other()
        };
        match competes {
            true => self.app.behind_a_lock(lock, waiting, || duel(first, second)),
            false => duel(first, second),
        }
    }

    /// A new product at 30.00.
    pub fn product(&self, stock: i64) -> Product {
        let sku = format!("tee-{}", self.products.fetch_add(1, Ordering::Relaxed));
        let body = json!({"sku": sku, "name": format!("Tee {sku}"), "price": 30.00, "initial_stock": stock});
        let body = self.admin.post("/inventory/products", &body).expect(201).json();
        Product { id: body["id"].as_i64().unwrap(), sku, body }
    }

    pub fn customer(&self, name: &str) -> Customer {
        let client = self.app.customer(name);
        Customer { address: client.address(), client }
    }

    /// On hand, reserved, sold.
    pub fn stock(&self, product: &Product) -> (i64, i64, i64) {
        let figures = self.admin.get(&format!("/inventory/products/{}/stock", product.id)).expect(200).json();
        let of = |name: &str| figures[name].as_i64().unwrap();
        (of("stock_quantity"), of("reserved_quantity"), of("sold_quantity"))
    }

    /// The deadlocks that PostgreSQL had to end. The server repeats such a transaction, so that no answer shows it.
    fn deadlocks(&self) -> i64 {
        let mut conn = self.app.connection();
        // A connection adds its deadlocks to the statistics when it ends, a moment after the server has closed it.
        let closed = poll(|| {
            let activity: Activity = diesel::sql_query(ACTIVITY).get_result(&mut conn).unwrap();
            (activity.others == 0).then_some(activity.deadlocks)
        });
        closed.expect("a connection of the stopped server stays open")
    }
}

const ACTIVITY: &str = "\
    SELECT deadlocks, \
           (SELECT count(*) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()) AS others \
    FROM pg_stat_database WHERE datname = current_database()";

#[derive(QueryableByName)]
struct Activity {
    #[diesel(sql_type = BigInt)]
    deadlocks: i64,
    /// Connections besides the one that asks.
    #[diesel(sql_type = BigInt)]
    others: i64,
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.app.stop();
        if !std::thread::panicking() {
            assert_eq!(self.deadlocks(), 0, "transactions took their locks in different orders");
        }
    }
}

/// A customer with an address.
pub struct Customer {
    pub client: Client,
    pub address: i64,
}

impl Customer {
    /// Empties the cart, and adds one unit of each product in this order.
    pub fn fill_cart(&self, products: &[&Product]) {
        self.client.delete("/cart").expect(204);
        for product in products {
            self.client.add_to_cart(product, 1);
        }
    }

    pub fn checkout(&self) -> Reply {
        self.client.checkout_to(self.address)
    }

    /// Places an order without the cart.
    pub fn order(&self, product: &Product, quantity: i64) -> Value {
        self.client.post("/orders", &items(product, quantity)).expect(201).json()
    }
}

/// The body of an order of one product.
pub fn items(product: &Product, quantity: i64) -> Value {
    json!({"items": [{"product_id": product.id, "quantity": quantity}]})
}

/// The reply with this status, and the other one. Fails unless exactly one of the two has it.
#[track_caller]
pub fn winner((first, second): (Reply, Reply), status: u16) -> (Reply, Reply) {
    let replies = format!("{} and {}: {} and {}", first.status, second.status, first.text(), second.text());
    match (first.status == status, second.status == status) {
        (true, false) => (first, second),
        (false, true) => (second, first),
        _ => panic!("exactly one of two must be answered {status}: {replies}"),
    }
}

/// The time in a field of a body.
pub fn moment(body: &Value, field: &str) -> DateTime<Utc> {
    body[field].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no {field} in {body}"))
}

/// The delays of two contenders, one of which is zero. The other one grows with the repetitions up to 20 ms, and
/// the two contenders get it in turn.
pub fn head_starts(repetition: u32) -> (Duration, Duration) {
    let gap = Duration::from_micros(u64::from(repetition / 2 % 34) * 600);
    if repetition.is_multiple_of(2) { (gap, Duration::ZERO) } else { (Duration::ZERO, gap) }
}

/// The delays of two requests, one of which is zero. The other one grows with the repetitions up to 160 ms, and the two
/// requests get it in turn.
pub fn gaps(repetition: u32) -> (Duration, Duration) {
    let gap = Duration::from_millis(u64::from(repetition / 4 % 9) * 20);
    if repetition.is_multiple_of(2) { (gap, Duration::ZERO) } else { (Duration::ZERO, gap) }
}
