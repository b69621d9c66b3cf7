//! The holds of carts and payment windows, and how they end.

pub mod api;
pub mod fold;
pub mod queries;
