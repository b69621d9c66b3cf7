//! The SQL of orders, their items and their history.

pub mod history;
pub mod items;
pub mod list;
pub mod orders;
pub mod terms;
