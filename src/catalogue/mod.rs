//! Products and their variants.

pub mod store;
