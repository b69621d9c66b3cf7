//! The SQL of products and variants.

pub mod barcodes;
pub mod codes;
pub mod listing_keys;
pub mod products;
pub mod scanned;
pub mod sellables;
pub mod variant_counts;
pub mod variants;
