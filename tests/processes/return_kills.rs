//! Kills while returns are received and goods are exchanged. Each act is done as a whole or not at all, and the same
//! request does the rest. The durability of this PostgreSQL is not reduced.

use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::common::process::{Place, Process};
use crate::common::race::race;
use crate::common::{Client, Reply, Value, json};
use crate::kills::{TIMEOUT, assert_same, audit, is_passing, log_in, serve, verify};

const KILLS: usize = 10;
/// The acts of each round: every second one is a receipt, and the others are exchanges.
const ACTS: usize = 12;
const STOCK: i64 = 100_000;

#[test]
fn a_killed_server_receives_and_exchanges_each_unit_once() {
    let place = Place::new();
    let mut server = serve(&place);
    let shop = Shop::open(&server);
    let (mut interrupted, mut time) = ([0; 2], Duration::ZERO);
    for kill in 0..=KILLS {
        let acts = shop.prepare(&server, kill);
        if kill == 0 {
            // Nothing is killed yet, so that the time of the acts is known.
            let begun = Instant::now();
            assert_eq!(shop.run(&acts, &server.address, || {}), [0; 2]);
            time = begun.elapsed();
        } else {
            let (address, moment) = (server.address.clone(), time.mul_f64(rand::random()));
            let [receipts, exchanges] = shop.run(&acts, &address, || {
                sleep(moment);
                server.kill();
            });
            interrupted = [interrupted[0] + receipts, interrupted[1] + exchanges];
            server = serve(&place);
            verify(&place);
        }
        let mut conn = PgConnection::establish(&place.postgres().url(stockroom::embedded_postgres::DATABASE)).unwrap();
        for act in &acts {
            let progress = act.progress(&mut conn);
            assert!([(0, 0), act.whole()].contains(&progress), "{}: {progress:?}", act.path);
        }
        shop.settle(&acts, &server.address);
        acts.iter().for_each(|act| assert_eq!(act.progress(&mut conn), act.whole(), "{}", act.path));
        shop.assert_units(&server, i64::try_from((kill + 1) * ACTS / 2).unwrap());
    }
    assert!(interrupted.iter().all(|acts| *acts > 0), "interrupted receipts and exchanges: {interrupted:?}");
    verify(&place);
    audit(&place);
}

#[derive(QueryableByName)]
struct Progress {
    #[diesel(sql_type = BigInt)]
    documents: i64,
    #[diesel(sql_type = BigInt)]
    units: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Receipt,
    Exchange,
}

/// A request that receives 3 units of a return, or exchanges 2 units of an order.
struct Act {
    kind: Kind,
    order: i64,
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
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let outcome = self.try_send(client);
            match outcome {
                Ok(reply) if !is_passing(&reply) => return self.answered(reply),
                _ => assert!(Instant::now() < deadline, "{outcome:?}"),
            }
            sleep(Duration::from_millis(20));
        }
    }

    fn answered(&self, reply: Reply) -> Reply {
        reply.expect(if self.kind == Kind::Receipt { 200 } else { 201 })
    }

    /// The receipts or the new orders with a used credit, and the units that came back.
    fn progress(&self, conn: &mut PgConnection) -> (i64, i64) {
        let text = match self.kind {
            Kind::Receipt => {
                "SELECT (SELECT count(*) FROM return_receipts r JOIN credits c ON c.store_id = r.store_id \
                         AND c.credit_number = r.credit_number WHERE r.order_id = $1) AS documents, \
                        (SELECT returned_quantity FROM order_items WHERE order_id = $1) AS units"
            }
            Kind::Exchange => {
                "SELECT (SELECT count(*) FROM orders e JOIN credits c ON c.store_id = e.store_id \
                         AND c.order_id = e.exchange_of AND c.used_amount = e.received_amount \
                         WHERE e.exchange_of = $1) AS documents, \
                        (SELECT cancelled_quantity FROM order_items WHERE order_id = $1) AS units"
            }
        };
        let row: Progress = diesel::sql_query(text).bind::<BigInt, _>(self.order).get_result(conn).unwrap();
        (row.documents, row.units)
    }

    fn whole(&self) -> (i64, i64) {
        (1, if self.kind == Kind::Receipt { 3 } else { 2 })
    }
}

