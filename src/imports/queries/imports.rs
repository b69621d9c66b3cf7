//! The SQL of imports without their rows.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::schema::imports;
use crate::db::{self, Failure};
use crate::imports::document::{Import, ImportState, NewImport, RowCounts};
use crate::imports::input_row::Columns;
use crate::imports::kind::{ImportKind, OnError};
use crate::kernel::id::{ImportId, StoreId, UserId};

#[derive(Queryable, Selectable)]
#[diesel(table_name = imports)]
#[diesel(check_for_backend(Pg))]
struct Row {
    id: ImportId,
    kind: ImportKind,
    on_error: OnError,
    dry_run: bool,
    state: ImportState,
    column_names: Vec<String>,
    content_hash: Vec<u8>,
    row_count: i64,
    next_row: i64,
    created_count: i64,
    updated_count: i64,
    unchanged_count: i64,
    refused_count: i64,
    created_by: UserId,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    attempts: i64,
    retry_at: Option<DateTime<Utc>>,
    failure: Option<String>,
}

impl From<Row> for Import {
    fn from(row: Row) -> Self {
        let Row { id, kind, on_error, dry_run, state, column_names, content_hash, row_count, next_row, .. } = row;
        let counts = RowCounts {
            created: row.created_count,
            updated: row.updated_count,
            unchanged: row.unchanged_count,
            refused: row.refused_count,
        };
        let Row { created_by, created_at, finished_at, attempts, retry_at, failure, .. } = row;
        let columns = Columns { kind, names: column_names };
        Self {
            id,
            columns,
            on_error,
            dry_run,
            state,
            content_hash,
            row_count,
            next_row,
            counts,
            created_by,
            created_at,
            finished_at,
            attempts,
            retry_at,
            failure,
        }
    }
}

pub fn insert(conn: &mut PgConnection, store: StoreId, new: &NewImport, at: DateTime<Utc>) -> QueryResult<Import> {
    let row: Row = diesel::insert_into(imports::table)
        .values((
            imports::store_id.eq(store),
            imports::kind.eq(new.columns.kind),
            imports::on_error.eq(new.on_error),
            imports::dry_run.eq(new.dry_run),
            imports::state.eq(ImportState::Running),
            imports::column_names.eq(&new.columns.names),
            imports::content_hash.eq(&new.content_hash),
            imports::row_count.eq(new.row_count),
            imports::next_row.eq(1),
            imports::created_count.eq(0),
            imports::updated_count.eq(0),
            imports::unchanged_count.eq(0),
            imports::refused_count.eq(0),
            imports::created_by.eq(new.created_by),
            imports::created_at.eq(at),
            imports::attempts.eq(0),
        ))
        .returning(Row::as_returning())
        .get_result(conn)?;
    Ok(row.into())
}

/// Writes the state of an import as it is in memory. Its row must have been locked.
pub fn update(conn: &mut PgConnection, store: StoreId, import: &Import) -> Result<(), Failure> {
    let RowCounts { created, updated, unchanged, refused } = import.counts;
    let changed = diesel::update(imports::table.find((store, import.id)))
        .set((
            imports::state.eq(import.state),
            imports::next_row.eq(import.next_row),
            imports::created_count.eq(created),
            imports::updated_count.eq(updated),
            imports::unchanged_count.eq(unchanged),
            imports::refused_count.eq(refused),
            imports::finished_at.eq(import.finished_at),
            imports::attempts.eq(import.attempts),
            imports::retry_at.eq(import.retry_at),
            imports::failure.eq(&import.failure),
        ))
        .execute(conn)?;
    db::expect_rows(changed, 1, "imports were written")
}

pub fn find(conn: &mut PgConnection, store: StoreId, id: ImportId) -> QueryResult<Option<Import>> {
    let row = imports::table.find((store, id)).select(Row::as_select()).first(conn).optional()?;
    Ok(row.map(Import::from))
}

/// Locks an import that has rows without a result. None if it is finished, or if another server works on it.
pub fn lock_running(conn: &mut PgConnection, store: StoreId, id: ImportId) -> QueryResult<Option<Import>> {
    let row = imports::table
        .filter(imports::store_id.eq(store))
        .filter(imports::id.eq(id))
        .filter(imports::state.eq(ImportState::Running))
        .select(Row::as_select())
        .for_update()
        .skip_locked()
        .first(conn)
        .optional()?;
    Ok(row.map(Import::from))
}

/// The imports that have rows without a result, of all stores or of one: the oldest imports of each store first.
/// Imports that wait for another attempt are left out.
pub fn discover_running(
    conn: &mut PgConnection,
    store: Option<StoreId>,
    now: DateTime<Utc>,
) -> QueryResult<Vec<(StoreId, ImportId)>> {
    let is_due = imports::retry_at.is_null().or(imports::retry_at.le(now).assume_not_null());
    let mut query = imports::table
        .filter(imports::state.eq("running"))
        .filter(is_due)
        .order((imports::store_id, imports::id))
        .select((imports::store_id, imports::id))
        .limit(MAX_AT_A_TIME)
        .into_boxed();
    if let Some(store) = store {
        query = query.filter(imports::store_id.eq(store));
    }
    query.load(conn)
}

const MAX_AT_A_TIME: i64 = 100;

/// Deletes the oldest imports that ended before this time, with their rows. Returns their number. There may be more.
pub fn delete_finished(conn: &mut PgConnection, store: StoreId, before: DateTime<Utc>) -> QueryResult<usize> {
    let ended: Vec<(ImportId, i64)> = imports::table
        .filter(imports::store_id.eq(store))
        .filter(imports::finished_at.lt(before))
        .order((imports::finished_at, imports::id))
        .select((imports::id, imports::row_count))
        .limit(MAX_DELETED)
        .load(conn)?;
    let ids = deletable(ended);
    let old = imports::table.filter(imports::store_id.eq(store)).filter(imports::id.eq_any(ids));
    diesel::delete(old).execute(conn)
}

/// The largest number of imports that one statement deletes.
const MAX_DELETED: i64 = 1_000;

/// The largest number of rows that it deletes with them, so that it takes less than 5 seconds.
const MAX_DELETED_ROWS: i64 = 50_000;

/// The first imports that have few enough rows together. The first one may have more.
fn deletable(ended: Vec<(ImportId, i64)>) -> Vec<ImportId> {
    let (mut ids, mut rows) = (Vec::new(), 0_i64);
    for (id, count) in ended {
        rows = rows.saturating_add(count);
        if rows > MAX_DELETED_ROWS && !ids.is_empty() {
            break;
        }
        ids.push(id);
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_deletes_a_bounded_number_of_rows() {
        let ids = |counts: &[i64]| {
            let ended = counts.iter().zip(1..).map(|(count, id)| (ImportId(id), *count));
            deletable(ended.collect()).len()
        };
        assert_eq!(ids(&[]), 0);
        assert_eq!(ids(&[0; 1_000]), 1_000);
        assert_eq!(ids(&[500; 300]), 100);
        assert_eq!(ids(&[60_000, 1]), 1);
        assert_eq!(ids(&[20_000, 30_000, 1]), 2);
    }
}
