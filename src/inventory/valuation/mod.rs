//! The value of the stock: sums over the ledger, by a job. Nothing that sells or moves units knows of it.

pub mod value;

pub mod correct;
pub mod resolve;
pub mod row;
pub mod stock_event;
pub mod value_by_place;
pub mod value_ledger;
pub mod verify;

pub mod queries;

pub mod api;
