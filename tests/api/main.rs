//! The API, driven over HTTP: one module for each area. The servers run in this process.

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

mod accounts;
mod addresses;
mod alerts;
mod audit;
mod authorization;
mod bad_input;
mod barcodes;
mod batches;
mod browsers;
mod callbacks;
mod cart;
mod cart_holds;
mod checkout;
mod codes;
mod counts;
mod credits;
mod deliveries;
mod desk;
mod distribute;
mod events;
mod forecasts;
mod histories;
mod idempotency;
mod imports;
mod inventory;
mod jobs;
mod locations;
mod migrations;
mod money;
mod moves;
mod openapi;
mod operations;
mod orders;
mod partial_orders;
mod past_stock;
mod payment_windows;
mod pickup;
mod place_order;
mod purchasing;
mod races;
mod reroutes;
mod reservations;
mod returns;
mod routed_orders;
mod routing;
mod safety;
mod sales;
mod scarcity;
mod search;
mod sizes;
mod sorts;
mod stores;
mod taxes;
mod transfers;
mod valuation;
mod verify;
mod webhooks;
