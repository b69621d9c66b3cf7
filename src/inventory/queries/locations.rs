//! The SQL of where stock is. The DSL cannot read the clock beside rows.

use diesel::prelude::*;

use crate::db::schema::locations;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{LocationId, StoreId};

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
    found.ok_or_else(|| match location {
        Some(location) => ApiError::not_found(Code::LocationNotFound, format_args!("Location {location}")).into(),
        None => ApiError::new(Code::LocationNotFound, "The store has no location yet.").into(),
    })
}
