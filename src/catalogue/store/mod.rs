//! The SQL of products and variants.

pub mod products;
pub mod sellables;
pub mod variants;
