//! Tests that need processes of their own or a measurement without neighbours: kills, outages, floods, statement
//! counts, plans, the embedded PostgreSQL.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops where something unexpected happens"
)]

#[path = "../common/mod.rs"]
mod common;

mod commands;
mod connections;
mod crowds;
mod demo;
mod embedded_postgres;
mod endless_bodies;
mod expiry_kills;
mod fairness;
mod feed_kills;
mod first_steps;
mod floods;
mod goods_kills;
mod guides;
mod head_requests;
mod history;
mod import_kills;
mod kills;
mod large;
mod large_imports;
mod logs;
mod mail;
mod mail_kills;
mod outages;
mod plans;
mod read_only;
mod reports;
mod return_kills;
mod revocations;
mod rollup_kills;
mod statements;
mod streams;
mod upgrades;
mod webhook_kills;
mod webhooks;
