//! The operations on counts.

mod requests;
mod response;
mod show;

use actix_web::{HttpResponse, web};
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::document::not_found;
use super::enter::{self, EnteredUnits};
use super::lifecycle;
use super::open::{self, NewCount};
use super::post::{self, PostRequest};
use super::queries::documents::{self, CountFilter};
use super::queries::entries;
use super::queries::shown::{self, LineFilter, LineOrder};
use super::status::{CountStatus, LineStatus};
use crate::audit::document::Target;
use crate::auth::{Ctx, Scope};
use crate::error::{Abort, ApiError};
use crate::http::{Query, SortQuery};
use crate::idempotency::{Answer, Command};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::document_text::CancelReason;
use crate::kernel::id::{self, CountId, LocationId};
use crate::kernel::page::{NEWEST_FIRST, PageQuery};
use crate::kernel::{number, text_enum};

pub use super::queries::documents::SORTS;
pub use requests::{CancelCountRequest, CountEntriesRequest, CountVersionRequest, NewCountRequest, PostCountRequest};
pub use response::{CountEntryResponse, CountLineResponse, CountResponse, CountSummaryResponse};
use show::{MAX_SHOWN_LINES, ShownLines, line_responses, show};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CountsQuery {
    /// Counts with this status.
    #[serde(default, deserialize_with = "text_enum::in_query")]
    pub status: Option<CountStatus>,
    /// Counts of this location.
    #[serde(default, deserialize_with = "id::in_query")]
    pub location_id: Option<i64>,
}

/// `GET /counts`
pub async fn list(
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    Query(query): Query<CountsQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.among(&SORTS, NEWEST_FIRST)?;
    let filter = CountFilter { status: query.status, location: query.location_id.map(LocationId) };
    ctx.answer("list_counts", move |conn, scope| {
        Ok(documents::list(conn, scope.store, filter, sort, &page)?.map(CountSummaryResponse::from))
    })
    .await
}

/// The page of lines of a count.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CountLinesQuery {
    /// Lines with this status.
    #[serde(default, deserialize_with = "text_enum::in_query")]
    pub status: Option<LineStatus>,
    /// Page number, from 1.
    #[serde(default = "first_page", deserialize_with = "number::integer_in_query")]
    #[validate(range(min = 1, max = 1_000_000_000, message = "must be from 1 to 1000000000"))]
    #[param(minimum = 1, default = 1)]
    pub page: i64,
    /// Lines per page, 1 to 500.
    #[serde(default = "most_lines", deserialize_with = "number::integer_in_query")]
    #[validate(range(min = 1, max = 500, message = "must be from 1 to 500"))]
    #[param(minimum = 1, maximum = 500, default = 500)]
    pub limit: i64,
}

const fn first_page() -> i64 {
    1
}

const fn most_lines() -> i64 {
    MAX_SHOWN_LINES
}

/// `GET /counts/{id}`
pub async fn show_count(
    path: web::Path<String>,
    Query(query): Query<CountLinesQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let name = DocumentRef::from_path(&path);
    let CountLinesQuery { status, page, limit } = query;
    let offset = page.saturating_sub(1).saturating_mul(limit);
    ctx.answer("get_count", move |conn, scope| {
        let filter = LineFilter { status: status.as_slice(), ..LineFilter::default() };
        show(conn, scope, &name, ShownLines { filter, limit: Some(limit), offset, ..ShownLines::default() })
    })
    .await
}

/// The columns that the lines of a count can be sorted by.
pub const LINE_SORTS: [&str; 1] = ["line"];

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VariancesQuery {
    /// Lines with this status.
    #[serde(default, deserialize_with = "text_enum::in_query")]
    pub status: Option<LineStatus>,
}

/// `GET /counts/{id}/variances`
pub async fn list_variances(
    path: web::Path<String>,
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    Query(query): Query<VariancesQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let name = DocumentRef::from_path(&path);
    let order = match sort.among(&LINE_SORTS, "line")?.descending {
        false => LineOrder::FirstToLast,
        true => LineOrder::LastToFirst,
    };
    ctx.answer("list_variances", move |conn, scope| {
        let count = documents::find(conn, scope.store, &name)?.ok_or_else(not_found)?;
        let filter = LineFilter { status: query.status.as_slice(), counted_only: true, ..LineFilter::default() };
        let total = shown::count(conn, scope.store, count.id, filter)?;
        let lines = shown::list(conn, scope.store, count.id, filter, order, (page.limit, page.offset()))?;
        Ok(page.list(line_responses(conn, scope, &count, lines)?, total))
    })
    .await
}

/// The columns that the entries of a count can be sorted by.
pub use super::queries::entries::SORTS as ENTRY_SORTS;

