//! Products and their variants.

pub mod changes;
pub mod lines;
pub mod product;
pub mod sku;
pub mod store;
