//! Reads the feed: every event of a store, once, in an order that never changes.
//!
//! A row of the feed has the recorded events of one transaction, and behind them its stock movements, which are events
//! of the type `stock.changed`. The data of an event is made from the rows that it is about.

pub mod api;
mod data;
mod page;
pub mod queries;
mod subject;
