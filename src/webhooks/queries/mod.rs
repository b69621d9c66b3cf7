//! The SQL of webhooks.

pub mod deliveries;
pub mod replays;
pub mod webhooks;
