//! The SQL of where stock is.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::schema::locations;
use crate::error::{ApiError, Code, Halt};
use crate::kernel::id::{LocationId, StoreId};

/// The location that every store is created with.
const MAIN: &str = "main";

/// Creates the location `main` of a store that has none.
pub fn insert_main(conn: &mut PgConnection, store: StoreId, at: DateTime<Utc>) -> QueryResult<LocationId> {
    diesel::insert_into(locations::table)
        .values((
            locations::store_id.eq(store),
            locations::code.eq(MAIN),
            locations::name.eq("Main"),
            locations::created_at.eq(at),
        ))
        .returning(locations::id)
        .get_result(conn)
}

/// The location of that id; without one `main`, which is the store's first.
pub fn get_location(conn: &mut PgConnection, store: StoreId, location: Option<LocationId>) -> Result<LocationId, Halt> {
    let query =
        locations::table.filter(locations::store_id.eq(store)).select(locations::id).order(locations::id).limit(1);
    let found = match location {
        Some(location) => query.filter(locations::id.eq(location)).first(conn).optional()?,
        None => query.first(conn).optional()?,
    };
    found.ok_or_else(|| match location {
        Some(location) => ApiError::not_found(Code::LocationNotFound, format_args!("Location {location}")).into(),
        None => ApiError::new(Code::LocationNotFound, "The store has no location yet.").into(),
    })
}
