//! The audit: the actor, the change and the time of every write.
//!
//! Stock movements, status changes of orders and payments are their own audit entries. Every other write has a
//! row of its own, and so does every act of a transfer, a purchase order, a count or a return.

pub mod api;
pub mod document;
pub mod queries;
pub mod words;

pub use queries::{NewAuditEntry, append, append_by};
pub use words::{Action, Entity};
