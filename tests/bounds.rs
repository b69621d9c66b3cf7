//! The memory and the size of the answer are limited for every request, whatever it contains.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops where something unexpected happens"
)]

mod common;
#[path = "bounds/imports.rs"]
mod imports;
#[path = "bounds/webhooks.rs"]
mod webhooks;

use common::{Client, Reply, TestApp, json};
use peak_alloc::PeakAlloc;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts for the whole process: the server and the client.
#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// One measurement at a time.
static MEASURING: Mutex<()> = Mutex::new(());

const MAX_BODY: usize = 64 * 1024;
/// Bodies of documents with many lines.
const MAX_DOCUMENT: usize = 256 * 1024;
const MAX_ANSWER: usize = 64 * 1024;
const MAX_MEMORY: usize = 4 * 1024 * 1024;

fn alone() -> MutexGuard<'static, ()> {
    MEASURING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server whose threads have allocated their permanent memory.
fn started() -> TestApp {
    let app = TestApp::with(|settings| settings.server.workers = 1);
    app.guest().under("").get("/openapi.json").expect(200);
    app.guest().under("").get("/docs/swagger-ui-bundle.js").expect(200);
    app.guest().get("/inventory/products").expect(200);
    app
}

/// Sends a request, and fails the test if it needs too much memory or its answer is too large.
#[track_caller]
fn bounded(case: &str, send: impl FnOnce() -> Reply) -> Reply {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let reply = send();
    let cost = MEMORY.peak_usage().saturating_sub(before);
    assert!(cost <= MAX_MEMORY, "{case}: {} took {cost} bytes of memory", reply.asked);
    assert!(reply.bytes.len() <= MAX_ANSWER, "{case}: {} was answered with {} bytes", reply.asked, reply.bytes.len());
    assert!(reply.status < 500, "{case}: {}", reply.text());
    reply
}

/// `start`, as many of `part` as fit into this size, `end`.
fn filled(size: usize, start: &str, part: &str, end: &str) -> String {
    let count = (size - start.len() - end.len()) / (part.len() + 1);
    format!("{start}{}{end}", vec![part; count].join(","))
}

/// Bodies of this size, each with another attack on the list `items`.
fn hostile_bodies(size: usize) -> Vec<(&'static str, String)> {
    let filled = |start: &str, part: &str, end: &str| filled(size, start, part, end);
    let long = "k".repeat(32_768);
    let nested = |levels: usize| format!("{{\"items\":{}1{}}}", "[".repeat(levels), "]".repeat(levels));
    let filler = "a".repeat(size - 200);
    vec![
        ("empty lists under a long name", filled(&format!("{{\"{long}\":["), "[]", "]}")),
        ("empty objects", filled("{\"items\":[", "{}", "]}")),
        ("small objects", filled("{\"items\":[", "{\"\":0}", "]}")),
        ("small objects in an unknown field", filled("{\"x\":[", "{\"\":0}", "]}")),
        ("small objects in many lists", lists_of_small_objects(size)),
        ("numbers", filled("{\"items\":[", "1", "]}")),
        ("nulls in the body's place", filled("[", "null", "]")),
        ("control characters", filled("{\"items\":[", "\"\\u0000\"", "]}")),
        ("control characters under a long name", filled(&format!("{{\"{long}\":["), "\"\\u0001\"", "]}")),
        ("lines that are refused", filled("{\"items\":[", "{\"product_id\":1,\"quantity\":0}", "]}")),
        ("lines that are fine", filled("{\"items\":[", "{\"product_id\":1,\"quantity\":1}", "]}")),
        ("a long unknown field", format!("{{\"{filler}\":1}}")),
        ("a long value of a wrong type", format!("{{\"items\":\"{filler}\",\"email\":1}}")),
        (
            "a long value in the place of a number",
            format!("{{\"items\":[{{\"product_id\":1,\"quantity\":\"{filler}\"}}]}}"),
        ),
        ("a long name of a product", format!("{{\"items\":[{{\"product_id\":\"{filler}\",\"quantity\":1}}]}}")),
        ("a long number", format!("{{\"items\":[{{\"product_id\":{},\"quantity\":1}}]}}", "9".repeat(size - 5_000))),
        (
            "a long fraction",
            format!("{{\"items\":[{{\"product_id\":0.{},\"quantity\":1}}]}}", "9".repeat(size - 5_000)),
        ),
        ("lists in lists", nested(size / 2 - 2_000)),
        ("lists in lists, just allowed", nested(30)),
        ("objects in objects", format!("{}1{}", "{\"a\":".repeat(size / 7), "}".repeat(size / 7))),
        ("open lists", "[".repeat(size)),
        ("the same field again", filled("{", "\"items\":[]", "}")),
        ("many fields", filled("{", "\"\":0", "}")),
        ("escapes", format!("{{\"email\":\"{}\"}}", "\\u00e9".repeat(size / 7))),
        ("blanks", format!("{{\"items\":[]{}}}", " ".repeat(size - 20))),
    ]
}

