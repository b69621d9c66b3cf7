//! The SQL of the rows of imports. Sets of rows are bound as arrays, which the DSL can neither insert nor join.

use std::collections::{BTreeSet, HashMap};

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text};
use serde_json::Value;

use crate::db::schema::{import_rows, imports};
use crate::db::{self, Failure};
use crate::error::FieldError;
use crate::imports::cell::Cell;
use crate::imports::document::{Import, ImportState};
use crate::imports::input_row::InputRow;
use crate::imports::kind::OnError;
use crate::imports::outcome::{Outcome, RowAction};
use crate::kernel::id::{ImportId, StoreId};
use crate::kernel::page::{List, PageQuery, Sort};

/// A row to insert. A row with an error is refused.
#[derive(Clone, Debug)]
pub struct NewRow {
    pub number: i64,
    pub key: String,
    pub cells: Vec<Cell>,
    pub error: Option<FieldError>,
    /// The product or the order of the row. None if nobody will look for it.
    pub group: Option<String>,
}

/// A row without a result, or one that was refused when the file arrived.
#[derive(Clone, Debug)]
pub struct StoredRow {
    pub row: InputRow,
    pub errors: Vec<FieldError>,
}

/// A row with its result.
#[derive(Clone, Debug)]
pub struct ResultRow {
    pub row: InputRow,
    pub key: String,
    pub action: Option<RowAction>,
    pub errors: Vec<FieldError>,
}

type Columns = (i64, String, Value, Option<RowAction>, Value);

fn result_row((number, key, cells, action, errors): Columns) -> Result<ResultRow, Failure> {
    Ok(ResultRow { row: InputRow { number, cells: read(cells)? }, key, action, errors: read(errors)? })
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|error| Failure::Internal(format!("a row of an import: {error}")))
}

fn json(value: &impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::Internal(format!("a row of an import: {error}")))
}

pub fn insert(conn: &mut PgConnection, store: StoreId, import: ImportId, new: &[NewRow]) -> Result<(), Failure> {
    if new.is_empty() {
        return Ok(());
    }
    let cells = new.iter().map(|row| json(&row.cells)).collect::<Result<Vec<_>, _>>()?;
    let errors = new.iter().map(|row| json(&row.error.iter().collect::<Vec<_>>())).collect::<Result<Vec<_>, _>>()?;
    let action = |row: &NewRow| row.error.as_ref().map(|_| RowAction::Refused);
    let inserted = db::sql(
        "INSERT INTO import_rows (store_id, import_id, row_number, row_key, cells, action, errors, row_group) \
         SELECT $1, $2, n.number, n.key, n.cells, n.action, n.errors, n.row_group \
         FROM unnest($3::int8[], $4::text[], $5::jsonb[], $6::text[], $7::jsonb[], $8::text[]) \
              AS n (number, key, cells, action, errors, row_group)",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(import)
    .bind::<Array<BigInt>, _>(new.iter().map(|row| row.number).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|row| row.key.as_str()).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(cells)
    .bind::<Array<Nullable<Text>>, _>(new.iter().map(action).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(errors)
    .bind::<Array<Nullable<Text>>, _>(new.iter().map(|row| row.group.as_deref()).collect::<Vec<_>>())
    .execute(conn)?;
    db::expect_rows(inserted, new.len(), "rows of an import were inserted")
}

/// The rows from this one on.
pub fn list_next(
    conn: &mut PgConnection,
    store: StoreId,
    import: ImportId,
    from: i64,
    limit: i64,
) -> Result<Vec<StoredRow>, Failure> {
    let rows: Vec<(i64, Value, Value)> = import_rows::table
        .filter(import_rows::store_id.eq(store))
        .filter(import_rows::import_id.eq(import))
        .filter(import_rows::row_number.ge(from))
        .order(import_rows::row_number)
        .limit(limit)
        .select((import_rows::row_number, import_rows::cells, import_rows::errors))
        .load(conn)?;
    let stored = |(number, cells, errors)| {
        Ok(StoredRow { row: InputRow { number, cells: read(cells)? }, errors: read(errors)? })
    };
    rows.into_iter().map(stored).collect()
}

/// The first rows before the next one of an import that belong to these groups and change something.
pub fn list_changing_before(
    conn: &mut PgConnection,
    store: StoreId,
    import: &Import,
    groups: &BTreeSet<String>,
    limit: i64,
) -> Result<Vec<InputRow>, Failure> {
    let rows: Vec<(i64, Value)> = import_rows::table
        .filter(import_rows::store_id.eq(store))
        .filter(import_rows::import_id.eq(import.id))
        .filter(import_rows::row_group.eq_any(groups))
        .filter(import_rows::row_number.lt(import.next_row))
        .filter(import_rows::action.eq_any([RowAction::Created, RowAction::Updated]))
        .order(import_rows::row_number)
        .limit(limit)
        .select((import_rows::row_number, import_rows::cells))
        .load(conn)?;
    rows.into_iter().map(|(number, cells)| Ok(InputRow { number, cells: read(cells)? })).collect()
}

/// The numbers of the rows, up to `last`, that another import of the same file has changed already.
pub fn list_changed_before(
    conn: &mut PgConnection,
    store: StoreId,
    import: &Import,
    last: i64,
) -> QueryResult<BTreeSet<i64>> {
    // An import that stopped has changed nothing. One that was given up has changed its first rows. A file that is sent
    // again and again has many imports, of which only the first ones have changed something.
    let changed_rows = imports::state.ne(ImportState::Failed).or(imports::on_error.ne(OnError::Stop));
    let has_changes = imports::created_count.gt(0).or(imports::updated_count.gt(0));
    let earlier = imports::table
        .filter(imports::store_id.eq(store))
        .filter(imports::content_hash.eq(&import.content_hash))
        .filter(imports::kind.eq(import.columns.kind))
        .filter(imports::id.ne(import.id))
        .filter(imports::dry_run.eq(false))
        .filter(changed_rows)
        .filter(has_changes)
        .select(imports::id)
        .load::<ImportId>(conn)?;
    let numbers: Vec<i64> = import_rows::table
        .filter(import_rows::store_id.eq(store))
        .filter(import_rows::import_id.eq_any(earlier))
        .filter(import_rows::row_number.ge(import.next_row))
        .filter(import_rows::row_number.le(last))
        .filter(import_rows::action.eq_any([RowAction::Created, RowAction::Updated]))
        .select(import_rows::row_number)
        .load(conn)?;
    Ok(numbers.into_iter().collect())
}

/// The rows of an import before this one that are about these targets.
pub fn list_about(
    conn: &mut PgConnection,
    store: StoreId,
    (import, before): (ImportId, i64),
    targets: &[String],
) -> QueryResult<HashMap<String, i64>> {
    let rows: Vec<(Option<String>, i64)> = import_rows::table
        .filter(import_rows::store_id.eq(store))
        .filter(import_rows::import_id.eq(import))
        .filter(import_rows::row_number.lt(before))
        .filter(import_rows::target.eq_any(targets))
        .select((import_rows::target, import_rows::row_number))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(target, row)| Some((target?, row))).collect())
}

