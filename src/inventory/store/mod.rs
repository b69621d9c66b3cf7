//! The SQL of stock.

pub mod availability;
pub mod levels;
