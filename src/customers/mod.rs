//! The addresses that customers keep.

pub mod api;
pub mod queries;
