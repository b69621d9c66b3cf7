//! The expected demand of a variant.

pub mod api;
