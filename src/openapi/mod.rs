//! The OpenAPI document, made of the same table that the routes are mounted from.

pub mod document;
pub mod endpoint;
pub mod entry_points;
pub mod swagger;

pub use endpoint::Endpoint;
