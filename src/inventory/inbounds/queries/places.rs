//! The SQL of the places of a document.

use diesel::prelude::*;

use crate::db::Failure;
use crate::db::schema::locations;
use crate::error::Abort;
use crate::inventory::queries::locations::closed;
use crate::kernel::id::{LocationId, StoreId};
use crate::stores::change_location;
use crate::stores::location::LocationStatus;

/// The destination of a document, and its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination {
    pub place: LocationId,
    pub transit: LocationId,
    pub quarantine: LocationId,
}

/// Locks the source, if it is a place, and the destination, in ascending order, so that neither is closed before the
/// end of the transaction. Refuses if one does not exist, or if one that must be open is closed.
pub fn lock_places(
    conn: &mut PgConnection,
    store: StoreId,
    (from, to): (Option<LocationId>, LocationId),
    open: &[LocationId],
) -> Result<Destination, Abort> {
    let locked: Vec<(LocationId, String, LocationStatus)> = locations::table
        .filter(locations::store_id.eq(store))
        .filter(locations::kind.eq("place"))
        .filter(locations::id.eq_any(from.into_iter().chain([to])))
        .order(locations::id)
        .select((locations::id, locations::code, locations::status))
        .for_key_share()
        .load(conn)?;
    for place in from.into_iter().chain([to]) {
        let found = locked.iter().find(|(id, ..)| *id == place);
        let (_, code, status) = found.ok_or_else(|| change_location::not_found(place))?;
        if *status == LocationStatus::Closed && open.contains(&place) {
            return Err(closed(code).into());
        }
    }
    let children: Vec<(LocationId, String)> = locations::table
        .filter(locations::store_id.eq(store))
        .filter(locations::parent_id.eq(to))
        .select((locations::id, locations::kind))
        .load(conn)?;
    let child = |wanted: &str| {
        let found = children.iter().find(|(_, kind)| kind == wanted).map(|(id, _)| *id);
        found.ok_or_else(|| Failure::Internal(format!("location {to} has no {wanted}")))
    };
    Ok(Destination { place: to, transit: child("transit")?, quarantine: child("quarantine")? })
}
