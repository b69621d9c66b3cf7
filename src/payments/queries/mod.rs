//! The SQL of payments, refunds and providers' callbacks.

pub mod events;
pub mod exchanges;
pub mod payments;
