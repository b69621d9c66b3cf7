//! Bodies on the wire: the framing of chunks is limited, too.

use std::io::Write;
use std::time::{Duration, Instant};

use stockroom::auth::Role;

use super::connections::{connect, read_to_end, refused, send};
use crate::common::TestApp;

/// The limit of a body, the bytes that are read after a refusal, and the buffers of the system.
const MAX_TAKEN: usize = 24 * 1024 * 1024;

const MOST: usize = 64 * 1024 * 1024;

/// Sends the part again and again until the server closes the connection. Returns the answer and the number of bytes
/// that the server and the buffers took.
fn flood(app: &TestApp, start: &str, part: &[u8]) -> (String, usize) {
    let mut socket = connect(app);
    socket.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    socket.write_all(start.as_bytes()).unwrap();
    let parts = part.repeat((64 * 1024) / part.len());
    let mut taken = 0;
    while taken < MOST {
        match socket.write(&parts) {
            Ok(count) => taken += count,
            Err(_closed) => break,
        }
    }
    (read_to_end(&mut socket), taken)
}

fn chunked(method: &str, path: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    )
}

#[test]
fn the_framing_of_chunks_counts_as_body() {
    let app = TestApp::start();
    let head = chunked("POST", "/api/v1/inventory/availability");
    let forms: [(&str, &[u8]); 3] = [("1;", b"a"), ("2\r\n{}\r\n0\r\n", b"X: y\r\n"), ("", b"0")];
    for (start, part) in forms {
        let (answer, taken) = flood(&app, &format!("{head}{start}"), part);
        println!("{taken} bytes of {start:?} were taken");
        refused(&answer, 413, "PAYLOAD_TOO_LARGE");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        assert!(taken < MAX_TAKEN, "{taken} bytes of {start:?} were taken");
    }
    let metrics = app.guest().under("").get("/metrics").text();
    assert!(metrics.contains("stockroom_connections_closed_total{reason=\"large_body\"} 3"), "{metrics}");
}

#[test]
fn a_body_that_is_discarded_after_the_answer_is_limited() {
    let app = TestApp::start();
    let rice = app.product("rice", 12.50, 7).id;
    let path = format!("/api/v1/inventory/products/{rice}");
    let sized = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n");
    let data: &[u8] = b"400\r\n";
    let chunk = [data, &[b'a'; 1024], b"\r\n"].concat();
    for (start, part) in [(chunked("GET", &path) + "1;", &b"a"[..]), (chunked("GET", &path), &chunk), (sized, b"a")] {
        let (answer, taken) = flood(&app, &start, part);
        println!("{taken} bytes after {start:?} were taken");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(taken < MAX_TAKEN, "{taken} bytes after {start:?} were taken");
    }
}

