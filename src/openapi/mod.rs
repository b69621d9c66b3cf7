//! The OpenAPI 3.1 document, written from the same table that the routes are mounted from.

pub mod document;
pub mod endpoint;
mod examples;
mod operation;
mod parameters;
mod responses;
mod schemas;

pub use endpoint::Endpoint;
