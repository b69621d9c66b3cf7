//! Kills while a count is posted and while goods of a transfer and of a purchase are received, beside checkouts. Each
//! line is done once or not at all, and the same request does the rest. The durability of this PostgreSQL is not
//! reduced.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::common::process::{Place, Process};
use crate::common::race::race;
use crate::common::{Client, Reply, Value, json};
use crate::kills::{TIMEOUT, assert_same, audit, is_passing, log_in, serve, verify};

const KILLS: u64 = 10;
const BUYERS: usize = 2;

/// The units of each size at the beginning.
const STOCK: i64 = 1_000;
const SIZES: i64 = 50;
/// A count of their sizes is posted in two transactions.
const COUNTED_PRODUCTS: i64 = 11;
/// They are sent, and ordered.
const MOVED_PRODUCTS: i64 = 1;

/// A count is posted in transactions of this number of lines.
const LINES_OF_A_TRANSACTION: i64 = 100;

const COUNTED_LINES: i64 = COUNTED_PRODUCTS * SIZES;
const MOVED_LINES: i64 = MOVED_PRODUCTS * SIZES;

#[test]
fn a_killed_server_posts_each_line_of_a_document_once() {
    let place = Place::new();
    let mut server = serve(&place);
    let mut shop = Shop::open(&server);
    let mut interrupted = 0;
    for kill in 0..=KILLS {
        let acts = shop.prepare(&server.address);
        if kill == 0 {
            // Nothing is killed yet, so that the times of the acts are known.
            assert_eq!(shop.run_until(&acts, server.address.clone(), None), 0);
        } else {
            let address = server.address.clone();
            interrupted += shop.run_until(&acts, address, Some(Box::new(|| server.kill())));
            server = serve(&place);
            verify(&place);
        }
        let mut conn = connect(&place);
        acts.iter().for_each(|act| act.assert_whole(&mut conn));
        shop.settle(&server.address, &acts);
        acts.iter().for_each(|act| act.assert_done(&mut conn));
        shop.assert_units(&mut conn, i64::try_from(kill).unwrap() + 1);
    }
    assert!(interrupted > 0, "every act was answered before its kill");
    verify(&place);
    audit(&place);
}

