//! Figures over many rows, and the check of the books.

pub mod api;
mod rules;
pub mod store;
pub mod verify;
