//! The SQL of where stock is. The DSL cannot read the clock beside rows.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Timestamptz};
use serde_json::Value;

use crate::db::schema::locations;
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::inventory::places::Places;
use crate::kernel::id::{LocationId, StoreId};
use crate::stores::change_location;
use crate::stores::location::LocationStatus;
use crate::stores::routing_policy::RoutingPolicy;

/// The active places of store `$1`, as a list of objects, by priority, then id.
macro_rules! active_places {
    () => {
        "(SELECT COALESCE(jsonb_agg(jsonb_build_object('id', id, 'priority', priority, 'latitude', latitude, \
                 'longitude', longitude, 'country', country, 'region', region, 'postal_code', postal_code, \
                 'sells_online', sells_online, 'pickup_enabled', pickup_enabled) ORDER BY priority, id), '[]') \
          FROM locations WHERE store_id = $1 AND kind = 'place' AND status = 'active')"
    };
}

pub(crate) use active_places;

/// The clock, and the active places with the rules that choose among them. They are read after the locks of the stock
/// rows, in one statement.
pub fn read_places(conn: &mut PgConnection, store: StoreId) -> Result<(DateTime<Utc>, Places), Failure> {
    let (now, places, policy): (DateTime<Utc>, Value, RoutingPolicy) =
        db::sql(concat!("SELECT $now, ", active_places!(), ", routing FROM stores WHERE id = $1"))
            .bind::<BigInt, _>(store)
            .columns::<(Timestamptz, Jsonb, Jsonb)>()
            .get_result(conn)?;
    Ok((now, Places::from_json(places, policy)?))
}

/// The place of that id; without one `main`, which is the store's first.
pub fn get_location(
    conn: &mut PgConnection,
    store: StoreId,
    location: Option<LocationId>,
) -> Result<LocationId, Abort> {
    let query = locations::table
        .filter(locations::store_id.eq(store))
        .filter(locations::kind.eq("place"))
        .select(locations::id)
        .order(locations::id)
        .limit(1);
    let found = match location {
        Some(location) => query.filter(locations::id.eq(location)).first(conn).optional()?,
        None => query.first(conn).optional()?,
    };
    found.ok_or_else(|| not_found(location).into())
}

/// The same place, which is not closed. Its row is locked, so that it cannot be closed before the end of the
/// transaction. Stock rows are locked later than it.
pub fn lock_open_location(
    conn: &mut PgConnection,
    store: StoreId,
    location: Option<LocationId>,
) -> Result<LocationId, Abort> {
    let query = locations::table
        .filter(locations::store_id.eq(store))
        .filter(locations::kind.eq("place"))
        .select((locations::id, locations::code, locations::status))
        .order(locations::id)
        .limit(1)
        .for_key_share();
    let found: Option<(LocationId, String, LocationStatus)> = match location {
        Some(location) => query.filter(locations::id.eq(location)).first(conn).optional()?,
        None => query.first(conn).optional()?,
    };
    match found {
        None => Err(not_found(location).into()),
        Some((_, code, LocationStatus::Closed)) => Err(closed(&code).into()),
        Some((id, _, LocationStatus::Active | LocationStatus::Paused)) => Ok(id),
    }
}

/// A place, as rows name it.
#[derive(Clone, Debug, Queryable)]
pub struct NamedPlace {
    pub id: LocationId,
    pub code: String,
    pub status: LocationStatus,
}

/// All places of the store, the first one first. Their rows are locked, so that none is closed before the end of the
/// transaction.
pub fn lock_all_places(conn: &mut PgConnection, store: StoreId) -> QueryResult<Vec<NamedPlace>> {
    locations::table
        .filter(locations::store_id.eq(store))
        .filter(locations::kind.eq("place"))
        .order(locations::id)
        .select((locations::id, locations::code, locations::status))
        .for_key_share()
        .load(conn)
}

/// The quarantine of a place.
pub fn get_quarantine(conn: &mut PgConnection, store: StoreId, place: LocationId) -> QueryResult<LocationId> {
    locations::table
        .filter(locations::store_id.eq(store))
        .filter(locations::parent_id.eq(place))
        .filter(locations::kind.eq("quarantine"))
        .select(locations::id)
        .first(conn)
}

/// The 409 error for a closed place.
pub fn closed(code: &str) -> ApiError {
    ApiError::new(Code::LocationClosed, format!("Location '{code}' is closed."))
}

fn not_found(location: Option<LocationId>) -> ApiError {
    match location {
        Some(location) => change_location::not_found(location),
        None => ApiError::new(Code::LocationNotFound, "The store has no location yet."),
    }
}
