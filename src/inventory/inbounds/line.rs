//! The arithmetic of a line, without a database. Sent, ordered and surplus units are accepted, rejected, lost,
//! returned, cancelled or outstanding.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::kernel::id::{InboundLineId, ProductId, VariantId};
use crate::kernel::money::Money;

/// A line of a document, with the data of its variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundLine {
    pub id: InboundLineId,
    pub variant_id: VariantId,
    pub product_id: ProductId,
    pub sku: String,
    pub product_name: String,
    pub size: Option<String>,
    pub counts: LineCounts,
    /// The cost of a unit. None in a transfer.
    pub unit_cost: Option<Money>,
    /// The day on which the units of a purchase should arrive, if it is not that of the document.
    pub expected_on: Option<NaiveDate>,
}

/// The planned units of a line, and the units of each fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct LineCounts {
    pub planned: i64,
    /// The units that left the source. All units of a purchase.
    pub sent: i64,
    /// The units that arrived and were not sent or ordered: `over_quantity` on the wire.
    pub surplus: i64,
    pub accepted: i64,
    pub rejected: i64,
    pub lost: i64,
    pub returned: i64,
    /// The units of a purchase that will not arrive.
    pub cancelled: i64,
    /// The units that may still arrive.
    pub outstanding: i64,
}

/// The units of a line in a receipt. Those of a reversal are negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ReceivedCounts {
    pub accepted: i64,
    pub rejected: i64,
    /// The rejected units that are in quarantine. The others were never in stock.
    pub quarantined: i64,
    /// The accepted and rejected units that were not sent or ordered.
    pub surplus: i64,
}

/// The end of units that do not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettleOutcome {
    /// The units leave the stock.
    Lost,
    /// The units are at the source again.
    Returned,
}

impl ReceivedCounts {
    /// The counterpart.
    #[must_use]
    pub const fn reversed(self) -> Self {
        let Self { accepted, rejected, quarantined, surplus } = self;
        Self {
            accepted: accepted.saturating_neg(),
            rejected: rejected.saturating_neg(),
            quarantined: quarantined.saturating_neg(),
            surplus: surplus.saturating_neg(),
        }
    }
}

impl LineCounts {
    /// A line of a planned transfer, of which nothing is sent.
    #[must_use]
    pub fn planned(planned: i64) -> Self {
        Self { planned, ..Self::default() }
    }

    /// A line of a purchase. All units are outstanding from the beginning.
    #[must_use]
    pub fn purchased(planned: i64) -> Self {
        Self { sent: planned, outstanding: planned, ..Self::planned(planned) }
    }

    /// Sends some of the planned units. None if they are more.
    #[must_use]
    pub fn send(self, quantity: i64) -> Option<Self> {
        let sent = Self { sent: quantity, outstanding: quantity, ..Self::planned(self.planned) };
        (quantity <= self.planned).then_some(sent)
    }

    /// Posts a receipt or its reversal. None if a count would be negative.
    #[must_use]
    pub fn post(self, counts: ReceivedCounts) -> Option<Self> {
        let from_road = counts.accepted.checked_add(counts.rejected)?.checked_sub(counts.surplus)?;
        let posted = Self {
            surplus: self.surplus.checked_add(counts.surplus)?,
            accepted: self.accepted.checked_add(counts.accepted)?,
            rejected: self.rejected.checked_add(counts.rejected)?,
            outstanding: self.outstanding.checked_sub(from_road)?,
            ..self
        };
        posted.is_valid().then_some(posted)
    }

    /// Ends outstanding units that do not arrive. None if they are more.
    #[must_use]
    pub fn settle(self, outcome: SettleOutcome, quantity: i64) -> Option<Self> {
        let mut settled = Self { outstanding: self.outstanding.checked_sub(quantity)?, ..self };
        let count = match outcome {
            SettleOutcome::Lost => &mut settled.lost,
            SettleOutcome::Returned => &mut settled.returned,
        };
        *count = count.checked_add(quantity)?;
        settled.is_valid().then_some(settled)
    }

    /// Cancels the outstanding units of a purchase.
    #[must_use]
    pub fn cancel_rest(self) -> Self {
        Self { cancelled: self.cancelled.saturating_add(self.outstanding), outstanding: 0, ..self }
    }

