//! Products and their variants.

pub mod barcode;
pub mod changes;
pub mod codes;
pub mod lines;
pub mod listing_keys;
pub mod product;
pub mod queries;
pub mod size;
pub mod sku;
