//! The changes of the stock status of variants, as events of the feed: `stock.low`, `stock.out` and `stock.back`.
//!
//! A status is a function of the movements in the order of the feed. So the relay finds its changes, while it gives the
//! movements their positions, and no sale has to wait for that
//! ([ADR 0025](../../../docs/adr/0025-stock-statuses-in-the-feed.md)).

pub mod queries;
pub mod relay;
pub mod status_change;
