//! Two at once, or three hundred: what comes of it is what would come of one after the other.
//!
//! Every race begins at a barrier and is run many times on the real server. When a shop closes, its
//! books are audited, and no transaction may have been saved from a deadlock.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something unexpected happens"
)]

mod common;

#[path = "races/buying.rs"]
mod buying;
#[path = "races/cancelling.rs"]
mod cancelling;
#[path = "races/changing.rs"]
mod changing;
#[path = "races/keys.rs"]
mod keys;
#[path = "races/shop.rs"]
mod shop;
