//! The operations of purchasing.

pub mod items;
pub mod purchase_orders;
pub mod reorder;
pub mod suppliers;
