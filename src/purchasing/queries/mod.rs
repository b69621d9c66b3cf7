//! The SQL of purchasing.

pub mod items;
pub mod needs;
pub mod receipt_costs;
pub mod suppliers;
