//! The SQL of the progress of the forecasts of a store.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use crate::db::schema::{feed, forecast_runs, outbox, sales_folds};
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

    /// The first day whose sales are not in the stored figures. A run adds up the sales of the days before it at its end.
    /// Until then, the figures are those of the run on the day before.
    #[must_use]
    pub fn first_day_without_figures(&self) -> NaiveDate {
        if self.is_complete { self.day } else { self.day.pred_opt().unwrap_or(self.day) }
    }
}

pub fn find(conn: &mut PgConnection, store: StoreId) -> QueryResult<Option<Run>> {
    forecast_runs::table.find(store).select(Run::as_select()).first(conn).optional()
}

/// True if the roll-ups of sales lack rows from before this time. Rows are almost in the order of their times, so the next
/// one decides.
pub fn lacks_sales(conn: &mut PgConnection, store: StoreId, before: DateTime<Utc>) -> QueryResult<bool> {
    let folded: Option<i64> = sales_folds::table.find(store).select(sales_folds::position).first(conn).optional()?;
    let unfolded = feed::table.filter(feed::store_id.eq(store)).filter(feed::position.gt(folded.unwrap_or(0)));
    let in_feed: Option<DateTime<Utc>> =
        unfolded.select(feed::created_at).order(feed::position).first(conn).optional()?;
    let waiting = outbox::table.filter(outbox::store_id.eq(store)).select(outbox::created_at).order(outbox::id);
    let in_outbox: Option<DateTime<Utc>> = waiting.first(conn).optional()?;
    Ok([in_feed, in_outbox].into_iter().flatten().any(|at| at < before))
}

/// Locks the progress, and returns it. If there is none, `first` is inserted as the progress.
pub fn lock(conn: &mut PgConnection, store: StoreId, first: Run) -> QueryResult<Run> {
    diesel::insert_into(forecast_runs::table)
        .values((forecast_runs::store_id.eq(store), first))
        .on_conflict_do_nothing()
        .execute(conn)?;
    forecast_runs::table.find(store).select(Run::as_select()).for_update().first(conn)
}

/// Writes the progress. Its row must have been locked.
pub fn write(conn: &mut PgConnection, store: StoreId, run: &Run) -> QueryResult<()> {
    diesel::update(forecast_runs::table.find(store)).set(run).execute(conn).map(drop)
}