/// Each list is as long as allowed.
fn lists_of_small_objects(size: usize) -> String {
    let list = |number: usize| format!("\"{number:02}\":[{}]", vec!["{\"\":0}"; 500].join(","));
    let count = size / (list(0).len() + 1);
    format!("{{{}}}", (0..count).map(list).collect::<Vec<_>>().join(","))
}

const CALLS: [(&str, &str); 9] = [
    ("POST", "/inventory/availability"),
    ("POST", "/auth/register"),
    ("POST", "/auth/login"),
    ("POST", "/auth/refresh"),
    ("POST", "/orders"),
    ("POST", "/cart/items"),
    ("POST", "/checkout/preview"),
    ("POST", "/stores"),
    ("POST", "/inventory/products"),
];

fn send(client: &Client, method: &str, path: &str, body: &str) -> Reply {
    client.send_bytes(method, path, "application/json", body.as_bytes())
}

#[test]
fn no_body_costs_more_than_its_share() {
    let _alone = alone();
    let app = started();
    let (admin, mara) = (app.admin(), app.customer("mara"));
    for (case, body) in hostile_bodies(MAX_BODY) {
        assert!(body.len() <= MAX_BODY, "{case}");
        for (method, path) in CALLS {
            for client in [&admin, &mara, &app.guest()] {
                bounded(case, || send(client, method, path, &body));
            }
        }
    }
}

/// The same attacks, four times as large, on the lines of a document.
#[test]
fn no_body_of_a_document_costs_more_than_its_share() {
    let _alone = alone();
    let app = started();
    let rice = app.product("rice", 1.0, 100);
    let (admin, main, shop) = (app.admin(), app.main_location(), app.add_location("shop"));
    let lines = json!([{"product_id": rice.id, "quantity": 1}]);
    let plan = json!({"from_location_id": main, "to_location_id": shop, "lines": lines});
    let path = format!("/transfers/{}", admin.post("/transfers", &plan).expect(201).json()["id"]);
    let calls = [("POST", "/transfers".to_owned()), ("PATCH", path.clone())];
    let acts = ["send", "receive", "settle"].map(|act| ("POST", format!("{path}/{act}")));
    for (case, body) in hostile_bodies(MAX_DOCUMENT) {
        let body = body.replacen("\"items\"", "\"lines\"", 1);
        assert!(body.len() <= MAX_DOCUMENT, "{case}: {}", body.len());
        for (method, path) in calls.iter().chain(&acts) {
            let reply = bounded(case, || send(&admin, method, path, &body));
            assert!([400, 409, 422].contains(&reply.status), "{case}: {}", reply.text());
        }
        if body.len() > MAX_BODY {
            send(&admin, "POST", "/orders", &body).refused(413, "PAYLOAD_TOO_LARGE");
        }
    }
}

