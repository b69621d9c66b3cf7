//! The status of a transfer. After the units were sent, it follows from the lines.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::line::LineCounts;
use crate::error::{ApiError, Code};
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The status of a transfer.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum TransferStatus {
        Draft,
        /// The units are held at the source.
        Ready,
        InTransit,
        PartiallyReceived,
        /// No unit is outstanding.
        Received,
        Cancelled,
    }
}

impl TransferStatus {
    /// The status of a transfer whose units were sent.
    pub fn of_sent(lines: impl IntoIterator<Item = LineCounts>) -> Self {
        let (mut is_open, mut has_ended_in_part) = (false, false);
        for line in lines {
            is_open |= line.outstanding > 0;
            has_ended_in_part |= line.has_ended_in_part();
        }
        match (is_open, has_ended_in_part) {
            (false, _) => Self::Received,
            (true, true) => Self::PartiallyReceived,
            (true, false) => Self::InTransit,
        }
    }

    #[must_use]
    pub fn is_sent(self) -> bool {
        match self {
            Self::InTransit | Self::PartiallyReceived | Self::Received => true,
            Self::Draft | Self::Ready | Self::Cancelled => false,
        }
    }

    /// Refuses unless this status is among the allowed ones. `done` is the participle of the act, such as `sent`.
    pub fn require(self, allowed: &[Self], done: &str) -> Result<(), ApiError> {
        if allowed.contains(&self) {
            return Ok(());
        }
        let mut detail = format!("A transfer that is '{}' can't be {done}.", self.as_str());
        if self.is_sent() && done == CANCELLED {
            detail.push_str(" Settle the units that do not arrive (POST /transfers/{id}/settle).");
        }
        Err(ApiError::new(Code::InvalidTransition, detail))
    }
}

/// The participle of a cancellation.
pub const CANCELLED: &str = "cancelled";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_follows_from_the_lines() {
        let line = |outstanding: i64, accepted: i64, lost: i64| LineCounts {
            planned: 9,
            outstanding,
            accepted,
            lost,
            ..LineCounts::default()
        };
        for (lines, status) in [
            (vec![line(5, 0, 0), line(0, 0, 0)], TransferStatus::InTransit),
            (vec![line(5, 0, 0), line(0, 4, 0)], TransferStatus::PartiallyReceived),
            (vec![line(1, 0, 4)], TransferStatus::PartiallyReceived),
            (vec![line(0, 5, 0), line(0, 0, 4)], TransferStatus::Received),
        ] {
            assert_eq!(TransferStatus::of_sent(lines.clone()), status, "{lines:?}");
        }
    }

    #[test]
    fn a_refused_cancel_names_settle_after_the_units_were_sent() {
        let allowed = [TransferStatus::Draft, TransferStatus::Ready];
        assert!(TransferStatus::Ready.require(&allowed, CANCELLED).is_ok());
        for (status, names_settle) in [(TransferStatus::InTransit, true), (TransferStatus::Cancelled, false)] {
            let refusal = status.require(&allowed, CANCELLED).unwrap_err();
            assert_eq!((refusal.code, refusal.detail.contains("settle")), (Code::InvalidTransition, names_settle));
        }
    }
}
