//! An import, and its state.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input_row::Columns;
use super::kind::OnError;
use super::outcome::{Outcome, RowAction, WriteMode};
use crate::db::Failure;
use crate::error::{ApiError, Code};
use crate::kernel::id::{ImportId, UserId};
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The state of an import. `failed`: a row was refused, and nothing was changed, because `on_error` is `stop`. Or the
    /// rows after the processed ones could not be written, for the reason in `failure`.
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
    /// The failed attempts to write the next rows.
    pub attempts: i64,
    /// The time of the next attempt, if one has failed.
    pub retry_at: Option<DateTime<Utc>>,
    /// The reason of the last failed attempt.
    pub failure: Option<String>,
}

/// The largest number of attempts to write the same rows. With the pauses between them, they take about four minutes.
const MAX_ATTEMPTS: i64 = 10;

/// The longest pause between two attempts. The first pause is a second, and each further one is twice as long.
const MAX_PAUSE_SECONDS: i64 = 60;

/// The number of rows with each result.
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
        (self.attempts, self.retry_at, self.failure) = (0, None, None);
        if self.next_row > self.row_count {
            let has_failed = self.on_error == OnError::Stop && self.counts.refused > 0;
            self.state = if has_failed { ImportState::Failed } else { ImportState::Done };
            self.finished_at = Some(now);
        }
    }

    /// Records that the next rows could not be written. After `MAX_ATTEMPTS` failed attempts, the import has failed.
    pub fn fail(&mut self, reason: &str, now: DateTime<Utc>) {
        self.attempts = self.attempts.saturating_add(1);
        self.failure = Some(reason.to_owned());
        if self.attempts >= MAX_ATTEMPTS {
            (self.state, self.finished_at, self.retry_at) = (ImportState::Failed, Some(now), None);
            return;
        }
        let doublings = u32::try_from(self.attempts.saturating_sub(1)).unwrap_or(u32::MAX);
        let pause = 1_i64.checked_shl(doublings).unwrap_or(MAX_PAUSE_SECONDS).clamp(1, MAX_PAUSE_SECONDS);
        self.retry_at = now.checked_add_signed(TimeDelta::seconds(pause));
    }
}

/// The reason of a failed attempt for clients, without the message of the database.
#[must_use]
pub const fn reason_of(failure: &Failure) -> &'static str {
    match failure {
        Failure::LockTimeout => "Other changes have locked the same products for too long.",
        Failure::Retry(_) => "Other changes of the same products came between again and again.",
        Failure::StatementTimeout => "The database needed too much time.",
        _ => "Something went wrong on our side. The log of the server has the details.",
    }
}

/// The 404 error for an import.
#[must_use]
pub fn not_found() -> ApiError {
    ApiError::not_found(Code::ImportNotFound, "The import")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::kind::ImportKind;

    fn import() -> Import {
        Import {
            id: ImportId(1),
            columns: Columns { kind: ImportKind::Products, names: Vec::new() },
            on_error: OnError::Skip,
            dry_run: false,
            state: ImportState::Running,
            content_hash: Vec::new(),
            row_count: 2,
            next_row: 1,
            counts: RowCounts::default(),
            created_by: UserId(1),
            created_at: DateTime::UNIX_EPOCH,
            finished_at: None,
            attempts: 0,
            retry_at: None,
            failure: None,
        }
    }

    #[test]
    fn attempts_have_growing_pauses_and_an_end() {
        let (mut import, now) = (import(), DateTime::UNIX_EPOCH);
        let mut pauses = Vec::new();
        while import.state == ImportState::Running {
            import.fail(reason_of(&Failure::StatementTimeout), now);
            pauses.extend(import.retry_at.map(|at| at.timestamp()));
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!((import.state, import.finished_at), (ImportState::Failed, Some(now)));
        assert_eq!(import.failure.as_deref(), Some("The database needed too much time."));
    }

    #[test]
    fn written_rows_end_the_attempts() {
        let mut import = import();
        import.fail("once", DateTime::UNIX_EPOCH);
        import.advance(&[Outcome::new(RowAction::Created)], DateTime::UNIX_EPOCH);
        assert_eq!((import.attempts, import.retry_at, import.failure.as_deref()), (0, None, None));
        assert_eq!((import.state, import.next_row), (ImportState::Running, 2));
    }
}