    /// True if units arrived, were lost or went back. Cancelled units do not count.
    #[must_use]
    pub fn has_received_or_settled(&self) -> bool {
        (self.accepted, self.rejected, self.lost, self.returned) != (0, 0, 0, 0)
    }

    /// No count is negative. The identity holds by construction; a constraint of the database checks it, too.
    fn is_valid(&self) -> bool {
        [self.surplus, self.accepted, self.rejected, self.lost, self.returned, self.outstanding]
            .iter()
            .all(|count| *count >= 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn adds_up(line: &LineCounts) -> bool {
        let ended = line.accepted + line.rejected + line.lost + line.returned + line.cancelled;
        line.sent + line.surplus == ended + line.outstanding
    }

    #[test]
    fn units_end_once() {
        let line = LineCounts::planned(40).send(40).unwrap();
        let line = line.post(ReceivedCounts { accepted: 30, rejected: 5, quarantined: 5, surplus: 0 }).unwrap();
        let line = line.settle(SettleOutcome::Lost, 3).unwrap().settle(SettleOutcome::Returned, 2).unwrap();
        let expected = LineCounts {
            planned: 40,
            sent: 40,
            surplus: 0,
            accepted: 30,
            rejected: 5,
            lost: 3,
            returned: 2,
            cancelled: 0,
            outstanding: 0,
        };
        assert_eq!(line, expected);
        assert_eq!(line.settle(SettleOutcome::Lost, 1), None);
        assert_eq!(line.post(ReceivedCounts { accepted: 1, ..ReceivedCounts::default() }), None);
        assert_eq!(LineCounts::planned(40).send(41), None);
    }

    #[test]
    fn a_reversal_takes_the_surplus_back() {
        let sent = LineCounts::planned(10).send(10).unwrap();
        let counts = ReceivedCounts { accepted: 11, rejected: 1, quarantined: 0, surplus: 2 };
        let received = sent.post(counts).unwrap();
        assert_eq!((received.surplus, received.outstanding), (2, 0));
        assert_eq!(received.post(counts.reversed()), Some(sent));
        assert_eq!(sent.post(counts.reversed()), None);
    }

    #[test]
    fn the_rest_of_a_purchase_is_cancelled_and_a_reversal_makes_units_outstanding_again() {
        let line = LineCounts::purchased(10);
        let counts = ReceivedCounts { accepted: 4, rejected: 2, ..ReceivedCounts::default() };
        let closed = line.post(counts).unwrap().cancel_rest();
        assert_eq!((closed.cancelled, closed.outstanding, closed.has_received_or_settled()), (4, 0, true));
        let reversed = closed.post(counts.reversed()).unwrap();
        assert_eq!((reversed.cancelled, reversed.outstanding, reversed.has_received_or_settled()), (4, 6, false));
        assert_eq!(line.cancel_rest(), LineCounts { cancelled: 10, outstanding: 0, ..line });
    }

    proptest! {
        #[test]
        fn every_sequence_of_acts_keeps_the_identity(
            planned in 1..1000_i64,
            sent in 0..1000_i64,
            acts in prop::collection::vec((0..5_u8, 0..400_i64, 0..400_i64, any::<bool>()), 0..30),
        ) {
            prop_assume!(sent <= planned);
            let mut line = LineCounts::planned(planned).send(sent).unwrap();
            let mut receipts = Vec::new();
            for (act, accepted, rejected, with_surplus) in acts {
                let surplus = if with_surplus { (accepted + rejected - line.outstanding).max(0) } else { 0 };
                let counts = ReceivedCounts { accepted, rejected, quarantined: rejected, surplus };
                let next = match act {
                    0 => line.post(counts).inspect(|_| receipts.push(counts)),
                    1 => line.settle(SettleOutcome::Lost, accepted),
                    2 => line.settle(SettleOutcome::Returned, accepted),
                    3 => Some(line.cancel_rest()),
                    _ => receipts.pop().map(|receipt: ReceivedCounts| line.post(receipt.reversed()).unwrap()),
                };
                line = next.unwrap_or(line);
                prop_assert!(adds_up(&line) && line.is_valid(), "{:?}", line);
                let sum = |count: fn(&ReceivedCounts) -> i64| receipts.iter().map(count).sum::<i64>();
                prop_assert_eq!(line.accepted, sum(|receipt| receipt.accepted));
                prop_assert_eq!(line.surplus, sum(|receipt| receipt.surplus));
            }
        }
    }
}
