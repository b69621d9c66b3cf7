//! The log of the program: a line for each request, and the request of each error.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use crate::common::process::{self, Place, Process};
use crate::common::provider::{SECRET, razorpay_event, sign, stripe_event, stripe_header};
use crate::common::{Value, json};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

/// The line of the log with this id of a request, and this text.
#[track_caller]
fn line_of(log: &str, id: &str, text: &str) -> String {
    let found = log.lines().find(|line| line.contains(&format!("request_id={id}")) && line.contains(text));
    found.unwrap_or_else(|| panic!("no line of {id} with {text} in {log}")).to_owned()
}

#[test]
fn every_log_line_of_a_request_names_its_caller() {
    let place = Place::new();
    let server = Process::serve(&place);
    let guest = server.client();
    let login = json!({"email": "customer@example.com", "password": "stockroom-demo"});
    let session = guest.clone().with_header("X-Request-Id", "of-login").post("/auth/login", &login).expect(200).json();
    let (token, account) = (session["access_token"].as_str().unwrap(), &session["user"]["id"]);
    let customer = guest.clone().with_token(token);
    customer.clone().with_header("X-Request-Id", "of-customer").get("/cart").expect(200);
    guest.clone().with_header("X-Request-Id", "of-guest").get("/inventory/products").expect(200);
    guest.clone().with_header("X-Request-Id", "of-nothing").get("/nothing").expect(404);

    let address = server.address.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(b"nonsense\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let garbage = answer.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();

    let mut socket = TcpStream::connect(address).unwrap();
    let long_method = format!("{} / HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: of-method\r\n", "A".repeat(10_000));
    socket.write_all(format!("{long_method}Connection: close\r\n\r\n").as_bytes()).unwrap();
    socket.read_to_end(&mut Vec::new()).unwrap();

    let log = server.log();
    let access = |id: &str| line_of(&log, id, "stockroom::access");
    let of_customer = access("of-customer");
    for part in [&format!("account={account} "), "store=1 ", "remote=127.0.0.1 ", "status=200 ", "path=/api/v1/cart "] {
        assert!(of_customer.contains(part), "{part} is not in {of_customer}");
    }
    assert!(access("of-guest").contains("account=- store=1 "), "{}", access("of-guest"));
    assert!(access("of-nothing").contains("account=- store=- "), "{}", access("of-nothing"));
    assert!(access("of-method").contains("method=AAAA") && access("of-method").len() < 400, "{}", access("of-method"));
    assert!(access(garbage).contains("status=400 ") && access(garbage).contains("remote=127.0.0.1 "));
    assert!(!log.contains(token) && !log.contains("customer@example.com"), "{log}");
    // Bad requests are not errors of the server.
    assert!(!log.lines().any(|line| line.contains(" ERROR ")), "{log}");

    let embedded = place.postgres();
    let mut conn = PgConnection::establish(&embedded.url("stockroom")).unwrap();
    conn.batch_execute("ALTER TABLE products RENAME TO hidden").unwrap();
    let problem =
        customer.with_header("X-Request-Id", "of-failure").get("/inventory/products").refused(500, "INTERNAL");
    assert_eq!(problem["request_id"], "of-failure");
    let failure = line_of(&server.log(), "of-failure", " ERROR ");
    assert!(failure.contains("products"), "{failure}");
    conn.batch_execute("ALTER TABLE hidden RENAME TO products").unwrap();
    drop(conn);
    server.kill();
    embedded.stop().unwrap();
}

/// The requests beyond the first ones of each second are in the log by their number.
#[test]
fn a_flood_of_refused_requests_is_summarized() {
    const REQUESTS: usize = 2_000;
    let place = Place::new();
    let mut server = Process::serve(&place);
    let request = "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(REQUESTS);
    let last = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut socket = TcpStream::connect(server.address.strip_prefix("http://").unwrap()).unwrap();
    let mut reader = socket.try_clone().unwrap();
    let answers = std::thread::spawn(move || {
        let mut answers = String::new();
        reader.read_to_string(&mut answers).map(|_| answers)
    });
    let began = Instant::now();
    socket.write_all(format!("{request}{last}").as_bytes()).unwrap();
    let answers = answers.join().unwrap().unwrap();
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap() + 2;
    assert_eq!(answers.matches("HTTP/1.1 404 ").count(), REQUESTS);
    // The last second is summarized at the end at the latest.
    process::signal("TERM", server.pid());
    assert!(server.wait().success());
    let log = server.log();
    let lines = log.lines().filter(|line| line.contains("status=404 ")).count();
    let of_summary = |line: &str| -> usize {
        assert!(line.contains("remote=127.0.0.1"), "{line}");
        line.split_once("count=").unwrap().1.split(' ').next().unwrap().parse().unwrap()
    };
    let summarized: usize = log.lines().filter(|line| line.contains("refused requests")).map(of_summary).sum();
    assert_eq!(lines + summarized, REQUESTS, "{lines} lines");
    assert!(lines <= 20 * seconds, "{lines} lines in {seconds} s");
    assert!(log.lines().any(|line| line.contains("path=/health/live ")), "a request that succeeds has its line");
}

/// A provider may send the payments of other programs. Nobody has to act on them.
#[test]
fn a_payment_that_names_no_order_is_no_error() {
    let place = Place::new();
    let mut command = process::stockroom(&["serve"]);
    command.env("STOCKROOM__DATABASE__DATA_DIR", place.data_dir());
    for provider in ["STRIPE", "RAZORPAY"] {
        command.env(format!("STOCKROOM__PAYMENTS__PROVIDERS__{provider}__SECRET"), SECRET);
    }
    let server = Process::start(command, &place.folder);
    let outcome = |request: &str, event: &Value| {
        let body = event.to_string();
        let (path, header, signature) = match event.get("event") {
            Some(_) => ("/payments/webhook/1/razorpay", "X-Razorpay-Signature", sign(SECRET, &[body.as_bytes()])),
            None => ("/payments/webhook/1/stripe", "Stripe-Signature", stripe_header(SECRET, body.as_bytes(), 0)),
        };
        let client = server.client().with_header("X-Request-Id", request).with_header(header, &signature);
        client.send_bytes("POST", path, "application/json", body.as_bytes()).expect(200).json()["outcome"].clone()
    };
    let none = json!({});
    let updated = json!({"id": "evt_1", "type": "charge.updated", "data": {"object": {"id": "ch_1"}}});
    assert_eq!(outcome("of-update", &updated), "ignored");
    let mut without_notes = razorpay_event(&none, "pay_1", 100);
    without_notes["payload"]["payment"]["entity"]["notes"] = json!([]);
    let refund = json!({"event": "refund.processed", "payload": {
        "refund": {"entity": {"id": "rfnd_1", "amount": 100, "currency": "INR"}},
        "payment": {"entity": {"id": "pay_of_nobody", "amount": 100, "currency": "INR"}}}});
    let payments = [
        ("of-stripe", stripe_event("evt_2", &none, "pi_1", 100), "mismatched", "a payment names no order"),
        ("of-razorpay", without_notes, "mismatched", "a payment names no order"),
        ("of-refund", refund, "unmatched", "a refund waits for its payment"),
    ];
    for (request, event, expected, _) in &payments {
        assert_eq!(outcome(request, event), *expected);
    }
    let log = server.log();
    assert!(!log.lines().any(|line| line.contains(" ERROR ")), "{log}");
    for (request, _, _, message) in &payments {
        let line = line_of(&log, request, message);
        assert!(line.contains(" WARN "), "{line}");
    }

    // Somebody has to act on a payment of too little for an order.
    let body = json!({"items": [{"product_id": "tee-red", "size": "S", "quantity": 1}], "payment_method": "upi"});
    let order = server.client().post("/orders", &body).expect(201).json();
    assert_eq!(outcome("of-order", &stripe_event("evt_3", &order, "pi_2", 1)), "mismatched");
    line_of(&server.log(), "of-order", " ERROR ");
}
