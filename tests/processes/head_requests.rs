//! Responses to HEAD have no body, whether the application or the connection gives them.

use super::connections::{LOGIN, send, short_timeouts};
use crate::common::TestApp;

#[test]
fn a_refusal_of_head_has_no_body() {
    let app = TestApp::with(short_timeouts);
    let id = "X-Request-Id: of-head\r\n";
    let long = "a".repeat(17_000);
    for (request, status) in [
        (format!("HEAD /health/live HTTP/1.1\r\n{id}\r\n"), "400"),
        (format!("HEAD /health/live HTTP/1.1\r\nHost: localhost\r\n{id}X-Long: {long}\r\n\r\n"), "431"),
        (format!("HEAD /health/live HTTP/1.1\r\n{id}Host: loc"), "408"),
    ] {
        let answer = send(&app, request.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains("x-request-id: "), "{answer}");
        assert!(answer.ends_with("\r\n\r\n") && !answer.contains("content-length: 0\r\n"), "{answer}");
    }
}

/// The framework encodes a response by the last request that it has decoded, so it must not have the next one yet.
#[test]
fn a_response_to_head_has_no_body_and_the_others_have_one_whatever_comes_next() {
    let app = TestApp::start();
    let sized = LOGIN.replace("1000", "2") + "{}";
    let chunked = LOGIN.replace("Content-Length: 1000", "Transfer-Encoding: chunked") + "2\r\n{}\r\n0\r\n\r\n";
    let get = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let head = get.replace("GET", "HEAD");
    let last = get.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    for post in [&sized, &chunked] {
        let answer = send(&app, [post, head.as_str(), post, get, &head, &last].concat().as_bytes());
        let bodies: Vec<bool> = answer.split("HTTP/1.1 ").skip(1).map(|answer| answer.ends_with('}')).collect();
        assert_eq!(bodies, [true, false, true, true, false, true], "{answer}");
    }
}
