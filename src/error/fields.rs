//! Refused fields, as many as an answer has room for.

use super::FieldError;

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
