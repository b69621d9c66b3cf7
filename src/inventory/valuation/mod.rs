//! The value of the stock: a fold over the ledger, by a job. Nothing that sells or moves units knows of it.

pub mod fold;

pub mod correct;
pub mod fold_ledger;
pub mod resolve;
pub mod row;
pub mod stock_event;
pub mod value_by_place;
pub mod verify;

pub mod queries;

pub mod api;