fn connect(place: &Place) -> PgConnection {
    PgConnection::establish(&place.postgres().url(stockroom::embedded_postgres::DATABASE)).unwrap()
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn number(conn: &mut PgConnection, text: &str, name: &str) -> i64 {
    diesel::sql_query(text).bind::<Text, _>(name).get_result::<Number>(conn).unwrap().number
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Count,
    Transfer,
    Purchase,
}

/// A request that posts all lines of a document.
struct Act {
    kind: Kind,
    /// The number of the document.
    number: String,
    path: String,
    body: Value,
    key: String,
}

impl Act {
    fn try_send(&self, client: &Client) -> Result<Reply, ureq::Error> {
        client.clone().with_key(&self.key).try_post(&self.path, &self.body)
    }

    /// Repeats the request until it is answered.
    fn send(&self, client: &Client) -> Reply {
        settled(|| self.try_send(client)).expect(200)
    }

    /// After a kill, each line has been posted with all of its movements, or not at all.
    fn assert_whole(&self, conn: &mut PgConnection) {
        let (posted, movements) = self.progress(conn);
        let is_whole = match self.kind {
            Kind::Count => posted % LINES_OF_A_TRANSACTION == 0 || posted == COUNTED_LINES,
            Kind::Transfer | Kind::Purchase => [0, MOVED_LINES].contains(&posted),
        };
        println!("{:?}: {posted} lines are posted", self.kind);
        assert!(is_whole, "{} has {posted} posted lines", self.number);
        assert_eq!(movements, posted * self.movements_of_a_line(), "{}", self.number);
    }

    fn assert_done(&self, conn: &mut PgConnection) {
        let lines = if self.kind == Kind::Count { COUNTED_LINES } else { MOVED_LINES };
        assert_eq!(self.progress(conn), (lines, lines * self.movements_of_a_line()), "{}", self.number);
        let repeated = "SELECT count(*) AS number FROM (SELECT FROM stock_movements WHERE reference_id = $1 \
             OR reference_id IN (SELECT r.receipt_number FROM inbound_receipts r JOIN inbounds i ON i.store_id = r.store_id \
                 AND i.id = r.inbound_id WHERE i.inbound_number = $1) AND kind <> 'transfer_out' \
             GROUP BY variant_id, location_id HAVING count(*) > 1) twice";
        if self.kind != Kind::Transfer {
            assert_eq!(number(conn, repeated, &self.number), 0, "{}", self.number);
        }
    }

    /// The accepted and the rejected units leave the transit and arrive.
    fn movements_of_a_line(&self) -> i64 {
        if self.kind == Kind::Transfer { 4 } else { 1 }
    }

    /// The posted lines and their movements.
    fn progress(&self, conn: &mut PgConnection) -> (i64, i64) {
        let (lines, movements) = match self.kind {
            Kind::Count => (
                "SELECT count(*) AS number FROM count_lines l JOIN counts c ON c.store_id = l.store_id \
                     AND c.id = l.count_id WHERE c.count_number = $1 AND l.status = 'posted'",
                "SELECT count(*) AS number FROM stock_movements WHERE reference_id = $1",
            ),
            Kind::Transfer | Kind::Purchase => (
                "SELECT count(*) AS number FROM inbound_lines l JOIN inbounds i ON i.store_id = l.store_id \
                     AND i.id = l.inbound_id WHERE i.inbound_number = $1 AND l.outstanding_quantity = 0",
                "SELECT count(*) AS number FROM stock_movements m JOIN inbound_receipts r ON r.store_id = m.store_id \
                     AND r.receipt_number = m.reference_id JOIN inbounds i ON i.store_id = r.store_id \
                     AND i.id = r.inbound_id WHERE i.inbound_number = $1",
            ),
        };
        (number(conn, lines, &self.number), number(conn, movements, &self.number))
    }
}

/// Repeats a request until its answer is final.
fn settled(request: impl Fn() -> Result<Reply, ureq::Error>) -> Reply {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let outcome = request();
        match outcome {
            Ok(reply) if !is_passing(&reply) => return reply,
            _ => assert!(Instant::now() < deadline, "{outcome:?}"),
        }
        sleep(Duration::from_millis(20));
    }
}

/// A shop with two places, and buyers of all goods.
struct Shop {
    admin: String,
    buyers: Vec<Buyer>,
    main: i64,
    attic: i64,
    supplier: i64,
    counted: Vec<i64>,
    moved: Vec<i64>,
    /// The time of each act when it was answered last.
    times: [Duration; 3],
    rounds: u64,
}

struct Buyer {
    token: String,
    /// The number of requests that were begun. Each has a key of its own, and is an order in the end.
    orders: i64,
}

type Blow<'a> = Box<dyn FnOnce() + Send + 'a>;

impl Shop {
    fn open(server: &Process) -> Self {
        let guest = server.client();
        let token = log_in(&guest, "admin@example.com", "stockroom-demo");
        let admin = guest.clone().with_token(&token);
        let buyers = (0..BUYERS).map(|number| {
            let (email, password) = (format!("buyer-{number}@example.com"), "a long enough password");
            guest.post("/auth/register", &json!({"email": email, "password": password})).expect(201);
            Buyer { token: log_in(&guest, &email, password), orders: 0 }
        });
        let buyers = buyers.collect();
        let sizes: Vec<Value> =
            (0..SIZES).map(|size| json!({"size": format!("{size}"), "initial_stock": STOCK})).collect();
        let product = |name: &str, number: i64| {
            let sku = format!("{name}-{number}");
            admin
                .post("/inventory/products", &json!({"sku": sku, "name": sku, "price": 30, "sizes": sizes}))
                .expect(201)
                .id()
        };
        let counted = (0..COUNTED_PRODUCTS).map(|number| product("counted", number)).collect();
        let moved = (0..MOVED_PRODUCTS).map(|number| product("moved", number)).collect();
        let supplier = admin.post("/suppliers", &json!({"code": "kill-acme", "name": "Acme"})).expect(201).id();
        let attic = admin.post("/locations", &json!({"code": "kill-attic", "name": "Attic"})).expect(201).id();
        let first = admin.get("/locations?sort=id").expect(200).json();
        let main = first["items"][0]["id"].as_i64().unwrap();
        Self { admin: token, buyers, main, attic, supplier, counted, moved, times: [Duration::ZERO; 3], rounds: 0 }
    }

