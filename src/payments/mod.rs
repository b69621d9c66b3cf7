//! Money received and given back, and what providers tell of it.

pub mod event;
pub mod queries;
mod units;
