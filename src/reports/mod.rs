//! Figures over many rows, and the check of the books.

pub mod api;
pub mod queries;
mod rules;
pub mod verify;
