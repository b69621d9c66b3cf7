//! The OpenAPI 3.1 document, written from the same table that the routes are mounted from.

pub mod document;
pub mod endpoint;
pub mod entry_points;
mod examples;
mod operation;
mod parameters;
mod responses;
mod schemas;
pub mod swagger;

pub use endpoint::Endpoint;
