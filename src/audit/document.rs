//! The parts of the changes of documents that all kinds of documents have in common.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::queries::{self, NewAuditEntry};
use super::words::{Action, Entity};
use crate::auth::Scope;
use crate::error::{Abort, ApiError, Code};
use crate::events::{self, EventType, RecordedEvent};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::expected_version::ExpectedVersion;
use crate::kernel::history_step::HistoryStep;

/// A document with a version, whose changes are recorded in the audit.
pub trait Document {
    /// The kind and the number, at the start of a sentence: `Count CNT-20261121-0A1B2C3D4E`.
    fn title(&self) -> String;

    fn version(&self) -> i64;

    /// The entity under which the audit has its changes, with the id.
    fn audited_entity(&self) -> (Entity, i64);

    /// The document without its lines as it is now, for the data of an event.
    fn event_data(&self) -> Value;
}

/// The document that a request names, and the version that its caller expects.
#[derive(Clone, Debug)]
pub struct Target<Id> {
    pub name: DocumentRef<Id>,
    pub expected_version: Option<ExpectedVersion>,
}

impl<Id: From<i64>> Target<Id> {
    #[must_use]
    pub fn from_path(segment: &str, expected_version: Option<ExpectedVersion>) -> Self {
        Self { name: DocumentRef::from_path(segment), expected_version }
    }
}

impl<Id> Target<Id> {
    /// Refuses a document that has another version than the expected one.
    pub fn require_version(&self, document: &impl Document) -> Result<(), ApiError> {
        let version = document.version();
        if self.expected_version.is_some_and(|expected| !expected.is(version)) {
            let detail = format!("{} has version {version} by now.", document.title());
            return Err(ApiError::new(Code::StaleDocument, detail));
        }
        Ok(())
    }
}

/// The change of a document, for the history and the audit.
#[derive(Clone, Copy, Debug)]
pub struct DocumentChange<'a> {
    pub action: Action,
    /// The participle of the change, such as `submitted`.
    pub done: &'a str,
    pub reason: Option<&'a str>,
    /// The event of the change, if there is one.
    pub event: Option<EventType>,
}

impl DocumentChange<'_> {
    /// The step of the history for a changed status.
    pub fn history_step<S>(&self, scope: &Scope, from: Option<S>, to: S, at: DateTime<Utc>) -> HistoryStep<S> {
        HistoryStep { from, to, reason: self.reason.map(ToOwned::to_owned), actor: scope.actor(), at }
    }

    /// The entry of the change in the audit.
    pub fn audit_entry(&self, document: &impl Document) -> NewAuditEntry {
        let (entity, entity_id) = document.audited_entity();
        NewAuditEntry { entity, entity_id, action: self.action, detail: format!("{} {}", document.title(), self.done) }
    }

    /// Records the change in the audit, and its event. The data of the event has the lines, if there are some.
    pub fn append_audit(
        &self,
        conn: &mut PgConnection,
        scope: &Scope,
        (document, lines): (&impl Document, &[Value]),
        at: DateTime<Utc>,
    ) -> Result<(), Abort> {
        let entry = self.audit_entry(document);
        let entity_id = entry.entity_id;
        queries::append(conn, scope, &entry, at)?;
        if let Some(event_type) = self.event {
            let mut data = events::merged(document.event_data(), json!({"reason": self.reason}));
            if !lines.is_empty() {
                data = events::merged(data, json!({"lines": lines}));
            }
            events::record(
                scope.store,
                &RecordedEvent::new(event_type, entity_id, &scope.actor(), at).with_data(data),
            )?;
        }
        Ok(())
    }
}
