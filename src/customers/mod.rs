//! The stored addresses of customers.

pub mod api;
pub mod queries;
