//! Suppliers and their items, purchase orders, and proposals for what to order next.

pub mod suppliers;

pub mod purchase_orders;

pub mod proposal;
pub mod reorder;

pub mod queries;

pub mod api;
