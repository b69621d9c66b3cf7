//! The SQL of products and variants.

pub mod codes;
pub mod listing_keys;
pub mod products;
pub mod sellables;
pub mod variants;
