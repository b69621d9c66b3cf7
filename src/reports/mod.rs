//! Figures over many rows, and the check of the books.

pub mod api;
pub mod store;
pub mod verify;
