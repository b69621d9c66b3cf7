//! Requests of one store that wait at the same time share a transaction.
//!
//! This module knows nothing of checkout: it batches any kind of request that is done once.

mod batcher;
mod queue;

pub use batcher::Batcher;
pub use queue::Closed;
