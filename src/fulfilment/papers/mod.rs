//! The papers of an order: its invoice, and the packing slips of its shipments.

pub mod content;
pub mod issue;
pub mod packing_slip;
pub mod queries;
pub mod render;
pub mod response;
