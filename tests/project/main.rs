//! Tests that read the files of the project and need no PostgreSQL, so that they answer within a second.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops where something unexpected happens"
)]

mod architecture;
mod compatibility;
