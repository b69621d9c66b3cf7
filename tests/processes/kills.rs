//! Kills during 32 checkouts. Every order that was answered exists, and the others exist after the request was
//! repeated. The durability of this PostgreSQL is not reduced.

use std::collections::HashSet;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::process::{self, Place, Process, signal};
use crate::common::{Client, Reply, Value, json, ledger_audit, race};
use diesel::{Connection, PgConnection};

const BUYERS: usize = 32;
const KILLS: usize = 10;
const STOCK: i64 = 10_000;

/// The time limit until all requests are answered again after a kill.
pub const TIMEOUT: Duration = Duration::from_secs(90);

#[test]
fn a_killed_server_loses_no_order_that_it_answered() {
    let place = Place::new();
    let mut server = serve(&place);
    let mut shop = Shop::open(&server);
    for kill in 0..KILLS {
        shop.fill_carts(&server);
        let address = server.address.clone();
        let answered = shop.checkout_until(&address, kill, || server.kill());
        server = serve(&place);
        shop.settle(&server, kill, &answered);
        verify(&place);
    }
    shop.assert_orders(&server);
    audit(&place);
}

#[test]
fn a_killed_database_loses_no_order_that_was_answered() {
    let place = Place::new();
    let server = serve(&place);
    let postgres = place.postgres();
    let mut shop = Shop::open(&server);
    for kill in 0..KILLS {
        shop.fill_carts(&server);
        let postmaster = postgres.postmaster_pid().expect("PostgreSQL does not run");
        let answered = shop.checkout_until(&server.address, kill, || signal("KILL", postmaster));
        shop.settle(&server, kill, &answered);
        assert_ne!(postgres.postmaster_pid(), Some(postmaster), "PostgreSQL was not killed");
        verify(&place);
    }
    shop.assert_orders(&server);
    audit(&place);
}

pub fn serve(place: &Place) -> Process {
    let mut command = process::stockroom(&["serve"]);
    command
        .env("STOCKROOM__DATABASE__DATA_DIR", place.data_dir())
        .env("STOCKROOM__LIMITS__LOGIN_PER_MINUTE", "0")
        .env("STOCKROOM__LIMITS__REGISTER_PER_MINUTE", "0")
        // All streams of a test come from one address.
        .env("STOCKROOM__LIMITS__EVENT_STREAMS_PER_ADDRESS", "10000")
        .env("STOCKROOM__AUTH__ACCESS_TTL_SECONDS", "3600");
    Process::start(command, &place.folder)
}

/// `stockroom verify`, beside the server.
pub fn verify(place: &Place) {
    let output = process::run(process::stockroom(&["verify"]).env("STOCKROOM__DATABASE__DATA_DIR", place.data_dir()));
    let shown = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && shown.starts_with("ok: "), "{shown}");
}

/// The independent audit, which shares no SQL with the server.
pub fn audit(place: &Place) {
    let postgres = place.postgres();
    ledger_audit::assert_clean(
        &mut PgConnection::establish(&postgres.url(stockroom::embedded_postgres::DATABASE)).unwrap(),
    );
}

/// A product, its buyers, and every order that was answered.
struct Shop {
    product: i64,
    admin: String,
    buyers: Vec<Buyer>,
}

struct Buyer {
    token: String,
    address: i64,
    orders: Vec<Reply>,
}

impl Buyer {
    fn client(&self, server: &str) -> Client {
        Client::new(server).with_token(&self.token)
    }

    /// The request has one key for each kill, so that repetitions have one effect.
    fn checkout(&self, server: &str, kill: usize) -> Result<Reply, ureq::Error> {
        let body = json!({"shipping_address_id": self.address});
        self.client(server).with_key(&format!("checkout-{kill}")).try_post("/checkout", &body)
    }

