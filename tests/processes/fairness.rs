//! A flood of requests of one customer, and the requests of other callers.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::json;
use crate::common::process::{self, Place, Process};

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
