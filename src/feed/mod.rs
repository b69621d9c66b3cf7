//! Reads the feed: every event of a store, once, in an order that never changes.
//!
//! A row of the feed has the recorded events of one transaction, then its stock movements, which are events of the type
//! `stock.changed`, then the changes of stock statuses. The data of an event is read from the rows that the event is
//! about. Streams send new events at once, and the available units of products.

pub mod api;
pub mod availability;
mod data;
pub mod page;
pub mod queries;
pub mod response;
pub mod streams;
mod subject;
