//! The periods in which variants were out of stock. The relay writes them when it finds the changes of stock statuses.

pub mod period;
pub mod queries;