/// The entries of a count.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EntriesQuery {
    /// Entries of this line.
    #[serde(default, deserialize_with = "id::in_query")]
    pub line: Option<i64>,
}

/// `GET /counts/{id}/entries`
pub async fn list_entries(
    path: web::Path<String>,
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    Query(query): Query<EntriesQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let name = DocumentRef::from_path(&path);
    let sort = sort.among(&ENTRY_SORTS, "line")?;
    ctx.answer("list_count_entries", move |conn, scope| {
        let count = documents::find(conn, scope.store, &name)?.ok_or_else(not_found)?;
        let found = entries::list(conn, scope.store, (count.id, query.line), sort, &page)?;
        Ok(found.map(CountEntryResponse::from))
    })
    .await
}

/// `POST /counts`
pub async fn create(command: Command<NewCountRequest>) -> Result<HttpResponse, ApiError> {
    command
        .run("open_count", |conn, scope, body| {
            let id = open::open(conn, scope, &NewCount::from(body.clone()))?;
            Ok(Answer::created(&show(conn, scope, &DocumentRef::Id(id), ShownLines::default())?)?)
        })
        .await
}

/// The count with these lines.
fn answer_lines(conn: &mut PgConnection, scope: &Scope, id: CountId, lines: &[i64]) -> Result<Answer, Abort> {
    let filter = LineFilter { numbers: Some(lines), ..LineFilter::default() };
    let shown = ShownLines { filter, order: LineOrder::PostedLast, ..ShownLines::default() };
    Ok(Answer::ok(&show(conn, scope, &DocumentRef::Id(id), shown)?)?)
}

/// The count with its lines. If they are too many, those that are not posted are chosen first.
fn answer(conn: &mut PgConnection, scope: &Scope, id: CountId) -> Result<Answer, Abort> {
    let shown = ShownLines { order: LineOrder::PostedLast, ..ShownLines::default() };
    Ok(Answer::ok(&show(conn, scope, &DocumentRef::Id(id), shown)?)?)
}

/// `POST /counts/{id}/entries`
pub async fn enter(path: web::Path<String>, command: Command<CountEntriesRequest>) -> Result<HttpResponse, ApiError> {
    let target = Target::from_path(&path, command.body.expected_version);
    command
        .run("enter_count", move |conn, scope, body| {
            let entries: Vec<EnteredUnits> = body.entries.iter().cloned().map(EnteredUnits::from).collect();
            let (id, lines) = enter::enter(conn, scope, &target, &entries)?;
            answer_lines(conn, scope, id, &lines)
        })
        .await
}

/// `POST /counts/{id}/submit`
pub async fn submit(path: web::Path<String>, command: Command<CountVersionRequest>) -> Result<HttpResponse, ApiError> {
    let target = Target::from_path(&path, command.body.expected_version);
    command
        .run("submit_count", move |conn, scope, _body| {
            let id = lifecycle::submit(conn, scope, &target)?;
            answer(conn, scope, id)
        })
        .await
}

/// `POST /counts/{id}/lines/{n}/recount`
pub async fn recount(
    path: web::Path<(String, String)>,
    command: Command<CountVersionRequest>,
) -> Result<HttpResponse, ApiError> {
    let (name, line) = path.into_inner();
    let target = Target::from_path(&name, command.body.expected_version);
    let line = id::from_path(&line);
    command
        .run("recount_line", move |conn, scope, _body| {
            let id = lifecycle::recount(conn, scope, &target, line)?;
            answer_lines(conn, scope, id, &[line])
        })
        .await
}

/// `POST /counts/{id}/cancel`
pub async fn cancel(path: web::Path<String>, command: Command<CancelCountRequest>) -> Result<HttpResponse, ApiError> {
    let target = Target::from_path(&path, command.body.expected_version);
    command
        .run("cancel_count", move |conn, scope, body| {
            let id = lifecycle::cancel(conn, scope, &target, body.reason.as_ref().map(CancelReason::as_str))?;
            answer(conn, scope, id)
        })
        .await
}

/// `POST /counts/{id}/post`
pub async fn post(path: web::Path<String>, command: Command<PostCountRequest>) -> Result<HttpResponse, ApiError> {
    let target = Target::from_path(&path, command.body.expected_version);
    let request = PostRequest { target, lines: command.body.lines.clone() };
    let parts = request.clone();
    let after = command
        .run_in_parts("post_count_part", move |conn, scope, after| post::post_part(conn, scope, &parts, after))
        .await?;
    command
        .run("post_count", move |conn, scope, body| {
            let id = post::post_rest(conn, scope, &request, after)?;
            match &body.lines {
                Some(lines) => answer_lines(conn, scope, id, lines),
                None => answer(conn, scope, id),
            }
        })
        .await
}