#[test]
fn refused_fields_are_counted_after_the_twentieth() {
    let _alone = alone();
    let app = started();
    let body = format!("{{\"{}\":[{}]}}", "k".repeat(32_768), vec!["[]"; 10_920].join(","));
    assert!((65_500..=MAX_BODY).contains(&body.len()), "{}", body.len());
    for path in ["/auth/login", "/inventory/availability"] {
        let reply = bounded("empty lists under a long name", || send(&app.guest(), "POST", path, &body));
        let problem = reply.refused(422, "VALIDATION_FAILED");
        let errors = problem["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 20);
        assert!(errors.iter().all(|error| error["field"].as_str().unwrap().len() <= 200), "{problem}");
        // The errors name every list of the body, and that there are too many.
        assert!(problem["detail"].as_str().unwrap().ends_with(" and 10901 more"), "{}", problem["detail"]);
    }
    let three = json!({"items": [{"product_id": 1, "quantity": 0}, {"product_id": 1, "quantity": 1, "size": ""}]});
    let detail =
        app.guest().post("/inventory/availability", &three).refused(422, "VALIDATION_FAILED")["detail"].clone();
    assert!(!detail.as_str().unwrap().contains(" more"), "{detail}");
}

/// Random JSON with the words of the API and many repetitions of small parts.
fn any_body() -> impl Strategy<Value = String> {
    let name =
        prop::sample::select(vec!["items", "product_id", "quantity", "size", "email", "x", "", "sizes", "__all__"]);
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f64>().prop_filter("JSON has no such number", |value| value.is_finite()).prop_map(|v| v.to_string()),
        "[^\"\\\\\\x00-\\x1f]{0,40}".prop_map(|text| format!("\"{text}\"")),
        Just("\"\\u0007\"".to_owned()),
        (1..20_000_usize).prop_map(|length| format!("\"{}\"", "ü".repeat(length / 2))),
    ];
    let value = leaf.prop_recursive(6, 200, 12, move |inner| {
        let field = (name.clone(), inner.clone()).prop_map(|(name, value)| format!("\"{name}\":{value}"));
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..12).prop_map(|parts| format!("[{}]", parts.join(","))),
            prop::collection::vec(field, 0..8).prop_map(|parts| format!("{{{}}}", parts.join(","))),
            (inner, 1..3_000_usize).prop_map(|(part, count)| {
                let most = MAX_BODY / (part.len() + 1);
                format!("[{}]", vec![part.as_str(); count.min(most)].join(","))
            }),
        ]
    });
    (prop::sample::select(vec!["items", "email", "sizes", "x"]), value)
        .prop_map(|(name, value)| format!("{{\"{name}\":{value}}}"))
        .prop_map(|body| if body.len() > MAX_BODY { body.chars().take(MAX_BODY / 2).collect() } else { body })
}

#[test]
fn no_body_that_chance_finds_costs_more_than_its_share() {
    let _alone = alone();
    let app = started();
    let admin = app.admin();
    let config = Config { cases: 150, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, seed);
    let calls = prop::sample::select(CALLS.to_vec());
    let result = runner.run(&(any_body(), calls), |(body, (method, path))| {
        bounded("a body of chance", || send(&admin, method, path, &body));
        Ok(())
    });
    result.unwrap();
}

#[test]
fn no_query_path_or_header_costs_more_than_its_share() {
    let _alone = alone();
    let app = started();
    let admin = app.admin();
    let long = "a".repeat(14_000);
    let pairs = "a=1&".repeat(3_500);
    let known = "limit=1&".repeat(1_700);
    let paths = [
        format!("/inventory/products?{pairs}"),
        format!("/inventory/products?{known}"),
        format!("/inventory/products?q={long}"),
        format!("/inventory/products?status={long}"),
        format!("/inventory/products?limit={long}"),
        format!("/inventory/products?{long}=1"),
        format!("/inventory/products?q={}", "%00".repeat(4_600)),
        format!("/inventory/products/{long}"),
        format!("/inventory/products/{}", "9".repeat(14_000)),
        format!("/orders/{long}"),
        format!("/audit?actor={long}"),
        format!("/{}", "/a".repeat(7_000)),
        format!("/stores/{long}"),
    ];
    for path in &paths {
        let reply = bounded("a long path or query", || admin.get(path));
        assert!([200, 404, 422].contains(&reply.status), "{}: {}", &path[..40], reply.text());
        assert!(reply.bytes.len() < 4_096, "{} is quoted in full", &path[..40]);
    }
    for name in ["X-Store-Id", "X-Order-Token", "Idempotency-Key", "Authorization", "X-Request-Id", "Origin", "Accept"]
    {
        for value in [long.clone(), "9".repeat(14_000), format!("Bearer {long}"), "{".repeat(14_000)] {
            let client = app.guest().with_header(name, &value);
            for path in ["/inventory/products", "/orders/1", "/nothing"] {
                let reply = bounded("a long header", || client.get(path));
                assert!(reply.bytes.len() < 4_096, "{name} is quoted in full by {path}");
            }
        }
    }
}

