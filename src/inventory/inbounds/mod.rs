//! Documents of goods that arrive at a place: transfers from another place, and purchase orders. Their lines, receipts
//! and reversals have the same rules.

pub mod line;
pub mod origin;
pub mod status;

pub mod arrival;
pub mod document;
pub mod draft;
pub mod draft_line;
pub mod units;

pub mod receipt;
pub mod receive;
pub mod supply;

pub mod response;

pub mod queries;

pub mod api;
