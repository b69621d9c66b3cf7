//! The SQL of purchasing.

pub mod items;
pub mod proposals;
pub mod receipt_costs;
pub mod suppliers;
