//! The SQL of purchasing.

pub mod items;
pub mod proposals;
pub mod receipt_costs;
mod scarce_proposals;
pub mod suppliers;
