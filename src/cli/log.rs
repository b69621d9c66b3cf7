//! The log. Every line that is written during a request carries the request's id.

use std::io::Write as _;

use chrono::{SecondsFormat, Utc};
use env_logger::fmt::ConfigurableFormat;
use env_logger::{Builder, Env, Logger};
use log::kv::{Source, ToKey};
use log::{LevelFilter, Log, Metadata, Record, SetLoggerError};
use stockroom::kernel::current_request;

const REQUEST_ID: &str = "request_id";

/// The target of the framework's errors about requests that are not valid HTTP. Those requests already have a line in
/// the access log.
const FRAMEWORK: &str = "actix_http::h1::dispatcher";

/// Starts the log, with the levels of `RUST_LOG`.
pub fn start() -> Result<(), SetLoggerError> {
    let mut text = ConfigurableFormat::default();
    text.timestamp(None).level(false).target(false);
    let logger = Builder::from_env(Env::default().default_filter_or("info"))
        .filter_module(FRAMEWORK, LevelFilter::Off)
        .format(move |line, record| {
            let time = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
            write!(line, "[{time} {:<5} {}] ", record.level(), record.target())?;
            text.format(line, record)
        })
        .build();
    log::set_max_level(logger.filter());
    log::set_boxed_logger(Box::new(WithRequestId(logger)))
}

struct WithRequestId(Logger);

impl Log for WithRequestId {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.0.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        let values = record.key_values();
        match current_request::id() {
            Some(id) if values.get(REQUEST_ID.to_key()).is_none() => {
                let id = (REQUEST_ID, &*id);
                let values: [&dyn Source; 2] = [values, &id];
                self.0.log(&record.to_builder().key_values(&values).build());
            }
            _ => self.0.log(record),
        }
    }

    fn flush(&self) {
        self.0.flush();
    }
}
