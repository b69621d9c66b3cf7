//! Creates an import, and processes its rows slice by slice.
//!
//! The results of a slice are written in the transaction that does its changes. So after a crash the next slice
//! continues exactly where the last one has ended.

use std::collections::HashMap;

use diesel::PgConnection;

use super::cell::Cell;
use super::document::{Import, NewImport};
use super::file::{File, FileRow};
use super::input_row::{Columns, InputRow};
use super::kind::{ImportKind, OnError};
use super::outcome::{Outcome, WriteMode};
use super::queries::imports;
use super::queries::rows::{self, NewRow, StoredRow};
use super::{barcodes, products, purchase_orders, stock, suppliers};
use crate::auth::Scope;
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, FieldError};
use crate::kernel::id::StoreId;

/// The number of rows of a transaction if refused rows are skipped.
pub const SLICE: usize = 500;

/// The maximal number of rows of one transaction if a refused row stops all others.
pub const MAX_ROWS_OF_STOP: usize = 5_000;

/// The largest number of rows that a slice may have beyond its size, so that a group stays together: the sizes of a
/// product, or the lines of a document.
const MAX_GROUP: usize = 500;

/// The number of rows that one statement inserts.
const ROWS_AT_A_TIME: usize = 1_000;

/// The longest group that is stored, in bytes. A longer one is no valid SKU and no valid reference.
const MAX_GROUP_BYTES: usize = 1_500;

/// The next rows of an import with their results.
#[derive(Clone, Debug)]
pub struct DecidedSlice {
    numbers: Vec<i64>,
    outcomes: Vec<Outcome>,
}

impl DecidedSlice {
    #[must_use]
    pub fn row_count(&self) -> i64 {
        db::count(self.numbers.len())
    }

    /// True if these rows are still the next ones of the import.
    #[must_use]
    pub fn is_next_of(&self, import: &Import) -> bool {
        self.numbers.first() == Some(&import.next_row)
    }
}

/// Refuses a file with too many rows for one transaction.
pub fn check_row_count(rows: usize, on_error: OnError) -> Result<(), ApiError> {
    if on_error == OnError::Skip || rows <= MAX_ROWS_OF_STOP {
        return Ok(());
    }
    let message = format!("must be skip, because stop takes at most {MAX_ROWS_OF_STOP} rows, and the file has {rows}");
    Err(ApiError::field("on_error", message))
}

/// True if the whole import is one transaction.
#[must_use]
pub const fn is_one_slice(rows: usize, on_error: OnError) -> bool {
    match on_error {
        OnError::Stop => true,
        OnError::Skip => rows <= SLICE,
    }
}

/// Stores an import with its rows. Rows that cannot be read and rows with the key of an earlier row are refused at once.
pub fn create(conn: &mut PgConnection, scope: &Scope, new: &NewImport, file: &File) -> Result<Import, Abort> {
    let at = db::clock(conn)?;
    let mut import = imports::insert(conn, scope.store, new, at)?;
    let has_groups = new.dry_run && !is_one_slice(file.row_count, new.on_error);
    let (mut seen, mut number, mut batch) = (HashMap::new(), 0_i64, Vec::with_capacity(ROWS_AT_A_TIME));
    file.each_row(|row| {
        number = number.saturating_add(1);
        let row = new_row(&new.columns, number, row, &mut seen);
        let group = if has_groups { stored_group(&new.columns, &row.cells) } else { None };
        batch.push(NewRow { group, ..row });
        if batch.len() == ROWS_AT_A_TIME {
            rows::insert(conn, scope.store, import.id, &batch)?;
            batch.clear();
        }
        Ok::<(), Failure>(())
    })?;
    rows::insert(conn, scope.store, import.id, &batch)?;
    if import.row_count == 0 {
        import.advance(&[], at);
        imports::update(conn, scope.store, &import)?;
    }
    Ok(import)
}

fn new_row(columns: &Columns, number: i64, row: FileRow, seen: &mut HashMap<String, i64>) -> NewRow {
    let FileRow { cells, error } = row;
    let error = error.or_else(|| find_repeated(columns, number, &cells, seen));
    NewRow { number, key: columns.display_key(&cells), cells, error, group: None }
}

/// The group of a row as it is stored. None if the row belongs to no other row.
#[must_use]
pub fn stored_group(columns: &Columns, cells: &[Cell]) -> Option<String> {
    Some(columns.group(cells)).filter(|group| !group.is_empty() && group.len() <= MAX_GROUP_BYTES)
}

/// The error of a row that has the key or a code of an earlier row.
fn find_repeated(
    columns: &Columns,
    number: i64,
    cells: &[Cell],
    seen: &mut HashMap<String, i64>,
) -> Option<FieldError> {
    let mut first = |key: String| Some(*seen.entry(key).or_insert(number)).filter(|first| *first != number);
    if let Some(first) = first(columns.key(cells)?) {
        return Some(FieldError::new(first_key_column(columns.kind), format!("has the key of row {first}")));
    }
    columns.own_codes(cells).find_map(|(column, code)| {
        let first = first(code)?;
        Some(FieldError::new(column, format!("is that of row {first}")))
    })
}

