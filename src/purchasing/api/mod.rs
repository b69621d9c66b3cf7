//! The operations of purchasing.

pub mod items;
pub mod orders;
pub mod reorder;
pub mod suppliers;