    fn admin(&self, server: &str) -> Client {
        Client::new(server).with_token(&self.admin)
    }

    /// A submitted count that lacks one unit of each size, a sent transfer, and a purchase order.
    fn prepare(&mut self, server: &str) -> [Act; 3] {
        self.rounds += 1;
        let admin = self.admin(server);
        thread::scope(|scope| {
            let count = scope.spawn(|| self.submitted_count(&admin));
            let transfer = scope.spawn(|| self.sent_transfer(&admin));
            let purchase = scope.spawn(|| self.ordered_purchase(&admin));
            [count, transfer, purchase].map(|act| act.join().unwrap())
        })
    }

    fn act(&self, kind: Kind, number: &Value, (path, body): (String, Value)) -> Act {
        let number = number.as_str().unwrap().to_owned();
        Act { kind, path, body, key: format!("{kind:?}-{}", self.rounds), number }
    }

    fn submitted_count(&self, admin: &Client) -> Act {
        let plan = json!({"location_id": self.main, "scope": {"products": self.counted}});
        let count = admin.post("/counts", &plan).expect(201).json();
        assert_eq!(count["line_totals"]["total"], COUNTED_LINES);
        let path = format!("/counts/{}", count["id"]);
        // Sold units are still on the shelf.
        let found = STOCK - i64::try_from(self.rounds).unwrap();
        for products in self.counted.chunks(10) {
            let entries = json!({"entries": sized(products, found)});
            admin.post(&format!("{path}/entries"), &entries).expect(200);
        }
        let submitted = admin.post_nothing(&format!("{path}/submit")).expect(200).json();
        let body = json!({"expected_version": submitted["version"]});
        self.act(Kind::Count, &count["count_number"], (format!("{path}/post"), body))
    }

    fn sent_transfer(&self, admin: &Client) -> Act {
        let plan = json!({"from_location_id": self.main, "to_location_id": self.attic, "lines": sized(&self.moved, 3)});
        let transfer = admin.post("/transfers", &plan).expect(201).json();
        let path = format!("/transfers/{}", transfer["id"]);
        admin.post_nothing(&format!("{path}/ready")).expect(200);
        admin.post_nothing(&format!("{path}/send")).expect(200);
        let body = arrival(&transfer, 2, 1);
        self.act(Kind::Transfer, &transfer["transfer_number"], (format!("{path}/receive"), body))
    }

    fn ordered_purchase(&self, admin: &Client) -> Act {
        let mut lines = sized(&self.moved, 4);
        lines.iter_mut().for_each(|line| line["unit_cost"] = json!(7));
        let plan = json!({"supplier_id": self.supplier, "location_id": self.main, "lines": lines});
        let order = admin.post("/purchase-orders", &plan).expect(201).json();
        let path = format!("/purchase-orders/{}", order["id"]);
        admin.post_nothing(&format!("{path}/order")).expect(200);
        let body = arrival(&order, 4, 0);
        self.act(Kind::Purchase, &order["purchase_order_number"], (format!("{path}/receive"), body))
    }

    /// Sends the acts beside the orders of buyers. The blow comes at a random moment of each act. Returns the number of
    /// acts that were not answered.
    fn run_until(&mut self, acts: &[Act; 3], server: String, blow: Option<Blow<'_>>) -> usize {
        let kill_after = self.times.into_iter().max().unwrap_or_default();
        let moments = self.times.map(|time| time.mul_f64(rand::random()));
        let (admin, is_over) = (self.admin(&server), AtomicBool::new(false));
        let answers = thread::scope(|scope| {
            let (admin, is_over, server) = (&admin, &is_over, server.as_str());
            let products = (self.counted.as_slice(), self.moved.as_slice());
            self.buyers.iter_mut().for_each(|buyer| drop(scope.spawn(move || buyer.buy(server, products, is_over))));
            let sent = [0, 1, 2].map(|index| {
                let (act, start) = (&acts[index], kill_after.saturating_sub(moments[index]));
                scope.spawn(move || {
                    sleep(start);
                    let begun = Instant::now();
                    let answer = act.try_send(admin).ok().filter(|reply| !is_passing(reply));
                    (answer.map(|reply| reply.expect(200)), begun.elapsed())
                })
            });
            if let Some(blow) = blow {
                sleep(kill_after);
                blow();
            }
            let answers = sent.map(|sent| sent.join().unwrap());
            is_over.store(true, Ordering::Relaxed);
            answers
        });
        for (time, (answer, elapsed)) in self.times.iter_mut().zip(&answers) {
            if answer.is_some() {
                *time = *elapsed;
            }
        }
        let open = answers.iter().filter(|(answer, _)| answer.is_none()).count();
        println!("{open} acts were interrupted after {moments:?}");
        open
    }

