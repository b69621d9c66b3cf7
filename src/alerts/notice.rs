//! A fact that a rule is about, and the events in which facts are found.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::rule::{AlertKind, Rule};
use crate::events::RecordedEvent;
use crate::kernel::cursor::Cursor;
use crate::kernel::id::{AlertId, StoreId};

/// A fact that a rule is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub alert: AlertId,
    /// Names the fact. Two facts of a rule have different names.
    pub about: String,
    /// The values for the template.
    pub data: Value,
}

/// The events of some rows of the feed.
pub struct Batch<'a> {
    pub store: StoreId,
    pub events: &'a [(Cursor, RecordedEvent)],
    /// The first and the last position of the rows.
    pub positions: (i64, i64),
    /// The active rules of the store.
    pub rules: &'a [Rule],
    pub at: DateTime<Utc>,
}

impl Batch<'_> {
    pub fn rules_of(&self, kind: AlertKind) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.kind == kind)
    }

    pub fn has_rules(&self, kind: AlertKind) -> bool {
        self.rules_of(kind).next().is_some()
    }
}

/// A time in a mail.
#[must_use]
pub fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
