//! Receives a file of rows, after the caller's permission was checked.

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, web};
use sha2::{Digest, Sha256};

use crate::auth::Ctx;
use crate::error::{ApiError, Code};
use crate::http::{body, headers};
use crate::idempotency::Command;
use crate::imports::document::NewImport;
use crate::imports::file::{File, Format};
use crate::imports::input_row::Columns;
use crate::imports::kind::{ImportKind, OnError};
use crate::imports::run;

/// The way in which a file is imported.
#[derive(Clone, Copy, Debug)]
pub struct ImportOptions {
    pub kind: ImportKind,
    pub on_error: OnError,
    pub dry_run: bool,
    /// The formats that the operation accepts.
    pub formats: &'static [Format],
}

/// A file with its import.
#[derive(Clone, Debug)]
pub struct ReceivedFile {
    pub file: File,
    pub new: NewImport,
}

/// Checks the permission, then reads the body and its columns. So a caller without the permission costs no memory.
pub async fn receive(
    request: &HttpRequest,
    mut payload: Payload,
    options: ImportOptions,
) -> Result<Command<ReceivedFile>, ApiError> {
    let ctx = <Ctx as actix_web::FromRequest>::from_request(request, &mut payload).await?;
    let permission = options.kind.permission();
    if !ctx.principal.can(permission) {
        return Err(permission.missing());
    }
    let created_by = ctx.principal.account()?.id;
    let format = format_of(request.headers())?;
    if !options.formats.contains(&format) {
        return Err(ApiError::new(Code::UnsupportedMediaType, "Send the rows as application/json."));
    }
    let bytes = body::read(request, payload).await?;
    // Reading a large file takes some time, so it must not delay the event loop.
    let opened = web::block(move || {
        let content_hash = Sha256::digest(&bytes).to_vec();
        File::open(bytes, format, options.kind).map(|file| (file, content_hash))
    });
    let (file, content_hash) = opened.await.map_err(|_stopped| ApiError::internal())??;
    run::check_row_count(file.row_count, options.on_error)?;
    let names = file.columns.iter().map(|name| (*name).to_owned()).collect();
    let new = NewImport {
        columns: Columns { kind: options.kind, names },
        on_error: options.on_error,
        dry_run: options.dry_run,
        row_count: crate::db::count(file.row_count),
        created_by,
        content_hash,
    };
    let fingerprint = hex::encode(&new.content_hash);
    Command::of_file(ctx, request, &fingerprint, ReceivedFile { file, new })
}

/// The format that the content type names. Text must be UTF-8.
fn format_of(headers: &HeaderMap) -> Result<Format, ApiError> {
    let refuse = |detail| Err(ApiError::new(Code::UnsupportedMediaType, detail));
    let content_type = headers::single(headers, "Content-Type")?.and_then(|value| value.to_str().ok());
    let mut parts = content_type.unwrap_or_default().split(';').map(|part| part.trim().to_ascii_lowercase());
    let format = match parts.next().as_deref() {
        Some("text/csv") => Format::Csv,
        Some("application/json") => Format::Json,
        _ => return refuse("Send the rows as text/csv or application/json."),
    };
    let other_charset =
        |part: String| part.strip_prefix("charset=").is_some_and(|charset| charset.trim_matches('"') != "utf-8");
    if parts.any(other_charset) {
        return refuse("Send the rows in UTF-8: text/csv; charset=utf-8.");
    }
    let is_identity = |value: &actix_web::http::header::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all("Content-Encoding").all(is_identity) {
        return refuse("Send the rows as they are, without a Content-Encoding or with identity.");
    }
    Ok(format)
}
