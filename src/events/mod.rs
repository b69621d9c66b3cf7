//! Events: facts that other systems follow.
//!
//! A use case records its events in the transaction that changes the data. They become part of the feed when that
//! transaction commits (`db/outbox.rs`). The module `feed` reads them.

pub mod event_type;
pub mod feed_ends;
pub mod queries;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::db::Failure;
use crate::db::outbox;
use crate::kernel::id::StoreId;

pub use event_type::{EventType, SubjectKind};

/// An event that is not a stock movement, as the outbox stores it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedEvent {
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// The id of the object that the event is about. Its kind follows from the type.
    pub subject: i64,
    pub actor: String,
    pub at: DateTime<Utc>,
    /// The row that the data of the event is read from, if it is not that of the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<i64>,
    /// Data that no row keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl RecordedEvent {
    #[must_use]
    pub fn new(event_type: EventType, subject: i64, actor: &str, at: DateTime<Utc>) -> Self {
        Self { event_type, subject, actor: actor.to_owned(), at, source: None, data: None }
    }

    #[must_use]
    pub fn with_source(self, source: i64) -> Self {
        Self { source: Some(source), ..self }
    }

    #[must_use]
    pub fn with_data(self, data: Value) -> Self {
        Self { data: Some(data), ..self }
    }
}

/// The fields of two JSON objects.
#[must_use]
pub fn merged(data: Value, more: Value) -> Value {
    match (data, more) {
        (Value::Object(mut data), Value::Object(more)) => {
            data.extend(more);
            Value::Object(data)
        }
        (data, _) => data,
    }
}

/// Records an event of the transaction of this thread.
pub fn record(store: StoreId, event: &RecordedEvent) -> Result<(), Failure> {
    let event = serde_json::to_value(event).map_err(|error| Failure::Internal(format!("an event: {error}")))?;
    outbox::note(store, |appended| appended.events.push(event));
    Ok(())
}
