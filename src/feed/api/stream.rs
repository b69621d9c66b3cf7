//! The operation that streams the feed.

use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use diesel::PgConnection;
use futures_util::stream;
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::types;
use crate::auth::principal::Account;
use crate::auth::stream_token::StreamToken;
use crate::auth::token::Bearer;
use crate::auth::token_versions::TokenVersions;
use crate::auth::{Ctx, Permission, Role, Scope};
use crate::error::{Abort, ApiError, Code};
use crate::events::EventType;
use crate::events::queries::{self as events, Ids};
use crate::feed::queries;
use crate::feed::streams::{EventStreams, Listener, StreamFilter};
use crate::feed::subject::{self, Subject};
use crate::http::client_address::client_address;
use crate::http::event_stream::{self, NoSlot};
use crate::http::{Query, headers, refuse_beyond};
use crate::kernel::current_request;
use crate::kernel::cursor::Cursor;
use crate::kernel::id::{StoreId, UserId};
use crate::kernel::text_enum;

/// The permission of staff. Customers get the events about their own orders.
pub const PERMISSION: Permission = Permission::EventsRead;

/// The header by which a client continues.
const LAST_EVENT_ID: &str = "Last-Event-ID";

/// The headers of the operation with their descriptions.
pub const HEADERS: [(&str, &str); 1] = [(
    LAST_EVENT_ID,
    "The `id` of the last event that the client has seen: the stream continues after it. Without it, the stream begins \
     now. `EventSource` sends it when it connects again.",
)];

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    #[serde(default, rename = "type", deserialize_with = "text_enum::list_in_query")]
    #[param(schema_with = types)]
    types: Vec<EventType>,
    /// Events about one object: a kind and an id, such as `order:12`, or the number of a document.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[param(max_length = 100, example = "order:12")]
    subject: Option<String>,
}

/// `GET /events/stream`
pub async fn stream(
    request: HttpRequest,
    query: Query<StreamQuery>,
    streams: Data<EventStreams>,
    versions: Data<TokenVersions>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let last = last_event_id(&request)?;
    let Account { id, role, .. } = *ctx.principal.account()?;
    let bearer = request.extensions().get::<Bearer>().copied().ok_or_else(ApiError::internal)?;
    let slot = streams.take_slot(id, role, client_address(&request)).map_err(refuse)?;
    let token = StreamToken::new(bearer, versions.into_inner(), &ctx.database);
    let owner = (role == Role::Customer).then_some(id);
    let StreamQuery { types, subject } = query.0;
    let begin =
        move |conn: &mut PgConnection, scope: &Scope| begin(conn, scope.store, (subject.as_deref(), owner), last);
    let Beginning { store, subject, cursor, end } = ctx.read("begin_event_stream", begin).await?;
    let filter = StreamFilter { types, subject, owner };
    let ends = current_request::connection_ends();
    let listener = Listener::new(&streams, (store, filter), (cursor, end), (token, slot), ends);
    let parts = stream::unfold(listener, |mut listener| async move { Some((listener.next().await?, listener)) });
    Ok(event_stream::respond(&request, parts))
}

fn last_event_id(request: &HttpRequest) -> Result<Option<Cursor>, ApiError> {
    let Some(value) = headers::single(request.headers(), LAST_EVENT_ID)? else { return Ok(None) };
    match value.to_str() {
        Ok("") => Ok(None),
        Ok(text) => text.parse().map(Some).map_err(|_not_a_cursor| refuse_id("must be the id of an event")),
        Err(_no_text) => Err(refuse_id("must be the id of an event")),
    }
}

fn refuse_id(message: &str) -> ApiError {
    ApiError::field(LAST_EVENT_ID, message)
}

/// The seconds after which a refused client tries again.
const RETRY_SECONDS: u64 = 10;

/// The refusal of one stream too many.
pub fn refuse(no_slot: NoSlot) -> ApiError {
    let refusal = match no_slot {
        NoSlot::Full => ApiError::new(Code::Busy, "The server has too many open streams. Try again later."),
        NoSlot::TooManyOfClient => {
            ApiError::new(Code::RateLimited, "You have too many open streams. Close one, then try again.")
        }
    };
    refusal.retry_after(RETRY_SECONDS)
}

/// The filter of a stream, the cursor after which it begins, and the end of the feed.
struct Beginning {
    store: StoreId,
    subject: Option<Subject>,
    cursor: Cursor,
    end: Cursor,
}

fn begin(
    conn: &mut PgConnection,
    store: StoreId,
    (subject, owner): (Option<&str>, Option<UserId>),
    last: Option<Cursor>,
) -> Result<Beginning, Abort> {
    let subject = match (subject, owner) {
        (None, _) => None,
        (Some(text), None) => Some(subject::resolve(conn, store, text)?),
        (Some(text), Some(owner)) => Some(own_subject(conn, store, text, owner)?),
    };
    let (end, _) = events::end(conn, store, Ids::All)?;
    let cursor = last.unwrap_or(end);
    refuse_beyond(cursor, end).map_err(|_behind_the_end| refuse_id("is behind the end of the feed"))?;
    Ok(Beginning { store, subject, cursor, end })
}

/// An object of the customer. The refusal is the same whether or not others have such an object.
fn own_subject(conn: &mut PgConnection, store: StoreId, text: &str, owner: UserId) -> Result<Subject, Abort> {
    let refusal = || ApiError::field("subject", "must name an order of yours, or a shipment or return of one");
    let subject = match subject::resolve(conn, store, text) {
        Ok(subject) => subject,
        Err(Abort::Refused(_)) => return Err(refusal().into()),
        Err(failed) => return Err(failed),
    };
    match queries::list_subjects_of(conn, store, owner)?.contains(&subject) {
        true => Ok(subject),
        false => Err(refusal().into()),
    }
}
