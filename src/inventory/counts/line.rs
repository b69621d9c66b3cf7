//! The decision about a line at its posting, without a database.

use super::status::LineStatus;
use crate::inventory::observation::{Observation, StockAtObservation};
use crate::inventory::stock_level::StockLevel;
use crate::kernel::id::{ProductId, VariantId};
use crate::kernel::money::Money;
use crate::stores::count_tolerance::CountTolerance;

/// A line of a count, with the data of its variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountLine {
    pub line: i64,
    pub status: LineStatus,
    pub product_id: ProductId,
    pub variant_id: VariantId,
    pub sku: String,
    pub product_name: String,
    pub size: Option<String>,
    /// The newest observation. None if nobody has counted yet.
    pub observation: Option<Observation>,
    pub counted_by: Option<String>,
    /// The value of one unit now: its average cost in stock, or without one its cost price, or its selling price.
    pub unit_value: Money,
    pub posted: Option<PostedLine>,
}

/// The figures of a line as they were at its posting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostedLine {
    pub expected: i64,
    pub unit_value: Money,
    pub touched: bool,
    /// The version of the stock row after the movement.
    pub movement_version: i64,
}

/// The decision about a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostingDecision {
    /// The stock changes by this number of units.
    Post(i64),
    Superseded,
    Refused,
    /// The difference is too large to be posted without approval.
    NeedsApproval,
}

/// Decides if a line is posted: by its counted units, its stock row now, and the row as it was when the units were
/// counted. Without a tolerance, any difference is posted.
#[must_use]
pub fn decide(
    observation: Observation,
    level: &StockLevel,
    past: &StockAtObservation,
    tolerance: Option<CountTolerance>,
    unit_value: Money,
) -> PostingDecision {
    let Some(variance) = past.variance(observation) else { return PostingDecision::Superseded };
    let value = i128::from(variance).saturating_mul(i128::from(unit_value.0));
    if tolerance.is_some_and(|tolerance| !tolerance.allows(variance, value)) {
        PostingDecision::NeedsApproval
    } else if level.can_change_by(variance) {
        PostingDecision::Post(variance)
    } else {
        PostingDecision::Refused
    }
}

/// The differences of the counted units from the expected ones, in units and in value.
#[must_use]
pub fn value_variance(counted: i64, expected: i64, unit_value: Money) -> (i64, i128) {
    let units = counted.saturating_sub(expected);
    (units, i128::from(units).saturating_mul(i128::from(unit_value.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::LocationId;
    use chrono::{DateTime, Utc};

    fn at(minute: u32) -> DateTime<Utc> {
        format!("2026-11-21T10:{minute:02}:00Z").parse().unwrap()
    }

    /// 100 units were on hand at the time of the observation. Since then 7 were shipped, so 93 are, of which 13 are
    /// sold.
    fn decided(counted: i64, reserved: i64, newest: Option<u32>, tolerance: Option<(i64, i64)>) -> PostingDecision {
        let level = StockLevel {
            variant: VariantId(1),
            location: LocationId(1),
            stock: 80,
            reserved,
            sold: 20,
            committed: 13,
            safety: 0,
            version: 9,
        };
        let past = StockAtObservation { on_hand: 100, newest_observation: newest.map(at), touched: false };
        let tolerance = tolerance.map(|(units, value)| CountTolerance { units, value: Money(value) });
        decide(Observation { counted, at: at(30) }, &level, &past, tolerance, Money(250))
    }

    #[test]
    fn a_difference_from_the_time_of_the_look_is_posted_now() {
        for (counted, reserved, newest, posting) in [
            (100, 0, None, PostingDecision::Post(0)),
            (97, 0, None, PostingDecision::Post(-3)),
            (104, 80, Some(29), PostingDecision::Post(4)),
            (104, 80, Some(30), PostingDecision::Post(4)),
            (104, 0, Some(31), PostingDecision::Superseded),
            (21, 1, None, PostingDecision::Post(-79)),
            (20, 1, None, PostingDecision::Refused),
            (19, 0, None, PostingDecision::Refused),
            (1_000_000_000_000, 0, None, PostingDecision::Post(999_999_999_900)),
        ] {
            assert_eq!(decided(counted, reserved, newest, None), posting, "{counted} {reserved} {newest:?}");
        }
    }

    #[test]
    fn a_difference_beyond_the_tolerance_needs_approval() {
        for (counted, tolerance, posting) in [
            (100, (0, 0), PostingDecision::Post(0)),
            (99, (0, 0), PostingDecision::NeedsApproval),
            (98, (2, 500), PostingDecision::Post(-2)),
            (98, (2, 499), PostingDecision::NeedsApproval),
            (103, (2, 10_000), PostingDecision::NeedsApproval),
            (0, (100, 25_000), PostingDecision::Refused),
        ] {
            assert_eq!(decided(counted, 0, None, Some(tolerance)), posting, "{counted} {tolerance:?}");
        }
        assert_eq!(decided(0, 0, Some(59), Some((0, 0))), PostingDecision::Superseded);
    }
}
