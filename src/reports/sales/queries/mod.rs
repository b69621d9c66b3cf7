//! The SQL of the roll-ups of sales, and of the reports that read them.

pub mod customers;
pub mod days;
mod facts;
pub mod progress;
pub mod reading;
pub mod rollups;
pub mod top;
pub mod units;
