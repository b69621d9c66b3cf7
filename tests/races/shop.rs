//! A shop that many come to at once.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable};

use crate::common::line::take;
use crate::common::race::LANES;
use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, Value, json};

/// The server, and whoever may do everything in it.
pub struct Shop {
    pub app: TestApp,
    pub admin: Client,
    products: AtomicU32,
}

impl Shop {
    /// One after the other, a shop for each kind of lane.
    pub fn of_each_lane() -> impl Iterator<Item = Self> {
        LANES.into_iter().map(|lane| {
            let app = TestApp::with(|settings| {
                // On a slow machine many wait for long, and none of these races is about that.
                settings.limits.queue_ms = 60_000;
                take(settings, lane);
            });
            Self { admin: app.admin(), app, products: AtomicU32::new(0) }
        })
    }

    /// Does what brings so many requests into the lane, which is made to take them together if it can.
    pub fn meet<T: Send>(&self, repetition: u32, count: usize, work: impl FnOnce() -> T + Send) -> T {
        self.app.meet(repetition as usize, count, work)
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

    /// Does the work while the stock rows of the products are locked, and lets them go when two
    /// transactions wait: so both take their locks at the same moment.
    pub fn behind_a_lock<T: Send>(&self, products: &[&Product], work: impl FnOnce() -> T + Send) -> T {
        let variants: Vec<_> = products.iter().map(|product| product.body["variants"][0]["id"].as_i64()).collect();
        let mut conn = self.app.connection();
        conn.batch_execute("BEGIN").unwrap();
        let locked = diesel::sql_query("SELECT FROM stock_levels WHERE variant_id = ANY($1) FOR UPDATE")
            .bind::<Array<Nullable<BigInt>>, _>(variants)
            .execute(&mut conn);
        assert_eq!(locked, Ok(products.len()));
        std::thread::scope(|scope| {
            let work = scope.spawn(work);
            self.wait_until(|activity| activity.waiting == 2);
            conn.batch_execute("COMMIT").unwrap();
            work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Deadlocks that PostgreSQL had to end; the server would have run one of the two again.
    fn deadlocks(&self) -> i64 {
        // A connection counts its deadlocks when it ends, a moment after it was closed.
        self.wait_until(|activity| activity.others == 0).deadlocks
    }

    /// Looks into the database until it is so, for half a second. What it saw at last.
    fn wait_until(&self, is_so: impl Fn(&Activity) -> bool) -> Activity {
        let mut conn = self.app.connection();
        let mut look = || -> Activity { diesel::sql_query(ACTIVITY).get_result(&mut conn).unwrap() };
        let deadline = Instant::now() + Duration::from_millis(500);
        loop {
            let activity = look();
            if is_so(&activity) || Instant::now() > deadline {
                return activity;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

const ACTIVITY: &str = "\
    SELECT deadlocks, \
           (SELECT count(*) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()) AS others, \
           (SELECT count(*) FROM pg_stat_activity \
            WHERE datname = current_database() AND wait_event_type = 'Lock') AS waiting \
    FROM pg_stat_database WHERE datname = current_database()";

/// What goes on in the database.
#[derive(QueryableByName)]
struct Activity {
    #[diesel(sql_type = BigInt)]
    deadlocks: i64,
    #[diesel(sql_type = BigInt)]
    others: i64,
    #[diesel(sql_type = BigInt)]
    waiting: i64,
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.app.stop();
        if !std::thread::panicking() {
            assert_eq!(self.deadlocks(), 0, "transactions took their locks in different orders");
        }
    }
}

/// Somebody with an address, and a cart.
pub struct Customer {
    pub client: Client,
    pub address: i64,
}

impl Customer {
    /// Puts one unit of each into an empty cart, in this order.
    pub fn fill_cart(&self, products: &[&Product]) {
        self.client.delete("/cart").expect(204);
        for product in products {
            self.client.add_to_cart(product, 1);
        }
    }

    pub fn checkout(&self) -> Reply {
        self.client.checkout_to(self.address)
    }

    /// Buys without the cart.
    pub fn order(&self, product: &Product, quantity: i64) -> Value {
        self.client.post("/orders", &items(product, quantity)).expect(201).json()
    }
}

/// The body of an order of one product.
pub fn items(product: &Product, quantity: i64) -> Value {
    json!({"items": [{"product_id": product.id, "quantity": quantity}]})
}

/// The one of two that was answered with this status, and the other one.
#[track_caller]
pub fn winner((first, second): (Reply, Reply), status: u16) -> (Reply, Reply) {
    let told = format!("{} and {}: {} and {}", first.status, second.status, first.text(), second.text());
    match (first.status == status, second.status == status) {
        (true, false) => (first, second),
        (false, true) => (second, first),
        _ => panic!("not one of two was answered {status}: {told}"),
    }
}

/// When something says that it happened.
pub fn moment(body: &Value, field: &str) -> DateTime<Utc> {
    body[field].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no {field} in {body}"))
}

/// How much later than the other one each of two begins: neither at first, then the one and the
/// other in turn, up to 20 ms.
pub fn head_starts(repetition: u32) -> (Duration, Duration) {
    let gap = Duration::from_micros(u64::from(repetition / 2 % 34) * 600);
    if repetition.is_multiple_of(2) { (gap, Duration::ZERO) } else { (Duration::ZERO, gap) }
}
