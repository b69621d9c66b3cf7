//! The operations on the feed and on availability.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::Data;
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::auth::{Ctx, Scope};
use crate::error::{Abort, ApiError};
use crate::events::EventType;
use crate::events::feed_ends::FeedEnds;
use crate::events::queries::{self, Ids};
use crate::feed::page::{self, EventFilter};
use crate::feed::response::{EventResponse, respond};
use crate::feed::subject;
use crate::http::{Query, json, refuse_beyond};
use crate::kernel::current_request;
use crate::kernel::cursor::{self, Cursor};
use crate::kernel::id::StoreId;
use crate::kernel::number;
use crate::kernel::page::default_limit;
use crate::kernel::schema::words;
use crate::kernel::text_enum;

pub mod availability;
pub mod stream;

/// The next events of the feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventsResponse {
    #[schema(max_items = 100)]
    items: Vec<EventResponse>,
    /// The cursor after these events: send it as `after` to continue. It is never null. A response without events repeats
    /// `after`, or has a later cursor if the filter left out all events.
    #[schema(max_length = 50)]
    next: String,
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// The `next` of an earlier response, or the `id` of an event. Without it, the response begins with the first event.
    #[serde(default, deserialize_with = "cursor::in_query")]
    #[param(value_type = Option<String>, pattern = "^(0|[0-9]{1,19}\\.[0-9]{1,19})$", example = "0")]
    after: Option<Cursor>,
    #[serde(default, rename = "type", deserialize_with = "text_enum::list_in_query")]
    #[param(schema_with = types)]
    types: Vec<EventType>,
    /// Events about one object: a kind and an id, such as `order:12`, or the number of a document.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[param(max_length = 100, example = "order:12")]
    subject: Option<String>,
    /// Events in a response, 1 to 100.
    #[serde(default = "default_limit", deserialize_with = "number::integer_in_query")]
    #[validate(range(min = 1, max = 100, message = "must be from 1 to 100"))]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: i64,
    /// The seconds for which the response waits for an event if there is none, 0 to 30.
    #[serde(default, deserialize_with = "number::integer_in_query")]
    #[validate(range(min = 0, max = 30, message = "must be from 0 to 30"))]
    #[param(minimum = 0, maximum = 30, default = 0)]
    wait: i64,
}

fn types() -> ArrayBuilder {
    ArrayBuilder::new().items(words::<EventType>()).description(Some("Events of these types."))
}

/// `GET /events`
pub async fn list(query: Query<EventsQuery>, ends: Data<FeedEnds>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let EventsQuery { after, types, subject, limit, wait } = query.0;
    let limit = usize::try_from(limit).unwrap_or(0);
    let until = Instant::now() + Duration::from_secs(u64::try_from(wait).unwrap_or(0));
    let (mut after, mut has_waited) = (after.unwrap_or_default(), false);
    // Further requests of an account do not wait, so that a client cannot occupy all connections.
    let slot = ends.take_slot(ctx.principal.account()?.id);
    let until = if slot.is_some() { until } else { Instant::now() };
    loop {
        let (types, subject) = (types.clone(), subject.clone());
        let read =
            move |conn: &mut PgConnection, scope: &Scope| read(conn, scope, (&types, subject.as_deref()), after, limit);
        let Found { store, is_empty, next, body } = ctx.clone().read_list("list_events", read).await?;
        let wait = async {
            if has_waited {
                tokio::time::sleep(PAUSE).await;
            }
            ends.wait_beyond(store, next).await
        };
        if !is_empty || Instant::now() >= until || !continues(wait, until).await {
            return Ok(HttpResponse::Ok().content_type(ContentType::json()).body(body));
        }
        (after, has_waited) = (next, true);
    }
}

/// Waits for the next events. Returns false at the end of the time, or if the client has disconnected.
async fn continues(wait: impl Future<Output = bool>, until: Instant) -> bool {
    tokio::select! {
        biased;
        () = current_request::connection_ends() => false,
        waited = timeout_at(until, wait) => waited.unwrap_or(false),
    }
}

/// The pause after events that the filter left out, so that a busy store does not make waiting requests read all the time.
const PAUSE: Duration = Duration::from_millis(500);

fn read(
    conn: &mut PgConnection,
    scope: &Scope,
    (types, subject): (&[EventType], Option<&str>),
    after: Cursor,
    limit: usize,
) -> Result<Found, Abort> {
    let subject = subject.map(|text| subject::resolve(conn, scope.store, text)).transpose()?;
    let filter = EventFilter { types: types.to_vec(), subject, own: None };
    let (events, next) = page::list(conn, scope.store, &filter, after, limit)?;
    if events.is_empty() {
        refuse_beyond(after, queries::end(conn, scope.store, Ids::All)?.0)?;
    }
    let items = respond(conn, scope.store, &events)?;
    let is_empty = items.is_empty();
    let body = json::to_bytes(&EventsResponse { items, next: next.to_string() })?;
    Ok(Found { store: scope.store, is_empty, next, body })
}

/// The serialized response, and what is needed to continue.
struct Found {
    store: StoreId,
    is_empty: bool,
    next: Cursor,
    body: Vec<u8>,
}
