//! What the server does on its own.
//!
//! A job takes no input and may run on several servers at once: it finds out what is due and does
//! it. Nothing that a client sees depends on a job having run.

pub mod check;
pub mod expire;
pub mod purge;
pub mod runner;

use std::sync::Arc;

use crate::db::Database;
use crate::web::limits::Limiters;
use crate::web::metrics::Metrics;

pub use runner::Runner;

/// What the jobs work with. Each job is a method, so that tests can step it.
#[derive(Clone)]
pub struct Jobs {
    pub database: Database,
    pub limiters: Arc<Limiters>,
    pub metrics: Metrics,
    /// How long answers are kept for a repeated key.
    pub keep_hours: i64,
}
