//! The SQL of webhooks.

pub mod deliveries;
pub mod delivery_lists;
pub mod replays;
pub mod webhooks;