#[test]
fn what_callers_name_is_not_remembered() {
    let _alone = alone();
    let app = started();
    let store = app.store.to_string();
    let ask = |name: String| app.guest().in_store(&name).get("/inventory/products");
    let ask_all = |round: usize| {
        for number in 0..150 {
            ask(format!("{}{store}", "0".repeat(10_000 + 150 * round + number))).refused(404, "STORE_NOT_FOUND");
            ask(format!("{}{number}-{round}", "A".repeat(10_000))).refused(404, "STORE_NOT_FOUND");
            ask(format!("NONE-{round}-{number}")).refused(404, "STORE_NOT_FOUND");
            app.guest()
                .with_header("X-Request-Id", &format!("r-{round}-{number}"))
                .get(&format!("/nothing/{round}/{number}"));
        }
    };
    // The first round fills the caches.
    ask_all(0);
    let before = MEMORY.current_usage();
    ask_all(1);
    let kept = MEMORY.current_usage().saturating_sub(before);
    assert!(kept < 256 * 1024, "{kept} bytes were kept of what callers named");
}

/// Otherwise a client that does not read would keep one copy of the answer for each of its connections.
#[test]
fn a_large_fixed_answer_is_sent_in_small_parts() {
    let _alone = alone();
    let app = started();
    for path in ["/openapi.json", "/docs/swagger-ui-bundle.js"] {
        // The first measurement includes the buffers of the connection.
        let length = read_in_parts(&app, path);
        assert!(length > 300_000, "{path} has {length} bytes");
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        assert_eq!(read_in_parts(&app, path), length);
        let cost = MEMORY.peak_usage().saturating_sub(before);
        // The buffer of a connection that waits for its client grows by doubling.
        assert!(cost <= 256 * 1024, "{path} took {cost} bytes of memory");
    }
}

/// Sends a request on its own connection, discards the answer, and returns the length of its body.
fn read_in_parts(app: &TestApp, path: &str) -> usize {
    let mut socket = TcpStream::connect(app.address.strip_prefix("http://").unwrap()).unwrap();
    write!(socket, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut part = [0; 1024];
    let mut count = socket.read(&mut part).unwrap();
    while !part[..count].windows(4).any(|end| end == b"\r\n\r\n") {
        count += socket.read(&mut part[count..]).unwrap();
    }
    let head = part[..count].windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    let text = String::from_utf8(part[..head].to_vec()).unwrap();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut read = count - head;
    while count > 0 {
        count = socket.read(&mut part).unwrap();
        read += count;
    }
    assert_eq!(read, length, "{text}");
    length
}

/// The framework decodes every request that it has read. So a connection gives it only one at a time.
#[test]
fn requests_that_are_sent_ahead_take_no_memory() {
    const CONNECTIONS: usize = 16;
    let _alone = alone();
    let app = started();
    let large = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let small = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let ahead = format!("{}{}", large.repeat(6), small.repeat(3_000));
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let sockets: Vec<TcpStream> = (0..CONNECTIONS)
        .map(|_| {
            let mut socket = TcpStream::connect(app.address.strip_prefix("http://").unwrap()).unwrap();
            socket.set_nonblocking(true).unwrap();
            // The server reads on only when the responses are read.
            let _written = socket.write(ahead.as_bytes()).unwrap();
            socket
        })
        .collect();
    for _ in 0..50 {
        app.guest().under("").get("/health/live").expect(200);
    }
    let cost = MEMORY.peak_usage().saturating_sub(before) / CONNECTIONS;
    assert!(cost <= 128 * 1024, "{cost} bytes of memory for each connection");
    drop(sockets);
}
