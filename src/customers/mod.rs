//! The stored addresses of customers.

pub mod create_address;

pub mod api;
pub mod queries;
