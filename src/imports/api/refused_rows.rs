//! The refused rows of an import as a file.

use std::borrow::Cow;

use actix_web::{HttpRequest, HttpResponse, web};

use super::imports::get;
use crate::auth::Ctx;
use crate::error::ApiError;
use crate::http::event_stream::Bytes;
use crate::http::file_stream::{self, Part};
use crate::imports::file::ERROR_COLUMN;
use crate::imports::queries::rows::{self, ResultRow};
use crate::kernel::csv;
use crate::kernel::id::ImportId;

/// The rows of one part of the response.
const ROWS_AT_A_TIME: i64 = 500;

/// `GET /imports/{id}/refused.csv`: the rows as they were sent, with the column `error`.
pub async fn download(request: HttpRequest, path: web::Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let id = ImportId::from_path(&path);
    let columns = ctx.clone().read("get_import", move |conn, scope| Ok(get(conn, scope, id)?.columns)).await?;
    let mut header = Vec::new();
    csv::append_line(&mut header, columns.names.iter().map(String::as_str).chain([ERROR_COLUMN]).map(Cow::Borrowed));
    let parts = move |after: i64| {
        let ctx = ctx.clone();
        async move {
            let read = ctx.read("list_refused_rows", move |conn, scope| {
                Ok(rows::list_refused_after(conn, scope.store, id, after, ROWS_AT_A_TIME)?)
            });
            let rows = read.await?;
            let next = rows.last().map(|row| row.row.number);
            let mut text = Vec::new();
            rows.iter().for_each(|row| append(&mut text, row));
            Ok(Part { bytes: Bytes::from(text), next })
        }
    };
    let file =
        file_stream::Download { name: format!("import-{id}-refused.csv"), content_type: "text/csv; charset=utf-8" };
    Ok(file_stream::respond(&request, &file, Bytes::from(header), (0, parts)))
}

fn append(text: &mut Vec<u8>, row: &ResultRow) {
    let errors = row.errors.iter().map(|error| match error.field.as_str() {
        "" => error.message.clone(),
        field => format!("{field}: {}", error.message),
    });
    let errors = errors.collect::<Vec<_>>().join("; ");
    let cells = row.row.cells.iter().map(|cell| Cow::Owned(cell.to_csv()));
    csv::append_line(text, cells.chain([Cow::Owned(csv::escape(&errors).into_owned())]));
}
