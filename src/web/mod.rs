//! What every request passes: its id, the access log, limits, and how bodies and queries are read.

pub mod client_address;
pub mod json;
pub mod limits;
pub mod methods;
pub mod metrics;
pub mod query;
pub mod trace;

pub use query::Query;
