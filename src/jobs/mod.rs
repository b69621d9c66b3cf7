//! What the server does on its own.
//!
//! A job takes no input and may run on several servers at once: it finds out what is due and does
//! it. Nothing that a client sees depends on a job having run.

pub mod apply_events;
pub mod check;
mod discover;
pub mod expire;
pub mod fold;
pub mod purge;
pub mod runner;
pub mod send_mail;
pub mod tokens;

use std::sync::Arc;

use crate::auth::token_versions::TokenVersions;
use crate::db::Database;
use crate::http::limits::Limiters;
use crate::http::metrics::Metrics;
use crate::mail::Mailer;

pub use runner::Runner;

/// What the jobs work with. Each job is a method, so that tests can step it.
#[derive(Clone)]
pub struct Jobs {
    pub database: Database,
    pub limiters: Arc<Limiters>,
    pub metrics: Metrics,
    pub token_versions: Arc<TokenVersions>,
    /// How long answers are kept for a repeated key.
    pub keep_hours: i64,
    /// None where mail is off.
    pub mailer: Option<Mailer>,
}
