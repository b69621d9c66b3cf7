//! What carts and payment windows hold, and how their holds end.

pub mod api;
pub mod fold;
pub mod queries;
