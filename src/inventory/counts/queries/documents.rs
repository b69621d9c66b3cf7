//! The SQL of counts and their history.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::schema::{count_history, counts};
use crate::db::{self, Failure};
use crate::inventory::counts::selection::{CountSelection, Uncounted};
use crate::inventory::counts::status::CountStatus;
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::history_step::HistoryStep;
use crate::kernel::id::{CountId, LocationId, StoreId};
use crate::kernel::page::{List, PageQuery, Sort};

/// A count as it is stored, without its lines.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = counts)]
#[diesel(check_for_backend(Pg))]
pub struct Count {
    pub id: CountId,
    pub count_number: String,
    /// A place, or the quarantine of one.
    pub location_id: LocationId,
    pub status: CountStatus,
    pub scope: CountSelection,
    pub blind: bool,
    pub uncounted: Uncounted,
    pub line_count: i64,
    pub version: i64,
    pub actor: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Inserts a count. Its id is taken by the database.
pub fn insert(conn: &mut PgConnection, store: StoreId, new: &Count) -> QueryResult<CountId> {
    diesel::insert_into(counts::table)
        .values((
            counts::store_id.eq(store),
            counts::count_number.eq(&new.count_number),
            counts::location_id.eq(new.location_id),
            counts::status.eq(new.status),
            counts::scope.eq(&new.scope),
            counts::blind.eq(new.blind),
            counts::uncounted.eq(new.uncounted),
            counts::line_count.eq(new.line_count),
            counts::version.eq(new.version),
            counts::actor.eq(&new.actor),
            counts::created_at.eq(new.created_at),
            counts::updated_at.eq(new.updated_at),
        ))
        .returning(counts::id)
        .get_result(conn)
}

/// Writes a count as it is in memory. The row must have been locked.
pub fn update(conn: &mut PgConnection, store: StoreId, count: &Count) -> Result<(), Failure> {
    let row = counts::table.filter(counts::store_id.eq(store)).filter(counts::id.eq(count.id));
    let changed = diesel::update(row)
        .set((
            counts::status.eq(count.status),
            counts::line_count.eq(count.line_count),
            counts::version.eq(count.version),
            counts::updated_at.eq(count.updated_at),
        ))
        .execute(conn)?;
    db::expect_rows(changed, 1, "counts were written")
}

/// Appends a step to the history of a count.
pub fn append_history(
    conn: &mut PgConnection,
    store: StoreId,
    count: CountId,
    step: &HistoryStep<CountStatus>,
) -> QueryResult<()> {
    diesel::insert_into(count_history::table)
        .values((
            count_history::store_id.eq(store),
            count_history::count_id.eq(count),
            count_history::from_status.eq(step.from),
            count_history::to_status.eq(step.to),
            count_history::reason.eq(&step.reason),
            count_history::actor.eq(&step.actor),
            count_history::created_at.eq(step.at),
        ))
        .execute(conn)
        .map(drop)
}

/// Every status that a count has had, oldest first.
pub fn list_history(
    conn: &mut PgConnection,
    store: StoreId,
    count: CountId,
) -> QueryResult<Vec<HistoryStep<CountStatus>>> {
    count_history::table
        .filter(count_history::store_id.eq(store))
        .filter(count_history::count_id.eq(count))
        .order(count_history::id)
        .select((
            count_history::from_status,
            count_history::to_status,
            count_history::reason,
            count_history::actor,
            count_history::created_at,
        ))
        .load(conn)
}

/// The count of that id or number, if there is one.
pub fn find(conn: &mut PgConnection, store: StoreId, name: &DocumentRef<CountId>) -> QueryResult<Option<Count>> {
    let query = counts::table.filter(counts::store_id.eq(store)).select(Count::as_select());
    match name {
        DocumentRef::Id(id) => query.filter(counts::id.eq(*id)).first(conn),
        DocumentRef::Number(number) => query.filter(counts::count_number.eq(number)).first(conn),
    }
    .optional()
}

/// Locks a count and reads it.
pub fn find_for_update(
    conn: &mut PgConnection,
    store: StoreId,
    name: &DocumentRef<CountId>,
) -> QueryResult<Option<Count>> {
    let query = counts::table.filter(counts::store_id.eq(store)).select(Count::as_select()).for_update();
    match name {
        DocumentRef::Id(id) => query.filter(counts::id.eq(*id)).first(conn),
        DocumentRef::Number(number) => query.filter(counts::count_number.eq(number)).first(conn),
    }
    .optional()
}

/// The columns that counts can be sorted by.
pub const SORTS: [&str; 2] = ["id", "created_at"];

/// The conditions of a list of counts; `None` is no condition.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountFilter {
    pub status: Option<CountStatus>,
    pub location: Option<LocationId>,
}

/// A page of counts.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    filter: CountFilter,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<List<Count>> {
    let matching = || {
        let mut query = counts::table.filter(counts::store_id.eq(store)).into_boxed();
        if let Some(status) = filter.status {
            query = query.filter(counts::status.eq(status));
        }
        if let Some(location) = filter.location {
            query = query.filter(counts::location_id.eq(location));
        }
        query
    };
    let total = matching().count().get_result(conn)?;
    let query = match (sort.column, sort.descending) {
        ("created_at", false) => matching().order((counts::created_at.asc(), counts::id.asc())),
        ("created_at", true) => matching().order((counts::created_at.desc(), counts::id.desc())),
        (_, false) => matching().order(counts::id.asc()),
        (_, true) => matching().order(counts::id.desc()),
    };
    let found = query.select(Count::as_select()).limit(page.limit).offset(page.offset()).load(conn)?;
    Ok(page.list(found, total))
}
