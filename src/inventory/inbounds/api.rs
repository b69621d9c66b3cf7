//! The parts of the operations on transfers and purchase orders that they have in common.

use actix_web::HttpResponse;
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::audit::document::Target;
use crate::auth::Scope;
use crate::error::{Abort, ApiError};
use crate::idempotency::{Answer, Command};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::document_text::Reason;
use crate::kernel::expected_version::ExpectedVersion;
use crate::kernel::id::InboundId;
use crate::kernel::quantity::{MAX_DOCUMENT_LINES, check_line_count};

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReverseReceiptRequest {
    pub reason: Reason,
    pub expected_version: Option<ExpectedVersion>,
}

/// Refuses an empty list of lines, and too many of them.
pub fn check_lines<T>(lines: Option<&Vec<T>>) -> Result<(), ApiError> {
    let count = lines.map_or(Ok(()), |lines| check_line_count(lines.len(), MAX_DOCUMENT_LINES));
    count.map_err(|message| ApiError::field("lines", message))
}

/// Reads a document for the response.
pub type Respond<R> = fn(&mut PgConnection, &Scope, &DocumentRef<InboundId>) -> Result<R, Abort>;

/// Changes a document, and responds with the changed document.
pub async fn change_document<T, R, F>(
    name: &'static str,
    target: Target<InboundId>,
    command: Command<T>,
    respond: Respond<R>,
    work: F,
) -> Result<HttpResponse, ApiError>
where
    T: Send + 'static,
    R: Serialize + 'static,
    F: Fn(&mut PgConnection, &Scope, &Target<InboundId>, &T) -> Result<InboundId, Abort> + Send + 'static,
{
    command
        .run(name, move |conn, scope, body| {
            let id = work(conn, scope, &target, body)?;
            Ok(Answer::ok(&respond(conn, scope, &DocumentRef::Id(id))?)?)
        })
        .await
}
