//! The harness: the real server in this process, on a database of its own, driven over HTTP.
//!
//! `TestApp::start()` gives a server with one store; `app.customer("mara")` a client that is signed
//! in; `client.post("/cart/items", …).expect(201)` an answer. When the application is dropped, its
//! ledger is audited.

#![allow(dead_code, unused_imports, reason = "each test binary uses its part")]
#![allow(clippy::print_stdout, reason = "a race prints how often each side won")]

pub mod alone;
pub mod app;
pub mod batch_queue;
pub mod client;
pub mod cluster;
pub mod database;
pub mod document;
pub mod holds;
pub mod jobs;
pub mod ledger_audit;
pub mod locks;
pub mod people;
pub mod pooler;
pub mod process;
pub mod provider;
pub mod race;
pub mod receiver;
pub mod reply;
pub mod sessions;
pub mod shop;
pub mod silence;
pub mod smtp;
pub mod snapshot;
pub mod status_changes;
pub mod stream;

pub use app::TestApp;
pub use client::Client;
pub use race::race;
pub use reply::{Reply, minor};
pub use serde_json::{Value, json};