fn first_key_column(kind: ImportKind) -> &'static str {
    kind.columns().iter().find(|column| column.is_key && column.is_required).map_or("", |column| column.name)
}

/// Processes the next rows of an import. The import must have been locked.
pub fn run_slice(conn: &mut PgConnection, scope: &Scope, import: &mut Import) -> Result<(), Abort> {
    let stored = read_slice(conn, scope.store, import)?;
    let slice = decide_slice(conn, scope, import, stored)?;
    Ok(write_slice(conn, scope.store, import, &slice)?)
}

/// The next rows of an import.
pub fn read_slice(conn: &mut PgConnection, store: StoreId, import: &Import) -> Result<Vec<StoredRow>, Failure> {
    let limit = match import.on_error {
        OnError::Stop => MAX_ROWS_OF_STOP,
        OnError::Skip => SLICE.saturating_add(MAX_GROUP),
    };
    let mut stored = rows::list_next(conn, store, import.id, import.next_row, db::count(limit))?;
    if import.on_error == OnError::Skip {
        cut(&import.columns, &mut stored);
    }
    Ok(stored)
}

/// Decides on the next rows, and writes their changes if the import is no dry run.
pub fn decide_slice(
    conn: &mut PgConnection,
    scope: &Scope,
    import: &Import,
    stored: Vec<StoredRow>,
) -> Result<DecidedSlice, Abort> {
    let numbers = stored.iter().map(|row| row.row.number).collect();
    let outcomes = decide_all(conn, scope, import, stored)?;
    Ok(DecidedSlice { numbers, outcomes })
}

/// Writes the results of the next rows of an import, whose row has been locked.
pub fn write_slice(
    conn: &mut PgConnection,
    store: StoreId,
    import: &mut Import,
    slice: &DecidedSlice,
) -> Result<(), Failure> {
    let DecidedSlice { numbers, outcomes } = slice;
    rows::write_outcomes(conn, store, import.id, numbers, outcomes)?;
    import.advance(outcomes, db::clock(conn)?);
    imports::update(conn, store, import)
}

/// Shortens the rows to a slice that does not divide a group of at most [`MAX_GROUP`] rows.
fn cut(columns: &Columns, rows: &mut Vec<StoredRow>) {
    let group = |row: &StoredRow| columns.group(&row.row.cells);
    let mut end = SLICE.min(rows.len());
    while let (Some(last), Some(next)) = (end.checked_sub(1).and_then(|last| rows.get(last)), rows.get(end)) {
        let group_of_next = group(next);
        if group_of_next.is_empty() || group_of_next != group(last) {
            break;
        }
        end = end.saturating_add(1);
    }
    rows.truncate(end);
}

/// The results of the rows, in their order. Rows that were refused at once keep their errors.
fn decide_all(
    conn: &mut PgConnection,
    scope: &Scope,
    import: &Import,
    stored: Vec<StoredRow>,
) -> Result<Vec<Outcome>, Abort> {
    let (mut open, mut refused, mut results) = (Vec::new(), Vec::new(), Vec::with_capacity(stored.len()));
    for StoredRow { row, errors } in stored {
        if errors.is_empty() {
            results.push(None);
            open.push(row);
        } else {
            results.push(Some(Outcome::refused(errors)));
            refused.push(row);
        }
    }
    let mode = match import.write_mode() {
        WriteMode::IfNoneRefused if results.iter().any(Option::is_some) => WriteMode::Never,
        mode => mode,
    };
    let mut decided = apply(conn, scope, import, (&open, &refused), mode)?.into_iter();
    let missing = || Failure::Internal("a row of an import has no result".to_owned());
    let outcomes: Option<Vec<Outcome>> = results.into_iter().map(|result| result.or_else(|| decided.next())).collect();
    Ok(outcomes.ok_or_else(missing)?)
}

/// Decides on the rows, and writes their changes if the mode allows it. `refused` are the other rows of the slice,
/// which were refused when the file arrived.
pub fn apply(
    conn: &mut PgConnection,
    scope: &Scope,
    import: &Import,
    (rows, refused): (&[InputRow], &[InputRow]),
    mode: WriteMode,
) -> Result<Vec<Outcome>, Abort> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let columns = &import.columns;
    match columns.kind {
        ImportKind::Products => products::apply(conn, scope, (columns, rows, refused), mode),
        ImportKind::Stock => stock::apply(conn, scope, (import, rows), mode),
        ImportKind::Barcodes => barcodes::apply(conn, scope, (columns, rows), mode),
        ImportKind::Suppliers => suppliers::apply(conn, scope, (columns, rows), mode),
        ImportKind::PurchaseOrder => purchase_orders::apply(conn, scope, (import, rows), mode),
    }
}
