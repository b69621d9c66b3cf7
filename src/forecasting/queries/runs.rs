//! The SQL of the progress of the job in a store.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::db::schema::forecast_runs;
use crate::kernel::id::{StoreId, VariantId};

/// The progress of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = forecast_runs)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Run {
    pub day: NaiveDate,
    pub service_level: i64,
    pub swept_variant_id: VariantId,
    pub is_complete: bool,
}

impl Run {
    /// A run that has computed nothing.
    #[must_use]
    pub fn new(day: NaiveDate, service_level: i64) -> Self {
        Self { day, service_level, swept_variant_id: VariantId(0), is_complete: false }
    }
}

pub fn find(conn: &mut PgConnection, store: StoreId) -> QueryResult<Option<Run>> {
    forecast_runs::table.find(store).select(Run::as_select()).first(conn).optional()
}

/// Locks the progress, and returns it. None before the first run, whose row the lock creates.
pub fn lock(conn: &mut PgConnection, store: StoreId, first: Run) -> QueryResult<Run> {
    diesel::insert_into(forecast_runs::table)
        .values((forecast_runs::store_id.eq(store), first))
        .on_conflict_do_nothing()
        .execute(conn)?;
    forecast_runs::table.find(store).select(Run::as_select()).for_update().first(conn)
}

/// Writes the progress, which has been locked.
pub fn write(conn: &mut PgConnection, store: StoreId, run: &Run) -> QueryResult<()> {
    diesel::update(forecast_runs::table.find(store)).set(run).execute(conn).map(drop)
}
