//! Orders: their items, and the history of their status.

pub mod allocation;
pub mod api;
pub mod guest_token;
pub mod order;
pub(crate) mod owed;
pub mod queries;
pub mod response;
pub mod search;
pub mod shipment_state;
pub mod status;
pub mod tax_line;
pub mod unfulfilled;
