//! The SQL of stock.

pub mod availability;
pub mod due_holds;
pub mod explanation;
pub mod holds;
pub mod levels;
pub mod listing;
pub mod locations;
pub mod low_stock;
pub mod movements;
pub mod past_levels;
pub mod past_stock;
pub mod promises;
pub mod reservations;
pub mod stock_at;
pub mod stock_by_variant;
pub mod summary;
