//! The status of a document. After the units were sent or ordered, it follows from the lines.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::line::LineCounts;
use super::origin::Origin;
use crate::error::{ApiError, Code};
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The status of a transfer or of a purchase order.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum InboundStatus {
        Draft,
        /// The units are held at the source of a transfer.
        Ready,
        /// All units are expected from the supplier.
        Ordered,
        /// All units of a transfer are on the road.
        InTransit,
        PartiallyReceived,
        /// No unit is outstanding.
        Received,
        /// Nothing arrived, and nothing will.
        Cancelled,
    }
}

impl InboundStatus {
    /// The status of a document whose units were sent or ordered.
    pub fn from_lines<O: Origin>(lines: impl IntoIterator<Item = LineCounts>) -> Self {
        let (mut is_open, mut has_received_or_settled) = (false, false);
        for line in lines {
            is_open |= line.outstanding > 0;
            has_received_or_settled |= line.has_received_or_settled();
        }
        match (is_open, has_received_or_settled) {
            (false, true) => Self::Received,
            (false, false) => Self::Cancelled,
            (true, true) => Self::PartiallyReceived,
            (true, false) => O::FIRST_OPEN_STATUS,
        }
    }

    /// Refuses unless this status is among the allowed ones. `done` is the participle of the change, such as `sent`.
    pub fn require<O: Origin>(self, allowed: &[Self], done: &str) -> Result<(), ApiError> {
        if allowed.contains(&self) {
            return Ok(());
        }
        let mut detail = format!("A {} that is '{}' can't be {done}.", O::NAMES.noun, self.as_str());
        let is_begun = [Self::InTransit, Self::PartiallyReceived, Self::Received].contains(&self);
        if is_begun && done == CANCELLED {
            detail.push(' ');
            detail.push_str(O::NAMES.instead_of_cancel);
        }
        Err(ApiError::new(Code::InvalidTransition, detail))
    }
}

/// The participle of a cancellation.
pub const CANCELLED: &str = "cancelled";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::{LocationId, SupplierId};

    #[test]
    fn the_status_follows_from_the_lines() {
        let line = |outstanding: i64, accepted: i64, lost: i64, cancelled: i64| LineCounts {
            planned: 9,
            outstanding,
            accepted,
            lost,
            cancelled,
            ..LineCounts::default()
        };
        for (lines, status) in [
            (vec![line(5, 0, 0, 0), line(0, 0, 0, 0)], InboundStatus::InTransit),
            (vec![line(5, 0, 0, 0), line(0, 4, 0, 0)], InboundStatus::PartiallyReceived),
            (vec![line(1, 0, 4, 0)], InboundStatus::PartiallyReceived),
            (vec![line(0, 5, 0, 0), line(0, 0, 4, 0)], InboundStatus::Received),
        ] {
            assert_eq!(InboundStatus::from_lines::<LocationId>(lines.clone()), status, "{lines:?}");
        }
        for (lines, status) in [
            (vec![line(5, 0, 0, 0), line(0, 0, 0, 9)], InboundStatus::Ordered),
            (vec![line(5, 0, 0, 0), line(0, 4, 0, 5)], InboundStatus::PartiallyReceived),
            (vec![line(0, 0, 0, 9), line(0, 4, 0, 5)], InboundStatus::Received),
            (vec![line(0, 0, 0, 9), line(0, 0, 0, 9)], InboundStatus::Cancelled),
        ] {
            assert_eq!(InboundStatus::from_lines::<SupplierId>(lines.clone()), status, "{lines:?}");
        }
    }

    #[test]
    fn a_refused_cancel_names_the_act_that_ends_the_rest() {
        let allowed = [InboundStatus::Draft, InboundStatus::Ready];
        assert!(InboundStatus::Ready.require::<LocationId>(&allowed, CANCELLED).is_ok());
        for (status, names_settle) in [(InboundStatus::InTransit, true), (InboundStatus::Cancelled, false)] {
            let refusal = status.require::<LocationId>(&allowed, CANCELLED).unwrap_err();
            assert_eq!((refusal.code, refusal.detail.contains("settle")), (Code::InvalidTransition, names_settle));
        }
        let refusal = InboundStatus::PartiallyReceived.require::<SupplierId>(&allowed, CANCELLED).unwrap_err();
        assert_eq!(
            refusal.detail,
            "A purchase order that is 'partially_received' can't be cancelled. \
             Close the order (POST /purchase-orders/{id}/close)."
        );
    }
}
