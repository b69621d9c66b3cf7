//! The status of a count follows from its lines.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{ApiError, Code};
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The status of a count.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum CountStatus {
        /// A line is open.
        Open,
        /// A line waits for its posting, or was refused.
        Submitted,
        /// Every line has ended.
        Posted,
        Cancelled,
    }
}

text_enum! {
    /// The status of a line.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum LineStatus {
        /// It can be counted.
        Open,
        /// It waits for its posting.
        Submitted,
        /// Nobody counted it, and its stock stays.
        Uncounted,
        Posted,
        /// A newer observation of the stock row was posted.
        Superseded,
        /// More units are promised than were counted.
        Refused,
        Cancelled,
    }
}

/// The number of lines of each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CountLineTotals)]
pub struct LineTotals {
    pub total: i64,
    /// The lines that somebody has counted.
    pub counted: i64,
    pub open: i64,
    pub submitted: i64,
    pub uncounted: i64,
    pub posted: i64,
    pub superseded: i64,
    pub refused: i64,
    pub cancelled: i64,
}

impl LineTotals {
    pub fn add(&mut self, status: LineStatus, lines: i64, counted: i64) {
        let of_status = match status {
            LineStatus::Open => &mut self.open,
            LineStatus::Submitted => &mut self.submitted,
            LineStatus::Uncounted => &mut self.uncounted,
            LineStatus::Posted => &mut self.posted,
            LineStatus::Superseded => &mut self.superseded,
            LineStatus::Refused => &mut self.refused,
            LineStatus::Cancelled => &mut self.cancelled,
        };
        *of_status = of_status.saturating_add(lines);
        self.total = self.total.saturating_add(lines);
        self.counted = self.counted.saturating_add(counted);
    }
}

impl CountStatus {
    #[must_use]
    pub const fn from_lines(lines: &LineTotals) -> Self {
        if lines.cancelled > 0 {
            Self::Cancelled
        } else if lines.open > 0 {
            Self::Open
        } else if lines.submitted > 0 || lines.refused > 0 {
            Self::Submitted
        } else {
            Self::Posted
        }
    }

    /// Refuses unless this status is among the allowed ones. `done` is the participle of the change, such as `posted`.
    pub fn require(self, allowed: &[Self], done: &str) -> Result<(), ApiError> {
        if allowed.contains(&self) {
            return Ok(());
        }
        let detail = format!("A count that is '{}' can't be {done}.", self.as_str());
        Err(ApiError::new(Code::InvalidTransition, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_follows_from_the_lines() {
        use LineStatus::{Cancelled, Open, Posted, Refused, Submitted, Superseded, Uncounted};
        for (lines, status) in [
            (vec![Open, Open], CountStatus::Open),
            (vec![Submitted, Open, Posted, Refused], CountStatus::Open),
            (vec![Submitted, Uncounted], CountStatus::Submitted),
            (vec![Posted, Refused, Superseded], CountStatus::Submitted),
            (vec![Posted, Superseded, Uncounted], CountStatus::Posted),
            (vec![Posted, Cancelled], CountStatus::Cancelled),
        ] {
            let mut totals = LineTotals::default();
            lines.iter().for_each(|line| totals.add(*line, 1, 0));
            assert_eq!(CountStatus::from_lines(&totals), status, "{lines:?}");
        }
    }
}
