//! The OpenAPI 3.1 document. It is created from the same table as the routes.

pub mod document;
pub mod endpoint;
pub mod entry_points;
mod examples;
mod handler;
mod operation;
mod parameters;
mod responses;
mod schema_of;
mod schemas;
pub mod swagger;

pub use endpoint::Endpoint;
