//! The SQL of the location of a count.

use diesel::prelude::*;

use crate::db::schema::locations;
use crate::error::Abort;
use crate::inventory::counts::selection::Condition;
use crate::inventory::queries::locations::{get_quarantine, lock_open_location};
use crate::kernel::id::{LocationId, StoreId};

/// The location to count: a place, its quarantine, or the quarantine with this id. The place must be open, and it
/// cannot be closed before the end of the transaction.
pub fn lock_counted(
    conn: &mut PgConnection,
    store: StoreId,
    location: LocationId,
    condition: Option<Condition>,
) -> Result<LocationId, Abort> {
    let quarantine = locations::table
        .filter(locations::store_id.eq(store))
        .filter(locations::id.eq(location))
        .filter(locations::kind.eq("quarantine"));
    let parent: Option<Option<LocationId>> = quarantine.select(locations::parent_id).first(conn).optional()?;
    let place = parent.flatten().filter(|_| condition != Some(Condition::Sellable));
    let condition = place.map_or(condition, |_| Some(Condition::Quarantine));
    let place = lock_open_location(conn, store, Some(place.unwrap_or(location)))?;
    match condition {
        Some(Condition::Quarantine) => Ok(get_quarantine(conn, store, place)?),
        Some(Condition::Sellable) | None => Ok(place),
    }
}
