//! Operation of a server: health, errors, metrics, the queue for connections.

mod errors;
mod health;
mod metrics;
mod monitoring;
mod queue;

use crate::common::TestApp;

/// The value of a metric with exactly these labels.
fn metric(app: &TestApp, name: &str) -> Option<f64> {
    let reply = app.root().get("/metrics").expect(200);
    assert!(reply.header("content-type").starts_with("text/plain"));
    let text = reply.text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
    line.map(|value| value.parse().unwrap())
}
