//! The day on which a line that is short becomes available.

use std::collections::BTreeMap;

use diesel::PgConnection;

use super::availability::{Availability, Missing};
use super::inbounds::queries::supply;
use super::inbounds::supply::{Expected, first_day};
use super::locked_stock::LockedStock;
use super::stock_level::StockLevel;
use crate::db::Failure;
use crate::kernel::id::{LocationId, StoreId, VariantId};
use crate::stores::routing_policy::RoutingSplit;

/// Adds the day to each line that is short. Lines that are available cost no statement.
pub fn add_days(
    conn: &mut PgConnection,
    store: StoreId,
    split: RoutingSplit,
    lines: &mut [Availability],
) -> Result<(), Failure> {
    let mut short: Vec<&mut Availability> = lines.iter_mut().filter(|line| !line.is_available()).collect();
    let variants = short.iter().flat_map(|line| &line.missing.variants).copied();
    let variants: Vec<VariantId> = variants.collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    if variants.is_empty() {
        return Ok(());
    }
    let expected = supply::list(conn, store, &variants)?;
    if expected.is_empty() {
        return Ok(());
    }
    let at_places = match split {
        RoutingSplit::Allow => None,
        RoutingSplit::Never => Some(LockedStock::read(conn, store, &variants)?),
    };
    for line in &mut short {
        let of_line: Vec<&Expected> =
            expected.iter().filter(|units| line.missing.variants.contains(&units.variant)).collect();
        line.available_on = match &at_places {
            None => first_day(line.missing.available, line.missing.requested, &of_line),
            Some(stock) => first_day_at_one_place(&line.missing, stock, &of_line),
        };
    }
    Ok(())
}

/// The first day on which a single place has all units. A place where nothing arrives is short now, and stays so.
fn first_day_at_one_place(missing: &Missing, stock: &LockedStock, expected: &[&Expected]) -> Option<chrono::NaiveDate> {
    let mut by_place: BTreeMap<LocationId, Vec<&Expected>> = BTreeMap::new();
    for units in expected {
        by_place.entry(units.location).or_default().push(units);
    }
    let day = |(place, expected): (LocationId, Vec<&Expected>)| {
        let present = missing.variants.iter().filter_map(|variant| stock.row((*variant, place)));
        let available = present.map(StockLevel::sellable).fold(0, i64::saturating_add);
        first_day(available, missing.requested, &expected)
    };
    by_place.into_iter().filter_map(day).min()
}
