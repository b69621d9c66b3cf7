//! The SQL of orders, their items, their shipments and their history.

pub mod history;
pub mod items;
pub mod list;
pub mod new_order_context;
pub mod orders;
pub mod search;
pub mod shipments;
