//! The status of a return. After the first receipt, it follows from the lines.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{ApiError, Code};
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The status of a return.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum ReturnStatus {
        /// The buyer asked for it.
        Requested,
        /// The units are expected.
        Approved,
        PartiallyReceived,
        /// No unit is expected any more.
        Received,
        Rejected,
        Cancelled,
    }
}

impl ReturnStatus {
    /// The statuses in which units may still arrive. Such units cannot be in a second return.
    pub const OPEN: [Self; 3] = [Self::Requested, Self::Approved, Self::PartiallyReceived];

    /// The status after a receipt. Each line has its quantity and its settled units.
    pub fn from_lines(lines: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let is_settled = lines.into_iter().all(|(quantity, settled)| settled >= quantity);
        if is_settled { Self::Received } else { Self::PartiallyReceived }
    }

    /// Refuses unless this status is among the allowed ones. `done` is the participle of the change, such as `received`.
    pub fn require(self, allowed: &[Self], done: &str) -> Result<(), ApiError> {
        if allowed.contains(&self) {
            return Ok(());
        }
        let detail = format!("A return that is '{}' can't be {done}.", self.as_str());
        Err(ApiError::new(Code::InvalidTransition, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_is_received_when_no_line_has_units_left() {
        assert_eq!(ReturnStatus::from_lines([(3, 3), (1, 1)]), ReturnStatus::Received);
        assert_eq!(ReturnStatus::from_lines([(3, 3), (1, 0)]), ReturnStatus::PartiallyReceived);
    }

    #[test]
    fn a_refusal_names_the_status() {
        let refusal = ReturnStatus::Received.require(&[ReturnStatus::Requested], "cancelled").unwrap_err();
        assert_eq!(refusal.detail, "A return that is 'received' can't be cancelled.");
        assert!(ReturnStatus::Requested.require(&[ReturnStatus::Requested], "cancelled").is_ok());
    }
}