/// Writes the results of rows, in the order of their numbers.
///
/// The rows exist. ON CONFLICT finds each by its whole key, also if the statement was planned for an empty table.
pub fn write_outcomes(
    conn: &mut PgConnection,
    store: StoreId,
    import: ImportId,
    numbers: &[i64],
    outcomes: &[Outcome],
) -> Result<(), Failure> {
    let errors = outcomes.iter().map(|outcome| json(&outcome.errors)).collect::<Result<Vec<_>, _>>()?;
    let written = db::sql(
        "INSERT INTO import_rows (store_id, import_id, row_number, row_key, cells, action, errors, target) \
         SELECT $1, $2, n.number, '', '[]', n.action, n.errors, n.target \
         FROM unnest($3::int8[], $4::text[], $5::jsonb[], $6::text[]) AS n (number, action, errors, target) \
         ON CONFLICT ON CONSTRAINT import_rows_pkey \
         DO UPDATE SET action = excluded.action, errors = excluded.errors, target = excluded.target",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(import)
    .bind::<Array<BigInt>, _>(numbers)
    .bind::<Array<Text>, _>(outcomes.iter().map(|outcome| outcome.action).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(errors)
    .bind::<Array<Nullable<Text>>, _>(outcomes.iter().map(|outcome| outcome.target.as_deref()).collect::<Vec<_>>())
    .execute(conn)?;
    db::expect_rows(written, numbers.len(), "rows of an import got their results")
}

/// The columns that rows can be sorted by.
pub const SORTS: [&str; 1] = ["row"];

type Query<'a> = import_rows::BoxedQuery<'a, Pg>;

fn matching<'a>(store: StoreId, import: ImportId, result: Option<RowAction>) -> Query<'a> {
    let rows = import_rows::table
        .filter(import_rows::store_id.eq(store))
        .filter(import_rows::import_id.eq(import))
        .into_boxed();
    match result {
        Some(result) => rows.filter(import_rows::action.eq(result)),
        None => rows,
    }
}

/// A page of the rows of an import, perhaps only those with this result.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    (import, result): (ImportId, Option<RowAction>),
    sort: Sort,
    page: &PageQuery,
) -> Result<List<ResultRow>, Failure> {
    let total = matching(store, import, result).count().get_result(conn)?;
    let query = matching(store, import, result);
    let query = match sort.descending {
        false => query.order(import_rows::row_number.asc()),
        true => query.order(import_rows::row_number.desc()),
    };
    let rows: Vec<Columns> = query.limit(page.limit).offset(page.offset()).select(columns()).load(conn)?;
    let rows = rows.into_iter().map(result_row).collect::<Result<Vec<_>, _>>()?;
    Ok(page.list(rows, total))
}

/// The refused rows after this one, in their order.
pub fn list_refused_after(
    conn: &mut PgConnection,
    store: StoreId,
    import: ImportId,
    after: i64,
    limit: i64,
) -> Result<Vec<ResultRow>, Failure> {
    let rows: Vec<Columns> = matching(store, import, Some(RowAction::Refused))
        .filter(import_rows::row_number.gt(after))
        .order(import_rows::row_number)
        .limit(limit)
        .select(columns())
        .load(conn)?;
    rows.into_iter().map(result_row).collect()
}

type Selected =
    (import_rows::row_number, import_rows::row_key, import_rows::cells, import_rows::action, import_rows::errors);

const fn columns() -> Selected {
    (import_rows::row_number, import_rows::row_key, import_rows::cells, import_rows::action, import_rows::errors)
}
