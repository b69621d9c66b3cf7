//! What a scanned code stands for: a product, or a document.

pub mod queries;

pub mod api;
