//! Reports over many rows, and the check of the invariants.

pub mod api;
mod rounded;

pub mod forecast;
pub mod holds;
pub mod sales;
pub mod stock;

pub mod queries;
mod rules;
pub mod verify;
