//! The HTTP layer below the endpoints: connections, request ids, the access log, limits, files of the program, and the
//! extractors of bodies and queries.

pub mod access_log;
pub mod admit;
pub mod body;
pub mod client_address;
pub mod connection;
pub mod cors;
pub mod csv;
pub mod embedded_files;
pub mod event_stream;
pub mod file_memory;
pub mod file_stream;
pub mod form;
pub mod headers;
pub mod hosts;
pub mod json;
mod json_check;
mod json_words;
pub mod limits;
pub mod methods;
pub mod metrics;
mod parts;
mod path_names;
#[cfg(target_os = "linux")]
mod process_metrics;
pub mod query;
pub mod serve;
pub mod sort;
pub mod trace;

pub use query::Query;
pub use sort::{SortQuery, limit_of_feed, refuse_beyond};
