//! Refused fields, up to the maximal number of a response.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::MAX_MESSAGE;
use crate::kernel::text::shortened;

/// The maximal length of a field name in a response.
const MAX_FIELD: usize = 200;

/// A refused field, named as in the request: `items[0].quantity`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    #[schema(max_length = 200)]
    pub field: String,
    #[schema(max_length = 1000)]
    pub message: String,
}

impl FieldError {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        // Both may quote input of the client.
        let short = |text: String, most| shortened(text.into(), most).into_owned();
        Self { field: short(field.into(), MAX_FIELD), message: short(message.into(), MAX_MESSAGE) }
    }

    /// The same error of a field within an object.
    #[must_use]
    pub fn within(self, object: &str) -> Self {
        Self::new(format!("{object}.{}", self.field), self.message)
    }
}

/// Further fields are counted only.
const MAX_FIELDS: usize = 20;

/// The first refused fields, and the number of the others.
#[derive(Debug, Default)]
pub struct FieldErrors {
    kept: Vec<FieldError>,
    left_out: usize,
}

impl FieldErrors {
    pub fn push(&mut self, field: &str, message: &str) {
        if self.kept.len() < MAX_FIELDS {
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
        let left_out = errors.len().saturating_sub(MAX_FIELDS);
        errors.truncate(MAX_FIELDS);
        Self { kept: errors, left_out }
    }
}

/// The first refused field as a sentence.
pub(super) fn describe(errors: &[FieldError]) -> String {
    match errors.first() {
        Some(first) if first.field.is_empty() => first.message.clone(),
        Some(first) => format!("{}: {}", first.field, first.message),
        None => "The request is not valid.".to_owned(),
    }
}
