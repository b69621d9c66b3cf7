//! An import, and its state.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input_row::Columns;
use super::kind::OnError;
use super::outcome::{Outcome, RowAction, WriteMode};
use crate::error::{ApiError, Code};
use crate::kernel::id::{ImportId, UserId};
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The state of an import. `failed`: a row was refused, and nothing was changed, because `on_error` is `stop`.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum ImportState {
        Running,
        Done,
        Failed,
    }
}

/// An import to create.
#[derive(Clone, Debug)]
pub struct NewImport {
    pub columns: Columns,
    pub on_error: OnError,
    pub dry_run: bool,
    pub content_hash: Vec<u8>,
    pub row_count: i64,
    pub created_by: UserId,
}

/// An import as it is stored, without its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    pub id: ImportId,
    pub columns: Columns,
    pub on_error: OnError,
    pub dry_run: bool,
    pub state: ImportState,
    pub content_hash: Vec<u8>,
    pub row_count: i64,
    /// The first row without a result.
    pub next_row: i64,
    pub counts: RowCounts,
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// The rows of each result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCounts {
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub refused: i64,
}

impl RowCounts {
    fn add(&mut self, action: RowAction) {
        let count = match action {
            RowAction::Created => &mut self.created,
            RowAction::Updated => &mut self.updated,
            RowAction::Unchanged => &mut self.unchanged,
            RowAction::Refused => &mut self.refused,
        };
        *count = count.saturating_add(1);
    }
}

impl Import {
    #[must_use]
    pub const fn write_mode(&self) -> WriteMode {
        match (self.dry_run, self.on_error) {
            (true, _) => WriteMode::Never,
            (false, OnError::Stop) => WriteMode::IfNoneRefused,
            (false, OnError::Skip) => WriteMode::Always,
        }
    }

    /// Counts the results of the next rows, and ends the import after the last one.
    pub fn advance(&mut self, outcomes: &[Outcome], now: DateTime<Utc>) {
        for outcome in outcomes {
            self.counts.add(outcome.action);
            self.next_row = self.next_row.saturating_add(1);
        }
        if self.next_row > self.row_count {
            let has_failed = self.on_error == OnError::Stop && self.counts.refused > 0;
            self.state = if has_failed { ImportState::Failed } else { ImportState::Done };
            self.finished_at = Some(now);
        }
    }
}

/// The 404 error for an import.
#[must_use]
pub fn not_found() -> ApiError {
    ApiError::not_found(Code::ImportNotFound, "The import")
}
