//! Reports over many rows, and the check of the invariants.

pub mod api;
pub mod holds;
pub mod queries;
mod rules;
pub mod sales;
pub mod verify;
