//! Reads the feed: every event of a store, once, in an order that never changes.
//!
//! A row of the feed has the recorded events of one transaction, behind them its stock movements, which are events of the
//! type `stock.changed`, and behind them the changes of stock statuses. The data of an event is made from the rows that it
//! is about. Streams send the same events as they come, and the available units of products.

pub mod api;
pub mod availability;
mod data;
pub mod page;
pub mod queries;
pub mod response;
pub mod streams;
mod subject;
