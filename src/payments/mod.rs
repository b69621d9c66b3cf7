//! Money received and given back.

pub mod store;
