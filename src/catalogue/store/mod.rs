//! The SQL of products and variants.

pub mod sellables;
