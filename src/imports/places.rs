//! The places of a store, by their codes.

use diesel::PgConnection;

use super::input_row::{Columns, InputRow};
use crate::error::{Abort, FieldError};
use crate::inventory::queries::locations::{self, NamedPlace};
use crate::kernel::id::{LocationId, StoreId};
use crate::stores::location::LocationStatus;

/// The places of a store under their locks.
pub struct PlacesByCode(Vec<NamedPlace>);

impl PlacesByCode {
    pub fn lock(conn: &mut PgConnection, store: StoreId) -> Result<Self, Abort> {
        Ok(Self(locations::lock_all_places(conn, store)?))
    }

    /// True if the main location, which gets the initial stock of products, is closed.
    #[must_use]
    pub fn is_main_closed(&self) -> bool {
        self.0.first().is_some_and(|main| main.status == LocationStatus::Closed)
    }

    /// The place that a row names, or the main one.
    pub fn find(&self, columns: &Columns, row: &InputRow) -> Result<&NamedPlace, FieldError> {
        let code = columns.text(row, "location");
        let place = match code {
            None => self.0.first(),
            Some(code) => self.0.iter().find(|place| place.code.eq_ignore_ascii_case(code)),
        };
        place.ok_or_else(|| FieldError::new("location", format!("'{}' is no location", code.unwrap_or_default())))
    }

    /// The place that a row names, or the main one. Refuses a closed place.
    pub fn find_open(&self, columns: &Columns, row: &InputRow) -> Result<LocationId, FieldError> {
        let place = self.find(columns, row)?;
        match place.status {
            LocationStatus::Closed => Err(FieldError::new("location", format!("'{}' is closed", place.code))),
            LocationStatus::Active | LocationStatus::Paused => Ok(place.id),
        }
    }
}
