//! Finds the product or the document of a scanned code.

pub mod kinds;

pub mod queries;

pub mod api;