    /// Sends every request again, twice, and the last order of each buyer.
    fn settle(&self, server: &str, acts: &[Act; 3]) {
        let admin = self.admin(server);
        race(acts.len(), |index| {
            let first = acts[index].send(&admin);
            assert_same(&first, &acts[index].send(&admin));
        });
        let products = (self.counted.as_slice(), self.moved.as_slice());
        self.buyers.iter().for_each(|buyer| {
            if buyer.orders > 0 {
                settled(|| buyer.order(server, products)).expect(201);
            }
        });
    }

    /// The units of all goods after this number of rounds.
    fn assert_units(&self, conn: &mut PgConnection, rounds: i64) {
        let sum = |conn: &mut PgConnection, units: &str, name: &str| {
            let text = format!(
                "SELECT SUM({units})::int8 AS number FROM stock_levels s JOIN variants v ON v.store_id = s.store_id \
                 AND v.id = s.variant_id WHERE v.sku LIKE $1 || '-%'"
            );
            number(conn, &text, name)
        };
        let orders: i64 = self.buyers.iter().map(|buyer| buyer.orders).sum();
        assert_eq!(sum(conn, "sold_quantity", "counted"), orders);
        assert_eq!(sum(conn, "sold_quantity", "moved"), orders);
        let on_hand = "stock_quantity + s.committed_quantity";
        assert_eq!(sum(conn, on_hand, "counted"), COUNTED_LINES * (STOCK - rounds));
        assert_eq!(sum(conn, on_hand, "moved"), MOVED_LINES * (STOCK + 4 * rounds));
        assert_eq!(sum(conn, "reserved_quantity", "moved"), 0);
    }
}

/// A line for each size of the products.
fn sized(products: &[i64], quantity: i64) -> Vec<Value> {
    let sizes = products.iter().flat_map(|product| (0..SIZES).map(move |size| (product, size.to_string())));
    sizes.map(|(product, size)| json!({"product_id": product, "size": size, "quantity": quantity})).collect()
}

/// The body of a receipt of all lines.
fn arrival(document: &Value, accepted: i64, rejected: i64) -> Value {
    let line = |line: &Value| json!({"line_id": line["id"], "accepted": accepted, "rejected": rejected});
    json!({"lines": document["lines"].as_array().unwrap().iter().map(line).collect::<Vec<_>>()})
}

impl Buyer {
    /// Orders one unit of a counted and of a moved product after the other, until the server is gone.
    fn buy(&mut self, server: &str, products: (&[i64], &[i64]), is_over: &AtomicBool) {
        while !is_over.load(Ordering::Relaxed) {
            self.orders += 1;
            let Ok(reply) = self.order(server, products) else { return };
            if is_passing(&reply) {
                return;
            }
            reply.expect(201);
        }
    }

    /// The order that was begun last.
    fn order(&self, server: &str, (counted, moved): (&[i64], &[i64])) -> Result<Reply, ureq::Error> {
        let number = usize::try_from(self.orders).unwrap();
        let item = |products: &[i64]| {
            let size = number % usize::try_from(SIZES).unwrap();
            json!({"product_id": products[number % products.len()], "size": size.to_string(), "quantity": 1})
        };
        let client = Client::new(server).with_token(&self.token).with_key(&format!("order-{number}"));
        client.try_post("/orders", &json!({"items": [item(counted), item(moved)]}))
    }
}
