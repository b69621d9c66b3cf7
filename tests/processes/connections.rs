//! Connections at the level of bytes: refusals, time limits, and the number of connections.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use super::outages::wait_until;
use crate::common::{TestApp, Value};
use stockroom::auth::Role;
use stockroom::settings::Settings;

/// Time limits that are short for a test and long enough for a busy machine.
pub fn short_timeouts(settings: &mut Settings) {
    settings.server.head_timeout_ms = 400;
    settings.server.body_timeout_ms = 800;
    settings.server.write_timeout_ms = 400;
}

pub fn connect(app: &TestApp) -> TcpStream {
    let socket = TcpStream::connect(app.address.strip_prefix("http://").unwrap()).unwrap();
    // This is longer than any time limit under test, so that a server that never closes fails the test.
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket
}

/// Sends it, and reads until the server closes.
pub fn send(app: &TestApp, bytes: &[u8]) -> String {
    let mut socket = connect(app);
    // A server may refuse before it has read everything.
    let _refused_early = socket.write_all(bytes);
    read_to_end(&mut socket)
}

pub fn read_to_end(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match socket.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the server did not close: {error}, after {}", String::from_utf8_lossy(&bytes)),
    }
    String::from_utf8(bytes).unwrap()
}

/// The head and the problem of a refusal.
#[track_caller]
pub fn refused(answer: &str, status: u16, code: &str) -> Value {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let header = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("no {name} in {head}")).to_owned()
    };
    assert_eq!(header("content-type"), "application/problem+json");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(["no-store", "no-cache"].contains(&header("cache-control").as_str()), "{head}");
    assert_eq!(header("content-length"), body.len().to_string());
    let problem: Value = serde_json::from_str(body).unwrap();
    assert_eq!(problem["code"], code, "{problem}");
    assert_eq!(problem["status"], status, "{problem}");
    assert_eq!(problem["request_id"], header("x-request-id"));
    problem
}

#[test]
fn bytes_that_are_no_request_are_refused_like_everything_else() {
    let app = TestApp::start();
    let refusals: [&[u8]; 11] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nbad header: x\r\n\r\n",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.0\r\nHost: localhost\r\n\r\n",
    ];
    for bytes in refusals {
        refused(&send(&app, bytes), 400, "MALFORMED_REQUEST");
    }
    let many: String = (0..100).map(|number| format!("X-{number}: 1\r\n")).collect();
    let too_many = format!("GET /health/live HTTP/1.1\r\nHost: localhost\r\n{many}\r\n");
    let answer = send(&app, too_many.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert!(answer.contains("x-request-id: ") && answer.contains("problem+json"), "{answer}");
}

/// Only the second request is refused, and the refusal comes after the answer to the first one.
#[test]
fn a_refusal_follows_the_answers_to_the_requests_before_it() {
    let app = TestApp::start();
    let good = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let answer = send(&app, &[&good[..], b"nonsense\r\n\r\n"].concat());
    let (first, second) = answer.split_at(answer.rfind("HTTP/1.1").unwrap());
    assert!(first.starts_with("HTTP/1.1 200 OK") && first.ends_with("{\"status\":\"ok\"}"), "{answer}");
    refused(second, 400, "MALFORMED_REQUEST");
}

#[test]
fn garbage_in_a_chunked_body_is_refused() {
    let app = TestApp::start();
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    let answer = send(&app, format!("{head}zz\r\n{{}}\r\n0\r\n\r\n").as_bytes());
    refused(&answer[answer.rfind("HTTP/1.1").unwrap()..], 400, "MALFORMED_REQUEST");
    assert!(answer.matches("HTTP/1.1").count() <= 2, "{answer}");
}

/// The framework ends such a connection, whatever the application does with the request at that moment.
/// Sends a body that can't be decoded. A busy server may have answered before it reads the body: then it is sent again.
fn send_garbage(app: &TestApp, head: &str) -> String {
    let request = format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n");
    let mut answers = (0..5).map(|_| send(app, request.as_bytes()));
    answers.find(|answer| !answer.starts_with("HTTP/1.1 200 ")).expect("the garbage is accepted")
}

