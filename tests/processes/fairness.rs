//! A flood of requests of one customer or of clients that are gone, and the requests of other callers.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;

use crate::common::process::{self, Place, Process};
use crate::common::{TestApp, json};
use crate::outages::wait_until;

const CUSTOMER: &str = "customer@example.com";
const TIME: Duration = Duration::from_secs(6);

/// One cart is one row, so its changes run one after the other. Without lines, they fill the queue in a moment.
#[test]
fn a_flood_on_one_cart_leaves_the_queue_to_others() {
    let place = Place::new();
    let mut program = process::stockroom(&["serve"]);
    program.env("STOCKROOM__DATABASE__DATA_DIR", place.data_dir());
    program.env("STOCKROOM__LIMITS__QUEUE_LENGTH", "64");
    let server = Process::start(program, &place.folder);
    let login = json!({"email": CUSTOMER, "password": "stockroom-demo"});
    let session = server.client().post("/auth/login", &login).expect(200).json();
    let token = session["access_token"].as_str().unwrap();
    let body = r#"{"product_id":2,"quantity":1}"#;
    let request = format!(
        "POST /api/v1/cart/items HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let address = server.address.strip_prefix("http://").unwrap();
    let (is_over, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    let flood = || {
        while !is_over.load(Ordering::Relaxed) {
            if let Ok(mut socket) = TcpStream::connect(address) {
                let _closed = socket.write_all(request.as_bytes());
                sent.fetch_add(1, Ordering::Relaxed);
            }
            thread::sleep(Duration::from_millis(1));
        }
    };
    let (answered, longest) = thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(flood);
        }
        let asked = ask_others(&server);
        is_over.store(true, Ordering::Relaxed);
        asked
    });
    let sent = sent.load(Ordering::Relaxed);
    println!("{answered} requests of others were answered during a flood of {sent}, after {longest:?} at most");
    assert!(sent > 256, "a flood of {sent} requests");
    assert!(answered >= 4 && longest < Duration::from_secs(10), "{answered} answers, after {longest:?} at most");
}

/// Reads and changes a product in turn. Returns the number of answers and the longest time of one.
fn ask_others(server: &Process) -> (usize, Duration) {
    let guest = server.client();
    let admin = json!({"email": "admin@example.com", "password": "stockroom-demo"});
    let session = guest.post("/auth/login", &admin).expect(200).json();
    let admin = guest.clone().with_token(session["access_token"].as_str().unwrap());
    let began = Instant::now();
    let (mut answered, mut longest) = (0, Duration::ZERO);
    while began.elapsed() < TIME {
        let asked = Instant::now();
        guest.get("/inventory/products/3").expect(200);
        admin.patch("/inventory/products/3", &json!({"name": "Oil"})).expect(200);
        answered += 2;
        longest = longest.max(asked.elapsed() / 2);
    }
    (answered, longest)
}

/// Each client has an address of its own, sends many requests at once, and closes the connection. The first request of
/// each waits, because a client that only ends its side of the connection looks the same. They fill the queue of reads.
#[test]
fn clients_that_are_gone_leave_the_queue_to_others() {
    const CONNECTIONS: u32 = 2;
    /// Three quarters of the queue.
    const SLOTS_OF_READS: u32 = 48;
    let app = TestApp::with(|settings| {
        settings.database.pool_size = CONNECTIONS;
        settings.limits.queue_length = 64;
        settings.limits.queue_ms = 120_000;
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    app.product("rice", 12.50, 7);
    let mut lock = app.connection();
    lock.batch_execute("BEGIN; LOCK TABLE products").unwrap();
    for client in 0..60 {
        let request = format!(
            "GET /api/v1/inventory/products/rice HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.{client}\r\n\r\n"
        );
        let mut socket = TcpStream::connect(app.address.strip_prefix("http://").unwrap()).unwrap();
        socket.write_all(request.repeat(200).as_bytes()).unwrap();
    }
    let open = || {
        let metrics = app.guest().under("").get("/metrics").expect(200).text();
        let open = metrics.lines().find_map(|line| line.strip_prefix("stockroom_connections_open "));
        open.unwrap().parse::<u32>().unwrap()
    };
    // Requests with a connection to the database wait for the lock, and those in the queue for them. The last one asks for
    // the metrics.
    wait_until(|| open() <= CONNECTIONS + SLOTS_OF_READS + 1);
    thread::scope(|scope| {
        let (sender, answer) = mpsc::channel();
        let ask = || {
            let (sender, guest) = (sender.clone(), app.guest());
            scope.spawn(move || sender.send(guest.get("/inventory/products/rice")).unwrap());
            answer.recv_timeout(Duration::from_millis(500))
        };
        // The server notices within a moment that the clients send no more. Until then, it refuses at once.
        let began = Instant::now();
        while let Ok(early) = ask() {
            early.refused(503, "BUSY");
            assert!(began.elapsed() < Duration::from_secs(1), "clients that are gone keep their slots");
            thread::sleep(Duration::from_millis(50));
        }
        lock.batch_execute("ROLLBACK").unwrap();
        answer.recv_timeout(Duration::from_secs(30)).unwrap().expect(200);
    });
}
