//! The SQL of returns.

pub mod documents;
pub mod lines;
pub mod receipts;
