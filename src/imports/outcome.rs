//! The results of rows.

use serde::Serialize;
use utoipa::ToSchema;

use crate::db::Failure;
use crate::error::{Abort, ApiError, FieldError};
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The result of a row.
    #[derive(Serialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum RowAction {
        Created,
        Updated,
        Unchanged,
        Refused,
    }
}

/// The result of a row, with the refused cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub action: RowAction,
    pub errors: Vec<FieldError>,
    /// The stock row or the line of an order that the row is about. A file can name it in several ways.
    pub target: Option<String>,
}

/// The maximal number of errors of a row.
const MAX_ERRORS: usize = 20;

impl Outcome {
    #[must_use]
    pub const fn new(action: RowAction) -> Self {
        Self { action, errors: Vec::new(), target: None }
    }

    #[must_use]
    pub fn refused(mut errors: Vec<FieldError>) -> Self {
        errors.truncate(MAX_ERRORS);
        Self { action: RowAction::Refused, errors, target: None }
    }

    /// Adds the target that the row is about.
    #[must_use]
    pub fn about(self, target: String) -> Self {
        Self { target: Some(target), ..self }
    }

    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.action == RowAction::Refused
    }
}

/// The errors of a refusal. A refusal without fields becomes an error of this column.
#[must_use]
pub fn errors_of(refusal: ApiError, column: &str) -> Vec<FieldError> {
    match refusal.extra.errors.as_slice() {
        [] => vec![FieldError::new(column, refusal.detail)],
        errors => errors.to_vec(),
    }
}

/// Lets the transaction run again, and decide on the new data, if a write is refused. All refusals are decided before
/// the first write. So a refused write means that another transaction has committed in between, and has taken a code,
/// for example.
pub fn retry_if_refused(abort: Abort) -> Abort {
    match abort {
        Abort::Refused(refusal) => Abort::Failed(Failure::Retry(refusal.detail)),
        other => other,
    }
}

/// Decides whether rows that are not refused are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteMode {
    /// They are written.
    Always,
    /// They are written if no row is refused.
    IfNoneRefused,
    Never,
}

impl WriteMode {
    /// True if rows with these outcomes are written.
    #[must_use]
    pub fn writes(self, outcomes: &[Outcome]) -> bool {
        match self {
            Self::Always => true,
            Self::IfNoneRefused => !outcomes.iter().any(Outcome::is_refused),
            Self::Never => false,
        }
    }
}
