//! Refused fields, as many as an answer has room for.

use serde::Serialize;
use utoipa::ToSchema;

use super::MAX_MESSAGE;
use crate::kernel::text::shortened;

/// The longest name of a field in an answer.
const MAX_FIELD: usize = 200;

/// A field that was refused, named as in the request: `items[0].quantity`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

impl FieldError {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        // Both may quote what the client sent.
        Self { field: shortened(field.into(), MAX_FIELD), message: shortened(message.into(), MAX_MESSAGE) }
    }
}

/// More are counted, but not kept.
const MOST: usize = 20;

/// The first fields that were refused, and the number of the others.
#[derive(Debug, Default)]
pub struct FieldErrors {
    kept: Vec<FieldError>,
    left_out: usize,
}

impl FieldErrors {
    pub fn push(&mut self, field: &str, message: &str) {
        if self.kept.len() < MOST {
            self.kept.push(FieldError::new(field, message));
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(super) fn into_parts(self) -> (Vec<FieldError>, usize) {
        (self.kept, self.left_out)
    }
}

impl From<Vec<FieldError>> for FieldErrors {
    fn from(mut errors: Vec<FieldError>) -> Self {
        let left_out = errors.len().saturating_sub(MOST);
        errors.truncate(MOST);
        Self { kept: errors, left_out }
    }
}

/// The first one in a sentence.
pub(super) fn describe(errors: &[FieldError]) -> String {
    match errors.first() {
        Some(first) if first.field.is_empty() => first.message.clone(),
        Some(first) => format!("{}: {}", first.field, first.message),
        None => "The request is not valid.".to_owned(),
    }
}
