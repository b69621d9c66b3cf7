//! Payments and refunds of orders, and the events of payment providers.

pub mod event;
pub mod parts;
pub mod queries;
mod units;
