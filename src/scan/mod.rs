//! Finds the product or the document of a scanned code.

pub mod queries;

pub mod api;
