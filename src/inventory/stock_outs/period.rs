//! Periods without stock, and their days. Pure: it needs no database.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::inventory::product_with_stock::StockStatus;
use crate::inventory::states::status_change::StatusChange;
use crate::kernel::id::VariantId;

/// A period in which a variant was out of stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockOut {
    pub started_at: DateTime<Utc>,
    /// None if it continues.
    pub ended_at: Option<DateTime<Utc>>,
}

/// The changes of the periods by some changes of stock statuses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StockOutChanges {
    /// The ends of periods that began before all these changes.
    pub ends: BTreeMap<VariantId, DateTime<Utc>>,
    /// New periods, in their order.
    pub begun: Vec<(VariantId, StockOut)>,
}

/// The periods that begin or end with these changes, which are in the order of the feed.
pub fn find_changes(status_changes: &[StatusChange]) -> StockOutChanges {
    let mut changes = StockOutChanges::default();
    let mut of_variants: BTreeMap<VariantId, Vec<StockOut>> = BTreeMap::new();
    for StatusChange { variant, before, after, at, .. } in status_changes {
        let periods = of_variants.entry(*variant).or_default();
        match (before, after) {
            (StockStatus::OutOfStock, StockStatus::OutOfStock) => {}
            (StockStatus::OutOfStock, _) => match periods.last_mut() {
                Some(last) => last.ended_at = Some(last.started_at.max(*at)),
                None => drop(changes.ends.insert(*variant, *at)),
            },
            (_, StockStatus::OutOfStock) => begin(periods, *at),
            _ => {}
        }
    }
    let begun = of_variants.into_iter().flat_map(|(variant, all)| all.into_iter().map(move |one| (variant, one)));
    changes.begun = begun.collect();
    changes
}

/// Movements of different places may have times that do not ascend. Periods do not overlap, so one that begins before the
/// end of the last one continues it.
fn begin(periods: &mut Vec<StockOut>, at: DateTime<Utc>) {
    match periods.last_mut() {
        Some(last) if last.ended_at.is_none_or(|ended| ended >= at) => last.ended_at = None,
        _ => periods.push(StockOut { started_at: at, ended_at: None }),
    }
}

/// For each day, true if the variant was out of stock for at least half of it. `bounds` are the beginnings of the days,
/// and the end of the last one. A period without an end continues until then.
#[must_use]
pub fn days_without_stock(bounds: &[DateTime<Utc>], periods: &[StockOut]) -> Vec<bool> {
    let days = bounds.iter().zip(bounds.iter().skip(1));
    let is_without = |(start, end): (&DateTime<Utc>, &DateTime<Utc>)| {
        let within = |period: &StockOut| {
            let ended = period.ended_at.map_or(*end, |ended| ended.min(*end));
            ended.signed_duration_since(period.started_at.max(*start)).max(TimeDelta::zero())
        };
        let without =
            periods.iter().map(within).fold(TimeDelta::zero(), |sum, one| sum.checked_add(&one).unwrap_or(sum));
        without.num_seconds().saturating_mul(2) >= end.signed_duration_since(*start).num_seconds()
    };
    days.map(is_without).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use StockStatus::{InStock, LowStock, OutOfStock};

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH.checked_add_signed(TimeDelta::hours(hour)).unwrap()
    }

    fn status_change(variant: i64, before: StockStatus, after: StockStatus, hour: i64) -> StatusChange {
        StatusChange {
            position: 1,
            variant: VariantId(variant),
            event_type: None,
            before,
            after,
            available: 0,
            actor: "user:1".into(),
            at: at(hour),
        }
    }

    fn period(from: i64, to: Option<i64>) -> StockOut {
        StockOut { started_at: at(from), ended_at: to.map(at) }
    }

    #[test]
    fn a_period_begins_when_nothing_is_left_and_ends_when_units_are_back() {
        let found = find_changes(&[
            status_change(1, LowStock, OutOfStock, 1),
            status_change(2, OutOfStock, LowStock, 2),
            status_change(1, OutOfStock, InStock, 3),
            status_change(3, InStock, LowStock, 4),
            status_change(1, InStock, OutOfStock, 5),
            status_change(2, LowStock, OutOfStock, 6),
        ]);
        assert_eq!(found.ends, BTreeMap::from([(VariantId(2), at(2))]));
        let of = |variant: i64, from, to| (VariantId(variant), period(from, to));
        assert_eq!(found.begun, [of(1, 1, Some(3)), of(1, 5, None), of(2, 6, None)]);
    }

    #[test]
    fn a_period_that_begins_before_the_end_of_the_last_one_continues_it() {
        let found = find_changes(&[
            status_change(1, LowStock, OutOfStock, 5),
            status_change(1, OutOfStock, InStock, 4),
            status_change(1, InStock, OutOfStock, 5),
        ]);
        assert_eq!(found.begun, [(VariantId(1), period(5, None))]);
    }

    #[test]
    fn half_a_day_without_stock_is_a_day_without_stock() {
        // The second day has 23 hours.
        let bounds = [at(0), at(24), at(47), at(71)];
        for (periods, expected) in [
            (vec![], [false, false, false]),
            (vec![period(12, Some(24))], [true, false, false]),
            (vec![period(13, Some(24))], [false, false, false]),
            (vec![period(0, Some(6)), period(18, Some(24))], [true, false, false]),
            (vec![period(24, Some(35))], [false, false, false]),
            (vec![period(24, Some(36))], [false, true, false]),
            (vec![period(-100, Some(30)), period(50, None)], [true, false, true]),
            (vec![period(-100, Some(-50)), period(72, None)], [false, false, false]),
        ] {
            assert_eq!(days_without_stock(&bounds, &periods), expected, "{periods:?}");
        }
    }
}
