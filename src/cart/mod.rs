//! Carts: what a customer means to buy, what it costs, and what stands in the way.

pub mod api;
pub mod holding;
pub mod pricing;
pub mod queries;
pub mod response;
