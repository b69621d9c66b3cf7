//! The SQL of stock.

pub mod levels;
