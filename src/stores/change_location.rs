//! Opens, changes, pauses and closes the places of a store.

use diesel::PgConnection;

use super::location::{LocationChange, LocationStatus};
use super::queries::locations::{self, Location, LocationSettings};
use super::queries::{open_items, scarcity_changes};
use crate::audit;
use crate::audit::queries::NewAuditEntry;
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::db;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{LocationId, StoreId};

/// Adds a place with its quarantine and its transit.
pub fn create_location(conn: &mut PgConnection, scope: &Scope, settings: &LocationSettings) -> Result<Location, Abort> {
    let at = db::clock(conn)?;
    let place = locations::insert_location(conn, scope.store, settings, at)?;
    let detail = format!("Location {} created", place.settings.code);
    let entry = NewAuditEntry { entity: Entity::Location, entity_id: place.id.0, action: Action::Create, detail };
    audit::queries::append(conn, scope, &entry, at)?;
    Ok(place)
}

/// Changes a place. The locks of all places let one request at a time decide whether another place still sells, and
/// keep a stock change at the place from running during its close.
pub fn change_location(
    conn: &mut PgConnection,
    scope: &Scope,
    id: LocationId,
    change: &LocationChange,
) -> Result<Location, Abort> {
    let mut places = locations::lock_places_for_update(conn, scope.store)?;
    let index = places.iter().position(|place| place.id == id).ok_or_else(|| not_found(id))?;
    let mut place = places.swap_remove(index);
    let was_selling = place.settings.is_selling();
    let changed = place.settings.apply(change)?;
    if changed.is_empty() {
        return Ok(place);
    }
    if was_selling && !place.settings.is_selling() && !places.iter().any(|other| other.settings.is_selling()) {
        let detail = "One active location that sells online must remain.";
        return Err(ApiError::new(Code::LastLocation, detail).into());
    }
    if place.settings.status == LocationStatus::Closed && changed.contains(&"status") {
        refuse_open(conn, scope, &place)?;
    }
    let at = db::clock(conn)?;
    locations::update_location(conn, scope.store, &place, at)?;
    if was_selling != place.settings.is_selling() {
        scarcity_changes::note_location(conn, scope.store, id)?;
    }
    let detail = match changed.contains(&"status") {
        true => format!(
            "Location {} updated: {} ({})",
            place.settings.code,
            changed.join(", "),
            place.settings.status.as_str()
        ),
        false => format!("Location {} updated: {}", place.settings.code, changed.join(", ")),
    };
    let entry = NewAuditEntry { entity: Entity::Location, entity_id: place.id.0, action: Action::Update, detail };
    audit::queries::append(conn, scope, &entry, at)?;
    Ok(place)
}

fn refuse_open(conn: &mut PgConnection, scope: &Scope, place: &Location) -> Result<(), Abort> {
    let open = open_items::list_open(conn, scope.store, place.id)?;
    if open.is_empty() {
        return Ok(());
    }
    let detail = format!("Location '{}' has units or open documents.", place.settings.code);
    let mut refusal = ApiError::new(Code::LocationNotEmpty, detail);
    refusal.extra.open = open;
    Err(refusal.into())
}

/// Refuses with 404 a location that is not one of the store.
pub fn refuse_unknown(conn: &mut PgConnection, store: StoreId, ids: &[LocationId]) -> Result<(), Abort> {
    let found = if ids.is_empty() { Vec::new() } else { locations::list_statuses(conn, store, ids)? };
    match ids.iter().find(|id| !found.iter().any(|place| place.id == **id)) {
        Some(unknown) => Err(not_found(*unknown).into()),
        None => Ok(()),
    }
}

/// The 404 error for a location, also for one that the caller may not see.
#[must_use]
pub fn not_found(id: LocationId) -> ApiError {
    ApiError::not_found(Code::LocationNotFound, format_args!("Location {id}"))
}