/// Many clients read nothing before they have sent their whole body. They lose the response if the connection is reset.
#[test]
fn a_client_that_sends_its_whole_body_first_gets_the_refusal() {
    const BYTES: usize = 10 * 1024 * 1024 + 1;
    let app = TestApp::start();
    let admin = app.admin();
    let token = format!("Authorization: {}\r\n", admin.header("Authorization").unwrap());
    let body = vec![b' '; BYTES];
    for (path, authorization, status, code) in [
        ("/imports?kind=products", token.as_str(), 413, "PAYLOAD_TOO_LARGE"),
        ("/imports?kind=products", "", 401, "UNAUTHENTICATED"),
        ("/imports?kind=nothing", &token, 422, "VALIDATION_FAILED"),
        ("/inventory/availability", "", 413, "PAYLOAD_TOO_LARGE"),
    ] {
        let mut socket = connect(&app);
        socket.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = format!(
            "POST /api/v1{path} HTTP/1.1\r\nHost: localhost\r\n{authorization}Content-Type: application/json\r\n\
             Content-Length: {BYTES}\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).unwrap();
        socket.write_all(&body).unwrap_or_else(|error| panic!("the body of {path} was cut off: {error}"));
        refused(&read_to_end(&mut socket), status, code);
    }
}

/// The framework discards such a body for one second.
#[test]
fn a_refused_body_that_arrives_slowly_is_not_cut_off_at_once() {
    let app = TestApp::start();
    let mut socket = connect(&app);
    let (part, parts) = ([b' '; 25_000], 4);
    let length = part.len() * parts;
    let head = "POST /api/v1/inventory/availability HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    socket.write_all(format!("{head}Content-Length: {length}\r\n\r\n").as_bytes()).unwrap();
    for number in 0..parts {
        std::thread::sleep(Duration::from_millis(550));
        socket.write_all(&part).unwrap_or_else(|error| panic!("part {number} was refused: {error}"));
    }
    refused(&read_to_end(&mut socket), 413, "PAYLOAD_TOO_LARGE");
}

#[test]
fn a_body_in_chunks_of_one_byte_is_taken() {
    let app = TestApp::start();
    let body = format!("{{\"items\":[{}]}}", " ".repeat(64 * 1024 - 12));
    let chunks: String = body.chars().map(|byte| format!("1\r\n{byte}\r\n")).collect();
    let head = chunked("POST", "/api/v1/inventory/availability").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let mut socket = connect(&app);
    socket.write_all(format!("{head}{chunks}0\r\n\r\n").as_bytes()).unwrap();
    refused(&read_to_end(&mut socket), 422, "VALIDATION_FAILED");
}

/// The limit is exact, although more of a body may arrive at once.
#[test]
fn a_chunk_with_a_long_extension_is_taken_up_to_the_limit() {
    const MAX: usize = 512 * 1024;
    let app = TestApp::start();
    let head = chunked("POST", "/api/v1/inventory/availability").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let send_body_of = |bytes: usize| {
        let (start, end) = ("2;", "\r\n{}\r\n0\r\n\r\n");
        let extension = "a".repeat(bytes - start.len() - end.len());
        send(&app, format!("{head}{start}{extension}{end}").as_bytes())
    };
    refused(&send_body_of(MAX), 422, "VALIDATION_FAILED");
    for bytes in [MAX + 1, MAX + 10_000, MAX + 76_000] {
        refused(&send_body_of(bytes), 413, "PAYLOAD_TOO_LARGE");
    }
}

/// The framework would take such a line feed as a part of a trailer, so it would wait for the end of the body or take the
/// next request as a trailer.
#[test]
fn a_line_feed_alone_after_the_last_chunk_is_refused_at_once() {
    let app = TestApp::start();
    let next = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: next\r\n\r\n";
    let started = Instant::now();
    for end in ["0\r\n\n", "0\r\nX: y\n\n", "0\r\nX: y\n\r\n", "0\r\n\n\n", "0\r\n\n\r\n"] {
        for behind in ["", next, &next.repeat(2)] {
            let read = format!("{}2\r\n{{}}\r\n{end}{behind}", chunked("POST", "/api/v1/auth/login"));
            refused(&send(&app, read.as_bytes()), 400, "MALFORMED_REQUEST");
            for (method, path) in [("GET", "/health/live"), ("POST", "/nope")] {
                let answer = send(&app, format!("{}{end}{behind}", chunked(method, path)).as_bytes());
                assert!(!answer.contains("x-request-id: next"), "{end:?}: {answer}");
            }
        }
    }
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

#[test]
fn a_line_feed_alone_in_a_trailer_that_comes_later_is_refused_at_once() {
    let app = TestApp::start();
    let body = format!("{}2\r\n{{}}\r\n0\r\n\n", chunked("POST", "/api/v1/auth/login"));
    for cut in [body.len() - 1, body.len() - 2, body.len() - 3] {
        let started = Instant::now();
        let mut socket = connect(&app);
        for part in [&body[..cut], &body[cut..]] {
            socket.write_all(part.as_bytes()).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
        refused(&read_to_end(&mut socket), 400, "MALFORMED_REQUEST");
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    }
}

#[test]
fn a_client_is_not_asked_for_a_body_that_is_refused_for_its_head() {
    let app = TestApp::start();
    let ask = |path: &str, token: &str| {
        let head = format!(
            "POST /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{token}\
             Content-Length: 9999999\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        );
        send(&app, head.as_bytes())
    };
    refused(&ask("/auth/login", ""), 413, "PAYLOAD_TOO_LARGE");
    refused(&ask("/imports", ""), 401, "UNAUTHENTICATED");
    // The permissions of staff are read before the length is compared.
    let token = format!("Authorization: Bearer {}\r\n", app.token(app.admin().user.unwrap(), Role::Admin));
    refused(&ask("/inventory/products", &token), 413, "PAYLOAD_TOO_LARGE");
}
