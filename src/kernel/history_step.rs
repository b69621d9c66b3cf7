//! The history of a document or an order.

use chrono::{DateTime, Utc};
use diesel::Queryable;

/// A change from one status to another.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct HistoryStep<S> {
    /// The status before. None for the first one.
    pub from: Option<S>,
    pub to: S,
    pub reason: Option<String>,
    pub actor: String,
    pub at: DateTime<Utc>,
}
