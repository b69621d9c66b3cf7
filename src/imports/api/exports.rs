//! Downloads of the rows of a store.

use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::schema::ObjectBuilder;
use validator::Validate;

use crate::auth::{Ctx, Scope};
use crate::error::{ApiError, Code};
use crate::http::Query;
use crate::http::body::Bytes;
use crate::http::file_stream::{self, Download, Part};
use crate::imports::export::file::{ExportFile, ExportFormat, Slice, read_slice};
use crate::imports::export::kind::ExportKind;
use crate::imports::queries::exports::{Position, TimeRange};
use crate::kernel::{moment, schema, text_enum};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// The kind of the rows.
    #[param(inline, required = true)]
    #[serde(default, deserialize_with = "text_enum::in_query")]
    pub kind: Option<ExportKind>,
    /// Only rows from this moment on; for movements, orders, credits and purchase orders.
    #[serde(default, deserialize_with = "moment::in_query")]
    pub from: Option<DateTime<Utc>>,
    /// Only rows before this moment; for movements, orders, credits and purchase orders.
    #[serde(default, deserialize_with = "moment::in_query")]
    pub to: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "text_enum::in_query")]
    #[param(schema_with = format_parameter)]
    pub format: Option<ExportFormat>,
}

/// Described as a text with its words, because an inline enum with a default would become two schemas.
fn format_parameter() -> ObjectBuilder {
    let default = ExportFormat::default().as_str();
    schema::words::<ExportFormat>().default(Some(default.into())).description(Some("`xlsx` is a spreadsheet."))
}

/// `GET /exports`. The permission depends on the kind.
pub async fn download(
    request: HttpRequest,
    Query(query): Query<ExportQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let kind = query.kind.ok_or_else(|| ApiError::field("kind", "is required"))?;
    if !ctx.principal.can(kind.permission()) {
        return Err(kind.permission().missing());
    }
    for (name, time) in [("from", query.from), ("to", query.to)] {
        if time.is_some() && !kind.has_time() {
            return Err(ApiError::field(name, format!("is not for the kind {}", kind.as_str())));
        }
    }
    let range = TimeRange { from: query.from, to: query.to };
    // A missing store is refused before the file begins.
    ctx.clone().read("find_store", |_, _| Ok(())).await?;
    Ok(respond(&request, (kind, range), query.format.unwrap_or_default(), ctx))
}

/// Reads each slice when the client has taken the one before it.
fn respond(
    request: &HttpRequest,
    (kind, range): (ExportKind, TimeRange),
    format: ExportFormat,
    ctx: Ctx,
) -> HttpResponse {
    let mut file = ExportFile::new(kind, format);
    let first = Bytes::from(file.take());
    let parts = move |(after, mut file): (Position, ExportFile)| {
        let ctx = ctx.clone();
        async move {
            let read =
                move |conn: &mut PgConnection, scope: &Scope| Ok(read_slice(conn, scope.store, (kind, range), after)?);
            let Slice { rows, next } = ctx.read_list("export", read).await?;
            file.append(&rows).map_err(|full| ApiError::new(Code::PayloadTooLarge, full.to_string()))?;
            Ok(match next {
                Some(next) => Part { bytes: Bytes::from(file.take()), next: Some((next, file)) },
                None => Part { bytes: Bytes::from(file.finish()), next: None },
            })
        }
    };
    let name = format!("{}.{}", kind.as_str(), format.as_str());
    let download = Download { name, content_type: format.content_type() };
    file_stream::respond(request, &download, first, ((Position::start(range), file), parts))
}
