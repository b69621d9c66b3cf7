//! Mails about what happens: alerts for staff, mails about orders for buyers, and mails for those who wait until a
//! product is back in stock. Alerts may go to webhooks, too.
//!
//! The follower (`follow.rs`) reads the feed of each store and inserts the mails, in the transaction that
//! moves its position. So each event leads to its mails once, with several servers and after a crash.

mod calls;
pub mod change_rules;
mod counts;
mod digest;
pub mod follow;
pub mod invariants;
pub mod late_orders;
mod mails;
mod notice;
pub mod order_mail_limit;
mod order_mails;
mod order_values;
mod orders;
mod places;
mod plain_text;
pub mod rule;
mod stock;
pub mod stock_notices;

pub mod api;
pub mod queries;

pub use digest::{find_suggestions, send_digests};
