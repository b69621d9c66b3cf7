//! The access log: one line for each request. Many refused requests of one address share a line.

pub mod refused;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use actix_web::http::StatusCode;

use crate::kernel::text::shortened;

/// Longer paths and methods are shortened, so that clients cannot fill the log.
const MAX_PATH: usize = 200;
const MAX_METHOD: usize = 20;

/// The account and store of a request. They are set during its processing, in the extensions of the request.
#[derive(Clone, Debug, Default)]
pub struct Subject(Arc<Ids>);

/// 0 means unknown, because ids begin at 1.
#[derive(Debug, Default)]
struct Ids {
    account: AtomicI64,
    store: AtomicI64,
}

impl Subject {
    pub fn set_account(&self, id: i64) {
        self.0.account.store(id, Ordering::Relaxed);
    }

    pub fn set_store(&self, id: i64) {
        self.0.store.store(id, Ordering::Relaxed);
    }

    /// True if the caller is signed in.
    pub fn has_account(&self) -> bool {
        self.0.account.load(Ordering::Relaxed) != 0
    }
}

/// The content of a line.
pub struct Line<'a> {
    pub method: &'a str,
    pub route: &'a str,
    pub path: &'a str,
    pub status: StatusCode,
    pub took: Duration,
    pub request_id: &'a str,
    pub remote: &'a str,
}

impl Line<'_> {
    /// An internal error is no refusal: somebody must act.
    fn is_refused(&self) -> bool {
        self.status.is_client_error() || self.status == StatusCode::SERVICE_UNAVAILABLE
    }

    pub fn write(&self, subject: Option<&Subject>) {
        if !log::log_enabled!(target: "stockroom::access", log::Level::Info) {
            return;
        }
        if self.is_refused() && !refused::count(self.remote) {
            return;
        }
        let id = |of: fn(&Ids) -> &AtomicI64| Id(subject.map_or(0, |subject| of(&subject.0).load(Ordering::Relaxed)));
        let path = shortened(self.path.into(), MAX_PATH);
        let method = shortened(self.method.into(), MAX_METHOD);
        log::info!(
            target: "stockroom::access",
            method = &*method, route = self.route, path = &*path, status = self.status.as_u16(),
            duration_us = self.took.as_micros() as u64, account:% = id(|ids| &ids.account),
            store:% = id(|ids| &ids.store), remote = self.remote, request_id = self.request_id;
            "request"
        );
    }
}

/// An id that is shown as `-` if it is unknown.
struct Id(i64);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 { f.write_str("-") } else { self.0.fmt(f) }
    }
}
