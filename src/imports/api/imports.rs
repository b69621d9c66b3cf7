//! Creates imports, and shows them with their rows.

use actix_web::{FromRequest as _, HttpRequest, HttpResponse, web};
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::receive::{ImportOptions, ReceivedFile, receive};
use super::response::{ImportResponse, ImportRowResponse};
use crate::auth::{Ctx, Scope};
use crate::error::{Abort, ApiError};
use crate::http::{Query, SortQuery};
use crate::idempotency::Answer;
use crate::imports::document::{Import, ImportState, not_found};
use crate::imports::file::Format;
use crate::imports::kind::{ImportKind, OnError};
use crate::imports::outcome::RowAction;
use crate::imports::queries::{imports, rows};
use crate::imports::run;
use crate::kernel::id::ImportId;
use crate::kernel::page::PageQuery;
use crate::kernel::{number, text_enum};

pub use crate::imports::queries::rows::SORTS;

/// The rows in the order of the file.
pub const FIRST_ROW_FIRST: &str = "row";

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// The kind of the rows.
    #[param(required = true)]
    #[serde(default, deserialize_with = "text_enum::in_query")]
    pub kind: Option<ImportKind>,
    /// `stop`: a refused row means that nothing is changed; up to 5,000 rows. `skip`: the other rows are changed.
    #[serde(default, deserialize_with = "text_enum::in_query")]
    #[param(default = "stop")]
    pub on_error: Option<OnError>,
    /// Only finds out the results of the rows.
    #[serde(default, deserialize_with = "number::flag_in_query")]
    #[param(default = false)]
    pub dry_run: Option<bool>,
}

/// `POST /imports`. The permission depends on the kind, and is checked before the body is read.
pub async fn create(request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, ApiError> {
    let mut payload = payload.into_inner();
    let Query(query) = Query::<ImportQuery>::from_request(&request, &mut payload).await?;
    let kind = query.kind.ok_or_else(|| ApiError::field("kind", "is required"))?;
    let on_error = query.on_error.unwrap_or_default();
    let dry_run = query.dry_run.unwrap_or(false);
    let options = ImportOptions { kind, on_error, dry_run, formats: &[Format::Csv, Format::Json] };
    let command = receive(&request, payload, options).await?;
    command
        .run("create_import", move |conn, scope, received| {
            let import = start(conn, scope, received)?;
            let is_finished = import.state != ImportState::Running;
            let response = ImportResponse::from(import);
            Ok(if is_finished { Answer::created(&response)? } else { Answer::accepted(&response)? })
        })
        .await
}

/// Stores an import. If it is one transaction, it is done at once. A job does longer imports.
pub fn start(conn: &mut PgConnection, scope: &Scope, received: &ReceivedFile) -> Result<Import, Abort> {
    let mut import = run::create(conn, scope, &received.new, &received.file)?;
    if run::is_one_slice(received.file.row_count, import.on_error) {
        while import.state == ImportState::Running {
            run::run_slice(conn, scope, &mut import)?;
        }
    }
    Ok(import)
}

/// The import of a path, or 404. Every kind of import has its own permission.
pub fn get(conn: &mut PgConnection, scope: &Scope, id: ImportId) -> Result<Import, Abort> {
    let import = imports::find(conn, scope.store, id)?.ok_or_else(not_found)?;
    let permission = import.columns.kind.permission();
    if scope.principal.can(permission) { Ok(import) } else { Err(permission.missing().into()) }
}

/// `GET /imports/{id}`
pub async fn show(path: web::Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let id = ImportId::from_path(&path);
    ctx.answer("get_import", move |conn, scope| Ok(ImportResponse::from(get(conn, scope, id)?))).await
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RowsQuery {
    /// Only rows with this result.
    #[serde(default, deserialize_with = "text_enum::in_query")]
    pub result: Option<RowAction>,
}

/// `GET /imports/{id}/rows`
pub async fn list_rows(
    path: web::Path<String>,
    Query(query): Query<RowsQuery>,
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.among(&SORTS, FIRST_ROW_FIRST)?;
    let id = ImportId::from_path(&path);
    ctx.answer("list_import_rows", move |conn, scope| {
        let import = get(conn, scope, id)?;
        Ok(rows::list(conn, scope.store, (import.id, query.result), sort, &page)?.map(ImportRowResponse::from))
    })
    .await
}
