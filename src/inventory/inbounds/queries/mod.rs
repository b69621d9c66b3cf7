//! The SQL of documents of goods that arrive.

pub mod documents;
pub mod incoming;
pub mod lines;
pub mod listing;
pub mod places;
pub mod receipts;
pub mod supply;
