//! The parts of the operations on transfers and purchase orders that they have in common.

use actix_web::HttpResponse;
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::document::Target;
use super::inbound_ref::InboundRef;
use crate::auth::Scope;
use crate::error::{Abort, ApiError};
use crate::idempotency::{Answer, Command};
use crate::kernel::document_text::Reason;
use crate::kernel::expected_version::ExpectedVersion;
use crate::kernel::id::InboundId;
use crate::kernel::quantity::MAX_DOCUMENT_LINES;

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReverseReceiptRequest {
    pub reason: Reason,
    pub expected_version: Option<ExpectedVersion>,
}

/// Refuses an empty list of lines, and too many of them.
pub fn check_lines<T>(lines: Option<&Vec<T>>) -> Result<(), ApiError> {
    if lines.is_none_or(|lines| (1..=MAX_DOCUMENT_LINES).contains(&lines.len())) {
        return Ok(());
    }
    Err(ApiError::field("lines", format!("must have 1 to {MAX_DOCUMENT_LINES} lines")))
}

/// Reads a document for the answer.
pub type Respond<R> = fn(&mut PgConnection, &Scope, &InboundRef) -> Result<R, Abort>;

/// Changes a document, and answers with the document after it.
pub async fn change_document<T, R, F>(
    name: &'static str,
    target: Target,
    command: Command<T>,
    respond: Respond<R>,
    work: F,
) -> Result<HttpResponse, ApiError>
where
    T: Send + 'static,
    R: Serialize + 'static,
    F: Fn(&mut PgConnection, &Scope, &Target, &T) -> Result<InboundId, Abort> + Send + 'static,
{
    command
        .run(name, move |conn, scope, body| {
            let id = work(conn, scope, &target, body)?;
            Ok(Answer::ok(&respond(conn, scope, &InboundRef::Id(id))?)?)
        })
        .await
}
