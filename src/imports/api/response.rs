//! Imports and their rows in responses.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::ArrayBuilder;

use crate::error::FieldError;
use crate::imports::document::{Import, ImportState};
use crate::imports::kind::{ImportKind, OnError};
use crate::imports::outcome::RowAction;
use crate::imports::queries::rows::ResultRow;
use crate::kernel::id::{ImportId, UserId};
use crate::kernel::schema;

fn columns() -> ArrayBuilder {
    schema::texts("The columns of the file, in their order.", 50)
}

/// An import with the numbers of its rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportResponse {
    id: ImportId,
    kind: ImportKind,
    on_error: OnError,
    /// True if nothing was written besides the results of the rows.
    dry_run: bool,
    state: ImportState,
    #[schema(schema_with = columns)]
    columns: Vec<String>,
    /// All rows of the file.
    rows: i64,
    /// The rows that have a result.
    processed: i64,
    created: i64,
    updated: i64,
    /// The rows whose values are there already. They write nothing.
    unchanged: i64,
    refused: i64,
    created_by: UserId,
    created_at: DateTime<Utc>,
    /// Null while the import runs.
    finished_at: Option<DateTime<Utc>>,
    /// The reason why the next rows could not be written. There are several attempts, and after the last one the
    /// import has `failed`. Null if there was none.
    #[schema(max_length = 200)]
    failure: Option<String>,
}

impl From<Import> for ImportResponse {
    fn from(import: Import) -> Self {
        let Import { id, columns, on_error, dry_run, state, row_count, next_row, counts, .. } = import;
        Self {
            id,
            kind: columns.kind,
            on_error,
            dry_run,
            state,
            columns: columns.names,
            rows: row_count,
            processed: next_row.saturating_sub(1),
            created: counts.created,
            updated: counts.updated,
            unchanged: counts.unchanged,
            refused: counts.refused,
            created_by: import.created_by,
            created_at: import.created_at,
            finished_at: import.finished_at,
            failure: import.failure,
        }
    }
}

/// A row with its result.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportRowResponse {
    /// The first row under the header is 1.
    #[schema(minimum = 1)]
    row: i64,
    /// The name of the object that the row is about, such as a SKU.
    #[schema(max_length = 250)]
    key: String,
    /// Null until the row has a result.
    action: Option<RowAction>,
    /// The refused cells, by their columns.
    #[schema(max_items = 20)]
    errors: Vec<FieldError>,
}

impl From<ResultRow> for ImportRowResponse {
    fn from(row: ResultRow) -> Self {
        let ResultRow { row, key, action, errors } = row;
        Self { row: row.number, key, action, errors }
    }
}

/// An import of a few rows with the results of all of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkResponse {
    pub import: ImportResponse,
    #[schema(max_items = 500)]
    pub rows: Vec<ImportRowResponse>,
}
