//! Requests to upgrade. The server answers them as if they did not ask for it.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::common::TestApp;
use crate::connections::{LOGIN, connect, read_to_end, refused, send};

const GET: &str = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LAST: &str = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// The headers of requests to upgrade.
const UPGRADES: [&str; 8] = [
    "Upgrade: foo\r\n",
    "Connection: Upgrade\r\nUpgrade: foo\r\n",
    "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
    "uPGRADE: WebSocket\r\ncONNECTION: uPGRADE\r\n",
    "UPGRADE:websocket\nCONNECTION:UPGRADE\n",
    "Upgrade: foo\r\nUpgrade: websocket\r\nConnection: foo\r\nConnection: upgrade\r\n",
    "Connection: upgrade\r\n",
];

fn requests() -> [(String, &'static str); 3] {
    let chunked = LOGIN.replace("Content-Length: 1000", "Transfer-Encoding: chunked") + "2\r\n{}\r\n0\r\n\r\n";
    [(GET.to_owned(), "200"), (LOGIN.replace("1000", "2") + "{}", "422"), (chunked, "422")]
}

/// The request with more headers, as the first ones and as the last ones.
fn with_headers(request: &str, headers: &str) -> [String; 2] {
    let (line, _) = request.split_once("\r\n").unwrap();
    let first = request.replacen("\r\n", &format!("\r\n{headers}"), 1);
    assert!(first.starts_with(line));
    [first, request.replacen("\r\n\r\n", &format!("\r\n{headers}\r\n"), 1)]
}

/// The status of each response. Only the last response says that the connection ends.
#[track_caller]
fn statuses(answer: &str) -> Vec<&str> {
    let answers: Vec<&str> = answer.split("HTTP/1.1 ").skip(1).collect();
    let closing = answers.iter().filter(|answer| answer.to_ascii_lowercase().contains("\r\nconnection: ")).count();
    assert_eq!(closing, 1, "{answer}");
    answers.into_iter().map(|answer| &answer[..3]).collect()
}

#[test]
fn a_request_to_upgrade_is_answered_as_any_other_and_the_next_one_as_well() {
    let app = TestApp::start();
    for headers in UPGRADES {
        for (request, status) in requests() {
            for request in with_headers(&request, headers) {
                let started = Instant::now();
                let answer = send(&app, format!("{request}{request}{LAST}").as_bytes());
                assert_eq!(statuses(&answer), [status, status, "200"], "{request}{answer}");
                assert!(started.elapsed() < Duration::from_secs(3), "{request}");
            }
        }
    }
}

#[test]
fn a_request_to_upgrade_that_arrives_byte_by_byte_is_answered() {
    let app = TestApp::start();
    let request = with_headers(&requests()[1].0, UPGRADES[2])[0].clone();
    let mut socket = connect(&app);
    socket.set_nodelay(true).unwrap();
    for byte in format!("{request}{LAST}").as_bytes() {
        socket.write_all(&[*byte]).unwrap();
        // Each byte is sent as a separate packet.
        std::thread::yield_now();
    }
    assert_eq!(statuses(&read_to_end(&mut socket)), ["422", "200"]);
}

#[test]
fn a_request_to_upgrade_and_to_close_ends_the_connection() {
    let app = TestApp::start();
    for options in ["upgrade, close", "close, upgrade"] {
        let request = GET.replace("\r\n\r\n", &format!("\r\nConnection: {options}\r\nUpgrade: foo\r\n\r\n"));
        assert_eq!(statuses(&send(&app, format!("{request}{GET}").as_bytes())), ["200"], "{options}");
    }
}

#[test]
fn a_header_that_continues_on_a_second_line_is_malformed() {
    let app = TestApp::start();
    for header in ["Upgrade:\r\n websocket\r\n", "Connection: keep-alive,\r\n upgrade\r\n"] {
        let request = &with_headers(GET, header)[1];
        refused(&send(&app, format!("{request}{GET}").as_bytes()), 400, "MALFORMED_REQUEST");
    }
}

/// The framework reads all bytes after such a request as its body, so the connection ends with the response.
#[test]
fn a_request_for_a_tunnel_is_refused_at_once() {
    let app = TestApp::start();
    let started = Instant::now();
    let answer = send(&app, format!("CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n{GET}").as_bytes());
    assert_eq!(statuses(&answer).len(), 1, "{answer}");
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(3));
}
