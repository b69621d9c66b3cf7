//! Orders: what was bought, and every status it has had.

pub mod api;
pub mod guest_token;
pub mod order;
pub mod queries;
pub mod response;
pub mod status;
