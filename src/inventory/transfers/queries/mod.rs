//! The SQL of transfers.

pub mod documents;
pub mod lines;
pub mod places;
pub mod receipts;