    /// Repeats the request until an order is answered.
    fn checkout_at_last(&self, server: &str, kill: usize) -> Reply {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let outcome = self.checkout(server, kill);
            match outcome {
                Ok(reply) if !is_passing(&reply) => return reply.expect(201),
                _ => assert!(Instant::now() < deadline, "{outcome:?}"),
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// True if the answer allows a retry.
pub fn is_passing(reply: &Reply) -> bool {
    let asks = !reply.header("retry-after").is_empty();
    asks && (reply.status == 503 || reply.code().as_deref() == Some("REQUEST_IN_PROGRESS"))
}

pub fn log_in(client: &Client, email: &str, password: &str) -> String {
    let session = client.post("/auth/login", &json!({"email": email, "password": password})).expect(200).json();
    session["access_token"].as_str().unwrap().to_owned()
}

impl Shop {
    fn open(server: &Process) -> Self {
        let guest = server.client();
        let admin = log_in(&guest, "admin@example.com", "stockroom-demo");
        let tee = json!({"sku": "tee-black", "name": "Tee black", "price": 30.00, "initial_stock": STOCK});
        let product = guest.clone().with_token(&admin).post("/inventory/products", &tee).expect(201).id();
        // One after the other: each needs two hashes of a password.
        let buyers = (0..BUYERS).map(|number| {
            let (email, password) = (format!("buyer-{number}@example.com"), "a long enough password");
            guest.post("/auth/register", &json!({"email": email, "password": password})).expect(201);
            let token = log_in(&guest, &email, password);
            let address = guest.clone().with_token(&token).address();
            Buyer { token, address, orders: Vec::new() }
        });
        let buyers = buyers.collect();
        Self { product, admin, buyers }
    }

    fn fill_carts(&self, server: &Process) {
        let line = json!({"product_id": self.product, "quantity": 1});
        race(BUYERS, |number| self.buyers[number].client(&server.address).post("/cart/items", &line).expect(201));
    }

    /// All buyers buy at once. The kill comes after some answers, three more each time. Returns the orders that were
    /// answered.
    fn checkout_until(&self, server: &str, kill: usize, blow: impl FnOnce() + Send) -> Vec<Option<Reply>> {
        let (sender, answers) = mpsc::channel();
        let sender = Mutex::new(sender);
        thread::scope(|scope| {
            scope.spawn(move || {
                (0..3 * kill).for_each(|_| answers.recv_timeout(TIMEOUT).expect("there are no answers"));
                blow();
            });
            race(BUYERS, |number| {
                let reply = self.buyers[number].checkout(server, kill).ok();
                sender.lock().unwrap().send(()).ok();
                let reply = reply.filter(|reply| !is_passing(reply));
                reply.map(|reply| reply.expect(201))
            })
        })
    }

    /// Sends every request again, twice, and compares the answers.
    fn settle(&mut self, server: &Process, kill: usize, answered: &[Option<Reply>]) {
        let shown = race(BUYERS, |number| {
            let first = self.buyers[number].checkout_at_last(&server.address, kill);
            let again = self.buyers[number].checkout_at_last(&server.address, kill);
            assert_same(&first, &again);
            if let Some(before) = &answered[number] {
                assert_same(before, &first);
            }
            first
        });
        for (buyer, order) in self.buyers.iter_mut().zip(shown) {
            buyer.orders.push(order);
        }
        let sold = i64::try_from(BUYERS * (kill + 1)).unwrap();
        let path = format!("/inventory/products/{}/stock", self.product);
        let stock = server.client().with_token(&self.admin).get(&path).expect(200).json();
        let figures = ["stock_quantity", "reserved_quantity", "sold_quantity"].map(|name| stock[name].as_i64());
        assert_eq!(figures, [Some(STOCK - sold), Some(0), Some(sold)]);
    }

    /// The orders are exactly those that were answered, each once.
    fn assert_orders(&self, server: &Process) {
        let number = |order: &Value| order["order_number"].as_str().unwrap().to_owned();
        let mut numbers = HashSet::new();
        for buyer in &self.buyers {
            let mut answered: Vec<String> = buyer.orders.iter().map(|order| number(&order.json())).collect();
            let list = buyer.client(&server.address).get("/orders/me?limit=100").expect(200).json();
            let mut kept: Vec<String> = list["items"].as_array().unwrap().iter().map(number).collect();
            answered.sort();
            kept.sort();
            assert_eq!(answered, kept);
            numbers.extend(kept);
        }
        assert_eq!(numbers.len(), BUYERS * KILLS);
    }
}

pub fn assert_same(first: &Reply, again: &Reply) {
    assert_eq!((first.status, first.text()), (again.status, again.text()));
    assert_eq!(again.header("idempotent-replayed"), "true");
}
