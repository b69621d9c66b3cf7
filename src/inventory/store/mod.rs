//! The SQL of stock.

pub mod availability;
pub mod holds;
pub mod levels;
pub mod reservations;
