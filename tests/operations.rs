//! Running it: health, metrics, documents, the shape of every error, start and stop.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something unexpected happens"
)]

mod common;

use common::process::{self, Place, Process};
use common::{TestApp, json};

#[test]
fn it_is_alive_and_ready() {
    let app = TestApp::start();
    let root = app.guest().under("");
    root.get("/health/live").expect(200);
    assert_eq!(root.get("/health/ready").expect(200).json(), json!({"status": "ok", "database": "ok"}));
}

#[test]
fn nothing_at_a_path_is_a_problem_with_the_callers_request_id() {
    let app = TestApp::start();
    for prefix in ["", "/api", "/api/v1"] {
        let reply = app.guest().under(prefix).with_header("X-Request-Id", "from-the-test").get("/nothing/here");
        assert_eq!(reply.header("x-request-id"), "from-the-test");
        let problem = reply.refused(404, "NOT_FOUND");
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["request_id"], "from-the-test");
    }
    let made = app.guest().get("/nothing/here");
    assert_eq!(made.json()["request_id"], made.header("x-request-id"));
    assert!(!made.header("x-request-id").is_empty());
}

#[test]
fn a_start_and_a_stop_of_the_embedded_server_leave_good_order() {
    let place = Place::new();
    let first = Process::serve(&place);
    first.client().under("").get("/health/ready").expect(200);
    assert_eq!(first.terminate().code(), Some(0));
    assert!(!place.data_dir().join("postmaster.pid").exists(), "PostgreSQL still runs");
    let again = Process::serve(&place);
    again.client().under("").get("/health/ready").expect(200);
    assert_eq!(again.terminate().code(), Some(0));
}

#[test]
fn a_wrong_start_is_one_sentence_and_exit_code_1() {
    let starts = [
        ("STOCKROOM__SERVER__PROT", "80", "prot"),
        ("DATABASE_URL", "postgres:///x", "JWT_SECRET is not set"),
        ("STOCKROOM__SERVER__HOST", "0.0.0.0", "server.host is 0.0.0.0"),
    ];
    for (variable, value, told) in starts {
        let output = process::run(process::stockroom(&["serve"]).env(variable, value));
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains(told), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}