#[test]
fn garbage_in_a_body_is_refused_by_calls_that_do_not_read_it() {
    let app = TestApp::start();
    let rice = app.product("rice", 12.50, 7).id;
    let admin = app.token(app.account("admin", Role::Admin), Role::Admin);
    let calls = [
        ("GET", format!("/api/v1/inventory/products/{rice}"), String::new()),
        ("GET", "/health/ready".to_owned(), String::new()),
        ("GET", "/api/v1/orders".to_owned(), format!("Authorization: Bearer {admin}\r\n")),
        // The account is looked up before the body is read.
        ("POST", "/api/v1/inventory/products".to_owned(), format!("Authorization: Bearer {admin}\r\n")),
    ];
    for (number, (method, path, header)) in calls.into_iter().enumerate() {
        let id = format!("undecodable-{number}");
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: {id}\r\n{header}");
        let answer = send_garbage(&app, &head);
        assert_eq!(refused(&answer, 400, "MALFORMED_REQUEST")["request_id"], id);
    }
    let head =
        format!("HEAD /api/v1/inventory/products/{rice} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: of-head\r\n");
    let answer = send_garbage(&app, &head);
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("\r\nx-request-id: of-head\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "an answer to HEAD has a body: {answer}");
}

#[test]
fn a_refusal_of_the_framework_carries_the_id_of_its_request() {
    let app = TestApp::start();
    let id_of = |requests: &str| {
        let answer = send(&app, requests.as_bytes());
        refused(&answer[answer.rfind("HTTP/1.1").unwrap()..], 400, "MALFORMED_REQUEST")["request_id"].clone()
    };
    let good = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: good\r\n\r\n";
    let login = LOGIN.replace("1000", "4").replace("\r\n\r\n", "\r\nX-Request-Id: of-login\r\n\r\n{  }");
    let bad =
        |header: &str| format!("GET /health/live HTTP/1.1\r\nHost: localhost\r\n{header}Content-Length: 5, 6\r\n\r\n");
    let named = bad("X-REQUEST-ID:  mine_1.a:b-2 \r\n");
    for before in ["", good, &login, &format!("{login}{good}{login}")] {
        assert_eq!(id_of(&format!("{before}{named}")), "mine_1.a:b-2", "after {before:?}");
        let generated = id_of(&format!("{before}{}", bad("")));
        assert_eq!(generated.as_str().unwrap().len(), 36, "{generated}");
    }
    for unfit in ["two words", "", "a/b", &"x".repeat(129)] {
        assert_eq!(id_of(&bad(&format!("X-Request-Id: {unfit}\r\n"))).as_str().unwrap().len(), 36);
    }
    let mut socket = connect(&app);
    for part in [&named[..60], &named[60..]] {
        socket.write_all(part.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(refused(&read_to_end(&mut socket), 400, "MALFORMED_REQUEST")["request_id"], "mine_1.a:b-2");
}

#[test]
fn a_head_that_is_too_large_is_refused_whether_it_comes_at_once_or_bit_by_bit() {
    let app = TestApp::start();
    let start = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Long: ";
    for size in [17_000, 100_000, 200_000] {
        let head = format!("{start}{}\r\n\r\n", "a".repeat(size));
        refused(&send(&app, head.as_bytes()), 431, "HEADERS_TOO_LARGE");
    }
    let mut socket = connect(&app);
    socket.write_all(start.as_bytes()).unwrap();
    for _ in 0..200 {
        if socket.write_all("a".repeat(1_000).as_bytes()).is_err() {
            break;
        }
        // Each part is sent as a separate packet.
        std::thread::yield_now();
    }
    refused(&read_to_end(&mut socket), 431, "HEADERS_TOO_LARGE");
    let long_path = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(60_000));
    refused(&send(&app, long_path.as_bytes()), 431, "HEADERS_TOO_LARGE");
    for size in [16_400, 32_700, 70_000] {
        let long_method = format!("{} /api/v1/stores/1 HTTP/1.1\r\nHost: localhost\r\n\r\n", "A".repeat(size));
        refused(&send(&app, long_method.as_bytes()), 431, "HEADERS_TOO_LARGE");
        let long_host = format!("GET http://{}/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(size));
        refused(&send(&app, long_host.as_bytes()), 431, "HEADERS_TOO_LARGE");
    }
    for size in [20_000, 65_534, 70_000, 120_000] {
        let long_query = format!("GET /health/live?{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "q".repeat(size));
        refused(&send(&app, long_query.as_bytes()), 431, "HEADERS_TOO_LARGE");
    }
}

#[test]
fn a_head_that_does_not_arrive_is_refused_and_its_connection_closed() {
    let app = TestApp::with(short_timeouts);
    let started = Instant::now();
    refused(&send(&app, b"GET /health/live HTTP/1.1\r\nHost: loc"), 408, "REQUEST_TIMEOUT");
    refused(&send(&app, b""), 408, "REQUEST_TIMEOUT");
    assert!(started.elapsed() >= Duration::from_millis(800), "too early: {:?}", started.elapsed());
}

/// The time limit applies to every request of a connection, and single bytes do not extend it.
#[test]
fn a_slow_head_is_refused_on_a_connection_that_was_used_before() {
    let app = TestApp::with(short_timeouts);
    let mut socket = connect(&app);
    socket.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut first = [0; 1024];
    let count = socket.read(&mut first).unwrap();
    assert!(first[..count].starts_with(b"HTTP/1.1 200"));
    drip(&mut socket, b"GET /health/live HTTP/1.1\r\nX-Slow: ");
    refused(&read_to_end(&mut socket), 408, "REQUEST_TIMEOUT");
}

/// Sends a byte every 50 ms until the server closes the connection.
fn drip(socket: &mut TcpStream, start: &[u8]) {
    let mut writer = socket.try_clone().unwrap();
    writer.write_all(start).unwrap();
    std::thread::spawn(move || {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(20) && writer.write_all(b"1").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
}

pub const LOGIN: &str = "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n";

#[test]
fn a_body_that_does_not_arrive_is_refused_and_its_connection_closed() {
    let app = TestApp::with(short_timeouts);
    refused(&send(&app, format!("{LOGIN}{{").as_bytes()), 408, "REQUEST_TIMEOUT");
    refused(&send(&app, LOGIN.as_bytes()), 408, "REQUEST_TIMEOUT");
    let form = LOGIN.replace("/api/v1/auth/login", "/stock-notice").replace("json", "x-www-form-urlencoded");
    refused(&send(&app, form.as_bytes()), 408, "REQUEST_TIMEOUT");
    let mut slow = connect(&app);
    drip(&mut slow, LOGIN.as_bytes());
    refused(&read_to_end(&mut slow), 408, "REQUEST_TIMEOUT");
}

/// The server refuses without reading the body. Without a limit it would discard a chunked body forever.
#[test]
fn a_body_that_nobody_reads_ends_as_well() {
    let app = TestApp::with(short_timeouts);
    for length in ["Content-Length: 100000", "Transfer-Encoding: chunked"] {
        let mut socket = connect(&app);
        let head = format!("POST /api/v1/checkout HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n1");
        drip(&mut socket, head.as_bytes());
        refused(&read_to_end(&mut socket), 401, "UNAUTHENTICATED");
    }
}

#[test]
fn a_slow_but_steady_body_is_taken() {
    let app = TestApp::with(|settings| settings.server.body_timeout_ms = 4_000);
    let body = format!("{{\"email\":\"{}\"}}", "a".repeat(600));
    let mut socket = connect(&app);
    let head = LOGIN.replace("1000", &body.len().to_string());
    socket.write_all(head.as_bytes()).unwrap();
    for part in body.as_bytes().chunks(60) {
        socket.write_all(part).unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    socket.shutdown(Shutdown::Write).unwrap();
    refused(&read_to_end(&mut socket), 422, "VALIDATION_FAILED");
}

#[test]
fn an_answer_that_nobody_reads_is_given_up() {
    let app = TestApp::with(short_timeouts);
    let mut socket = connect(&app);
    socket.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    let ask = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(16);
    // The answers are larger than the buffers of both sides.
    let mut refused = None;
    for _ in 0..20_000 {
        if let Err(error) = socket.write_all(&ask) {
            refused = Some(error);
            break;
        }
    }
    let error = refused.expect("the server took every request");
    assert!([ErrorKind::ConnectionReset, ErrorKind::BrokenPipe].contains(&error.kind()), "{error}");
    let reasons = app.guest().under("").get("/metrics").text();
    assert!(reasons.contains("stockroom_connections_closed_total{reason=\"slow_reader\"} 1"), "{reasons}");
}

/// The system would keep the rest of the response for minutes, and send it when the client reads.
#[test]
fn an_answer_that_was_given_up_is_discarded() {
    let app = TestApp::with(short_timeouts);
    let mut socket = connect(&app);
    socket.write_all(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let metrics = || app.guest().under("").get("/metrics").text();
    wait_until(|| metrics().contains("stockroom_connections_closed_total{reason=\"slow_reader\"} 1"));
    let ended = socket.read_to_end(&mut Vec::new());
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn the_oldest_idle_connections_make_room_for_new_ones() {
    let app = TestApp::with(|settings| {
        settings.server.max_connections = 8;
        settings.server.head_timeout_ms = 60_000;
    });
    let mut idle: Vec<TcpStream> = (0..8).map(|_| connect(&app)).collect();
    // The oldest one is used, so that the second is idle longest.
    for socket in &mut idle {
        ask_live(socket);
    }
    ask_live(&mut idle[0]);
    for _ in 0..3 {
        let mut newcomer = connect(&app);
        ask_live(&mut newcomer);
        idle.push(newcomer);
    }
    assert_eq!(read_to_end(&mut idle[1]), "", "the connection that was idle longest is still open");
    ask_live(&mut idle[0]);
}

fn ask_live(socket: &mut TcpStream) {
    socket.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"{\"status\":\"ok\"}") {
        let mut part = [0; 1024];
        let count = socket.read(&mut part).unwrap();
        assert!(count > 0, "closed after {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&part[..count]);
    }
}

/// A client that stops sending after its request still gets the answer.
#[test]
fn a_half_closed_connection_is_answered() {
    let app = TestApp::start();
    let mut socket = connect(&app);
    socket.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    assert!(read_to_end(&mut socket).starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let app = TestApp::start();
    let ask = |id: &str, close: &str| {
        format!("GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: {id}\r\n{close}\r\n")
    };
    let requests: String = (0..9).map(|number| ask(&format!("r-{number}"), "")).collect();
    let answer = send(&app, format!("{requests}{}", ask("r-9", "Connection: close\r\n")).as_bytes());
    let ids: Vec<&str> = answer.lines().filter_map(|line| line.strip_prefix("x-request-id: ")).collect();
    let expected: Vec<String> = (0..10).map(|number| format!("r-{number}")).collect();
    assert_eq!(ids, expected, "{answer}");
}

#[test]
fn requests_after_a_body_are_answered_in_their_order() {
    let app = TestApp::start();
    let sized = LOGIN.replace("1000", "5") + "{\n\n} ";
    let chunked = LOGIN.replace("Content-Length: 1000", "Transfer-Encoding: chunked") + "2\r\n{}\r\n0\r\n\r\n";
    let get = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let last = get.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let statuses = |requests: &[&str]| -> Vec<String> {
        let answer = send(&app, requests.concat().as_bytes());
        let lines = answer.lines().map(|line| line.rsplit_once("HTTP/1.1 ").map_or(line, |(_, status)| status));
        let lines = lines.filter(|line| line.starts_with(['2', '4']) || *line == "connection: close");
        lines.map(|line| line[..3].to_owned()).collect()
    };
    // Only the last response says that the connection ends.
    assert_eq!(statuses(&[&sized, get, &sized, get, &last]), ["422", "200", "422", "200", "200", "con"]);
    assert_eq!(statuses(&[&chunked, get, &chunked, get, &last]), ["422", "200", "422", "200", "200", "con"]);
}

#[test]
fn a_body_is_announced_by_continue_when_the_client_asks_for_it() {
    let app = TestApp::start();
    let mut socket = connect(&app);
    let head = LOGIN.replace("1000", "2").replace("\r\n\r\n", "\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
    socket.write_all(head.as_bytes()).unwrap();
    let mut go_on = [0; 25];
    socket.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(b"{}").unwrap();
    refused(&read_to_end(&mut socket), 422, "VALIDATION_FAILED");
}
