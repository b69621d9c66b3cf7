//! Who did what and when.
//!
//! A stock movement, a change of an order's status and a payment are their own audit entries;
//! everything else that is written gets a row of its own.

pub mod api;
pub mod queries;
pub mod words;
