//! Requests of one store that wait at the same time share a transaction.
//!
//! This module does not depend on checkout: it batches any kind of request that has an idempotency key.

mod batcher;
mod fair_queueing;
mod queue;

pub use batcher::{AVERAGE_WEIGHT, Batcher};
pub use queue::Closed;
