//! The SQL of locations. It takes part in the lock order: locations are locked by ascending id, before stock rows.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::schema::locations;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{LocationId, StoreId};
use crate::kernel::page::{PageQuery, Sort};
use crate::stores::location::LocationStatus;

/// A place of a store. Its quarantine and its transit are not locations of their own for clients.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = locations)]
#[diesel(check_for_backend(Pg))]
pub struct Location {
    pub id: LocationId,
    #[diesel(embed)]
    pub settings: LocationSettings,
}

/// The settings of a place.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = locations)]
#[diesel(check_for_backend(Pg))]
#[diesel(treat_none_as_null = true)]
pub struct LocationSettings {
    pub code: String,
    pub name: String,
    pub status: LocationStatus,
    pub priority: i64,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub country: Option<String>,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub sells_online: bool,
    pub pickup_enabled: bool,
    pub pickup_instructions: Option<String>,
}

/// The places that a caller may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visible {
    All,
    /// Active places where buyers can collect their orders.
    PickupPoints,
}

/// The columns that locations can be sorted by.
pub const SORTS: [&str; 3] = ["priority", "id", "code"];

type Query<'a> = locations::BoxedQuery<'a, Pg>;

fn visible<'a>(store: StoreId, visible: Visible) -> Query<'a> {
    let places = locations::table.filter(locations::store_id.eq(store)).filter(locations::kind.eq("place"));
    match visible {
        Visible::All => places.into_boxed(),
        Visible::PickupPoints => {
            let active = places.filter(locations::status.eq(LocationStatus::Active));
            active.filter(locations::pickup_enabled).into_boxed()
        }
    }
}

/// One page of the visible places, and the number of all.
pub fn list_locations(
    conn: &mut PgConnection,
    store: StoreId,
    of: Visible,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<(Vec<Location>, i64)> {
    let total = visible(store, of).count().get_result(conn)?;
    let query = visible(store, of);
    let query = match (sort.column, sort.descending) {
        ("id", false) => query.order(locations::id.asc()),
        ("id", true) => query.order(locations::id.desc()),
        ("code", false) => query.order(locations::code.asc()),
        ("code", true) => query.order(locations::code.desc()),
        (_, false) => query.order((locations::priority.asc(), locations::id.asc())),
        (_, true) => query.order((locations::priority.desc(), locations::id.desc())),
    };
    let found = query.select(Location::as_select()).limit(page.limit).offset(page.offset()).load(conn)?;
    Ok((found, total))
}

/// The visible place with this id, if there is one.
pub fn find_location(
    conn: &mut PgConnection,
    store: StoreId,
    of: Visible,
    id: LocationId,
) -> QueryResult<Option<Location>> {
    visible(store, of).filter(locations::id.eq(id)).select(Location::as_select()).first(conn).optional()
}

/// All places of the store with their rows locked, by ascending id. A change of one place depends on the others,
/// because one of them must be able to sell.
pub fn lock_places_for_update(conn: &mut PgConnection, store: StoreId) -> QueryResult<Vec<Location>> {
    locations::table
        .filter(locations::store_id.eq(store))
        .filter(locations::kind.eq("place"))
        .select(Location::as_select())
        .order(locations::id)
        .for_update()
        .load(conn)
}

/// Adds a place with its quarantine and its transit.
pub fn insert_location(
    conn: &mut PgConnection,
    store: StoreId,
    settings: &LocationSettings,
    at: DateTime<Utc>,
) -> Result<Location, Abort> {
    let place: Location = diesel::insert_into(locations::table)
        .values((locations::store_id.eq(store), settings, locations::created_at.eq(at), locations::updated_at.eq(at)))
        .returning(Location::as_returning())
        .get_result(conn)
        .map_err(|error| Abort::or_refuse(error, "locations_code_key", || code_taken(&settings.code)))?;
    insert_children(conn, store, place.id, at)?;
    Ok(place)
}

/// Adds the quarantine and the transit of a new place.
fn insert_children(conn: &mut PgConnection, store: StoreId, place: LocationId, at: DateTime<Utc>) -> QueryResult<()> {
    let child = |kind: &'static str| {
        (
            locations::store_id.eq(store),
            locations::code.eq(format!("{place}:{kind}")),
            locations::name.eq(kind),
            locations::kind.eq(kind),
            locations::parent_id.eq(place),
            locations::created_at.eq(at),
            locations::updated_at.eq(at),
        )
    };
    diesel::insert_into(locations::table).values(vec![child("quarantine"), child("transit")]).execute(conn).map(drop)
}

fn code_taken(code: &str) -> ApiError {
    ApiError::new(Code::Duplicate, format!("There is a location with the code '{code}' already."))
}

/// Writes the place as it is in memory. The row must have been locked.
pub fn update_location(
    conn: &mut PgConnection,
    store: StoreId,
    place: &Location,
    at: DateTime<Utc>,
) -> Result<(), Abort> {
    let Location { id, settings } = place;
    diesel::update(locations::table.filter(locations::store_id.eq(store)).filter(locations::id.eq(id)))
        .set((settings, locations::updated_at.eq(at)))
        .execute(conn)
        .map_err(|error| Abort::or_refuse(error, "locations_code_key", || code_taken(&settings.code)))?;
    Ok(())
}

/// Returns those of the ids that are places of the store.
pub fn filter_places(conn: &mut PgConnection, store: StoreId, ids: &[LocationId]) -> QueryResult<Vec<LocationId>> {
    let places = locations::table.filter(locations::store_id.eq(store)).filter(locations::kind.eq("place"));
    places.filter(locations::id.eq_any(ids)).select(locations::id).load(conn)
}

/// A place by its code, and its status.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = locations)]
#[diesel(check_for_backend(Pg))]
pub struct PlaceStatus {
    pub id: LocationId,
    pub code: String,
    pub status: LocationStatus,
}

/// The statuses of those of the ids that are places of the store.
pub fn list_statuses(conn: &mut PgConnection, store: StoreId, ids: &[LocationId]) -> QueryResult<Vec<PlaceStatus>> {
    let places = locations::table.filter(locations::store_id.eq(store)).filter(locations::kind.eq("place"));
    places.filter(locations::id.eq_any(ids)).select(PlaceStatus::as_select()).load(conn)
}
