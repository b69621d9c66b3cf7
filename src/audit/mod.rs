//! The audit: the actor, the change and the time of every write.
//!
//! Stock movements, status changes of orders and payments are their own audit entries. Every other write gets a row
//! of its own.

pub mod api;
pub mod queries;
pub mod words;

pub use queries::{NewEntry, append, append_by};
pub use words::{Action, Entity};
