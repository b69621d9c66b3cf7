//! The background jobs of the server.
//!
//! A job takes no input and may run on several servers at once: it finds the work that is due and does it. No
//! response depends on the last run of a job.

pub mod apply_events;
pub mod deliver_webhooks;
mod discover;
pub mod expire;
pub mod fill_folded_text;
pub mod find_scarce_variants;
pub mod fold_reports;
pub mod forecast_demand;
pub mod purge;
pub mod relay_feed;
pub mod run_imports;
pub mod runner;
pub mod send_mail;
pub mod server_state;
pub mod value_stock;
mod webhook_slots;
pub mod write_mails;
pub mod write_search_texts;

use std::sync::Arc;

use tokio::sync::Notify;

use crate::auth::token_versions::TokenVersions;
use crate::db::Database;
use crate::events::feed_ends::FeedEnds;
use crate::http::limits::Limiters;
use crate::http::metrics::Metrics;
use crate::mail::Mailer;
use crate::webhooks::HttpClient;

pub use runner::Runner;

/// The resources of the jobs. Cheap to clone. Each job is a method, so that tests can run it directly.
#[derive(Clone)]
pub struct Jobs {
    pub database: Database,
    pub limiters: Arc<Limiters>,
    pub metrics: Metrics,
    pub token_versions: Arc<TokenVersions>,
    pub feed_ends: FeedEnds,
    /// Wakes the sender of webhooks after the relay has moved rows to the feed.
    pub feed_moved: Arc<Notify>,
    /// Sends to webhooks.
    pub http_client: HttpClient,
    /// The number of hours for which responses are stored for repeated keys.
    pub keep_hours: i64,
    /// None if mail is off.
    pub mailer: Option<Mailer>,
}