struct Shop {
    admin: String,
    main: i64,
    tee: i64,
    cap: i64,
}

impl Shop {
    fn open(server: &Process) -> Self {
        let admin = log_in(&server.client(), "admin@example.com", "stockroom-demo");
        let client = server.client().with_token(&admin);
        let product = |sku: &str| {
            let body = json!({"sku": sku, "name": sku, "price": 30, "initial_stock": STOCK});
            client.post("/inventory/products", &body).expect(201).id()
        };
        let (tee, cap) = (product("kill-tee"), product("kill-cap"));
        let main = client.get(&format!("/inventory/products/{tee}/stock")).expect(200).json();
        let main = main["locations"][0]["location_id"].as_i64().unwrap();
        Self { admin, main, tee, cap }
    }

    fn client(&self, server: &str) -> Client {
        Client::new(server).with_token(&self.admin)
    }

    fn prepare(&self, server: &Process, round: usize) -> Vec<Act> {
        let client = self.client(&server.address);
        race(ACTS, |number| self.act(&client, (round, number)))
    }

    /// A paid order of 4 units, and what happens to it.
    fn act(&self, client: &Client, (round, number): (usize, usize)) -> Act {
        let body = json!({"items": [{"product_id": self.tee, "quantity": 4}], "payment_method": "cod"});
        let order = client.post("/orders", &body).expect(201).json();
        let (id, item) = (order["id"].as_i64().unwrap(), &order["items"][0]["id"]);
        let path = format!("/orders/{id}");
        client.post(&format!("{path}/payment/confirm"), &json!({"payment_reference": format!("pay-{id}")})).expect(200);
        let key = format!("act-{round}-{number}");
        if number % 2 == 1 {
            let items = json!([{"product_id": self.cap, "quantity": 3}]);
            let body = json!({"cancel": [{"item_id": item, "quantity": 2}], "items": items});
            return Act { kind: Kind::Exchange, order: id, path: format!("{path}/exchange"), body, key };
        }
        client.post(&format!("{path}/shipments"), &json!({})).expect(201);
        let lines = json!([{"item_id": item, "quantity": 4, "reason": "Too small"}]);
        let document = client.post(&format!("{path}/returns"), &json!({"lines": lines})).expect(201).json();
        let line = json!({"line_id": document["lines"][0]["id"], "restock": 1, "quarantine": 1, "scrap": 1});
        let body = json!({"location_id": self.main, "lines": [line]});
        Act { kind: Kind::Receipt, order: id, path: format!("/returns/{}/receive", document["id"]), body, key }
    }

    /// Sends the acts at once, beside the blow. Returns the numbers of the receipts and of the exchanges that were not
    /// answered.
    fn run(&self, acts: &[Act], server: &str, blow: impl FnOnce() + Send) -> [usize; 2] {
        let client = self.client(server);
        let answered = scope(|scope| {
            scope.spawn(blow);
            race(acts.len(), |number| {
                let reply = acts[number].try_send(&client).ok().filter(|reply| !is_passing(reply));
                reply.map(|reply| acts[number].answered(reply)).is_some()
            })
        });
        let unanswered = |kind: Kind| {
            let of_kind = acts.iter().zip(&answered).filter(|(act, _)| act.kind == kind);
            of_kind.filter(|(_, is_answered)| !**is_answered).count()
        };
        [unanswered(Kind::Receipt), unanswered(Kind::Exchange)]
    }

    /// Sends every request again, twice.
    fn settle(&self, acts: &[Act], server: &str) {
        let client = self.client(server);
        race(acts.len(), |number| {
            let first = acts[number].send(&client);
            assert_same(&first, &acts[number].send(&client));
        });
    }

    /// The units after this number of receipts and of exchanges.
    fn assert_units(&self, server: &Process, acts: i64) {
        let client = self.client(&server.address);
        let stock = |product: i64| {
            let stock = client.get(&format!("/inventory/products/{product}/stock")).expect(200).json();
            ["stock_quantity", "sold_quantity"].map(|name| stock[name].as_i64().unwrap())
        };
        assert_eq!(stock(self.tee), [STOCK - 3 * acts - 2 * acts, 4 * acts + 2 * acts]);
        assert_eq!(stock(self.cap), [STOCK - 3 * acts, 3 * acts]);
    }
}
