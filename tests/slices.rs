//! Placements that are taken together: each has its own outcome, whatever becomes of its neighbours.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something unexpected happens"
)]

mod common;

#[path = "slices/held.rs"]
mod held;
#[path = "slices/leaving.rs"]
mod leaving;
#[path = "slices/mixed.rs"]
mod mixed;
#[path = "slices/servers.rs"]
mod servers;
