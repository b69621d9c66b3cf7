//! Reports that work for long, whose connection goes silent, or whose client has gone.

use std::io::Write;
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl};
use stockroom::embedded_postgres::DATABASE;

use crate::common::process::Place;
use crate::common::silence::Network;
use crate::common::{Reply, json};
use crate::outages::{BOUND, Shop, assert_unavailable, send_to_all, wait_until};

/// The reports that run at the same time: a quarter of the connections.
const REPORTS: usize = 2;
/// Longer than the time without a sign of work after which a report is given up.
const LONG: Duration = Duration::from_secs(11);
const PATH: &str = "/inventory/verify";

/// A transaction that locks a table which only the report needs. It ends on drop.
struct Lock(PgConnection);

impl Lock {
    fn take(shop: &Shop) -> Self {
        let mut conn = PgConnection::establish(&shop.postgres.as_ref().unwrap().url(DATABASE)).unwrap();
        conn.batch_execute("BEGIN; LOCK TABLE count_lines").unwrap();
        Self(conn)
    }

    /// The processes that wait for the lock.
    fn waiting(&mut self) -> usize {
        let waiting = diesel::dsl::sql::<diesel::sql_types::BigInt>(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'count_lines'::regclass",
        );
        let waiting: i64 = waiting.get_result(&mut self.0).unwrap();
        usize::try_from(waiting).unwrap()
    }
}

/// All reports at once. Returns their answers, each with its time.
fn start_reports<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    shop: &'scope Shop,
) -> mpsc::Receiver<(Reply, Duration)> {
    let (sender, answers) = mpsc::channel();
    for _ in 0..REPORTS {
        let sender = sender.clone();
        scope.spawn(move || {
            let since = Instant::now();
            let reply = shop.admin.get(PATH);
            drop(sender.send((reply, since.elapsed())));
        });
    }
    answers
}

#[test]
fn a_report_may_work_long_and_its_silence_is_noticed() {
    let place = Place::new();
    let postgres = place.postgres();
    let network = Network::to(&postgres.url(DATABASE));
    let shop = Shop::open(place, postgres, &network.url(DATABASE));
    thread::scope(|scope| {
        let lock = Lock::take(&shop);
        let answers = start_reports(scope, &shop);
        if let Ok((reply, after)) = answers.recv_timeout(LONG) {
            panic!("an honest report was answered after {after:?}: {}", reply.text());
        }
        drop(lock);
        answers.iter().for_each(|(reply, _)| drop(reply.expect(200)));
    });
    thread::scope(|scope| {
        let mut lock = Lock::take(&shop);
        let answers = start_reports(scope, &shop);
        wait_until(|| lock.waiting() == REPORTS);
        network.lose_connections();
        drop(lock);
        for (reply, after) in answers {
            assert_unavailable(&reply);
            assert!(after < BOUND, "answered after {after:?}");
        }
    });
    shop.admin.get(PATH).expect(200);
}

#[test]
fn a_frozen_database_answers_no_report_and_each_is_refused_in_time() {
    let place = Place::new();
    let postgres = place.postgres();
    let url = postgres.url(DATABASE);
    let shop = Shop::open(place, postgres, &url);
    thread::scope(|scope| {
        let mut lock = Lock::take(&shop);
        let answers = start_reports(scope, &shop);
        wait_until(|| lock.waiting() == REPORTS);
        let processes = shop.processes();
        send_to_all("-STOP", &processes);
        let later = start_reports(scope, &shop);
        let answers: Vec<_> = answers.iter().chain(later.iter()).collect();
        send_to_all("-CONT", &processes);
        for (reply, after) in answers {
            assert_unavailable(&reply);
            assert!(after < BOUND, "answered after {after:?}");
        }
    });
    wait_until(|| shop.admin.get(PATH).status == 200);
}

/// The server gives a client that only stops sending some time for the answer.
#[test]
fn a_report_whose_client_has_gone_is_cancelled() {
    let place = Place::new();
    let postgres = place.postgres();
    let url = postgres.url(DATABASE);
    let shop = Shop::open(place, postgres, &url);
    let login = json!({"email": "admin@example.com", "password": "stockroom-demo"});
    let session = shop.server.client().post("/auth/login", &login).expect(200).json();
    let request = format!(
        "GET /api/v1{PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        session["access_token"].as_str().unwrap()
    );
    let mut lock = Lock::take(&shop);
    let clients: Vec<TcpStream> = (0..REPORTS)
        .map(|_| {
            let mut socket = TcpStream::connect(shop.server.address.strip_prefix("http://").unwrap()).unwrap();
            socket.write_all(request.as_bytes()).unwrap();
            socket
        })
        .collect();
    wait_until(|| lock.waiting() == REPORTS);
    drop(clients);
    wait_until(|| lock.waiting() == 0);
    drop(lock);
    shop.admin.get(PATH).expect(200);
    assert!(!shop.server.log().contains("the database is unavailable"), "{}", shop.server.log());
}
