//! The operations on the deliveries of a webhook.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::auth::Ctx;
use crate::db::tx::Mode;
use crate::error::ApiError;
use crate::http::{Query, SortQuery};
use crate::idempotency::command::NoBody;
use crate::idempotency::{Answer, Command};
use crate::kernel::cursor::Cursor;
use crate::kernel::id::{WebhookDeliveryId, WebhookId};
use crate::kernel::moment::Moment;
use crate::kernel::page::{NEWEST_FIRST, PageQuery};
use crate::kernel::text_enum;
use crate::webhooks::delivery::{Attempt, AttemptError, Attempts, DeliveryState};
use crate::webhooks::queries::deliveries::Delivery;
use crate::webhooks::queries::delivery_lists as rows;
use crate::webhooks::replay::{self, ReplayRange};
use crate::webhooks::webhook::{self, get_webhook};

pub use crate::webhooks::queries::delivery_lists::SORTS;

/// An event for a webhook, and the attempts to send it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryResponse {
    id: WebhookDeliveryId,
    /// The id of the event, and the header `webhook-id` of its requests.
    #[schema(max_length = 50)]
    event_id: String,
    /// The type of the event. `webhook.test` is sent by a test only.
    #[serde(rename = "type")]
    #[schema(max_length = 50)]
    event_type: String,
    state: DeliveryState,
    #[schema(max_items = 8)]
    attempts: Vec<WebhookAttemptResponse>,
    /// The time of the next attempt. Null if there is none.
    next_attempt_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

/// One request to a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookAttemptResponse {
    at: DateTime<Utc>,
    /// The status of the response. Null without a response.
    #[schema(minimum = 100, maximum = 999)]
    status: Option<u16>,
    #[schema(minimum = 0)]
    duration_ms: i64,
    /// The first 1,024 bytes of the body of the response. Null without a response.
    #[schema(max_length = 1024)]
    answer: Option<String>,
    /// The reason why there is no response. Null with a response.
    error: Option<AttemptError>,
}

impl From<Attempt> for WebhookAttemptResponse {
    fn from(attempt: Attempt) -> Self {
        let Attempt { at, status, duration_ms, answer, error } = attempt;
        Self { at, status, duration_ms, answer, error }
    }
}

impl From<Delivery> for WebhookDeliveryResponse {
    fn from(delivery: Delivery) -> Self {
        let Delivery { id, event_id, event_type, body: _, state, attempts, next_attempt_at, created_at } = delivery;
        let Attempts(attempts) = attempts;
        let attempts = attempts.into_iter().map(WebhookAttemptResponse::from).collect();
        Self { id, event_id, event_type, state, attempts, next_attempt_at, created_at }
    }
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WebhookDeliveriesQuery {
    /// Only deliveries in this state.
    #[serde(default, deserialize_with = "text_enum::in_query")]
    pub state: Option<DeliveryState>,
}

/// `GET /webhooks/{id}/deliveries`, with `webhooks:manage`. 404 `WEBHOOK_NOT_FOUND`.
pub async fn list(
    path: web::Path<String>,
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    Query(query): Query<WebhookDeliveriesQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let id = WebhookId::from_path(&path);
    let sort = sort.among(&SORTS, NEWEST_FIRST)?;
    ctx.answer_in("list_webhook_deliveries", Mode::List, move |conn, scope| {
        get_webhook(conn, scope, id)?;
        let found = rows::list(conn, (scope.store, id), query.state, sort, &page)?;
        Ok(found.map(WebhookDeliveryResponse::from))
    })
    .await
}

/// `POST /webhooks/{id}/test`, with `webhooks:manage`. 404 `WEBHOOK_NOT_FOUND`, 409 `INVALID_TRANSITION` if it is off, 503
/// `BUSY` if too many tests and repeated events wait.
pub async fn test(path: web::Path<String>, command: Command<NoBody>) -> Result<HttpResponse, ApiError> {
    let id = WebhookId::from_path(&path);
    command
        .run("test_webhook", move |conn, scope, _body| {
            Ok(Answer::created(&WebhookDeliveryResponse::from(webhook::test(conn, scope, id)?))?)
        })
        .await
}

/// The events to send again: those after `after`, those from `from` until before `to`, or that of a delivery.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookReplayRequest {
    /// The `id` of an event, or `0` for all events. The events after it are sent.
    #[serde(default, deserialize_with = "cursor")]
    #[schema(value_type = Option<String>, max_length = 50, pattern = "^(0|[0-9]{1,19}\\.[0-9]{1,19})$")]
    after: Option<Cursor>,
    /// Events that happened at or after this time. It needs `to`.
    from: Option<Moment>,
    /// Events that happened before this time. It needs `from`.
    to: Option<Moment>,
    /// The event of this delivery.
    delivery_id: Option<WebhookDeliveryId>,
}

fn cursor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cursor>, D::Error> {
    use serde::de::Error as _;
    let text: Option<String> = Option::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(|_not_one| D::Error::custom("must be 0, or the id of an event"))).transpose()
}

/// The events that a request names: a range of the feed, or the event of a delivery.
#[derive(Clone, Copy, Debug)]
enum RepeatedEvents {
    Range(ReplayRange),
    Delivery(WebhookDeliveryId),
}

impl WebhookReplayRequest {
    fn events(self) -> Result<RepeatedEvents, ApiError> {
        let Self { after, from, to, delivery_id } = self;
        match (after, from, to, delivery_id) {
            (Some(after), None, None, None) => Ok(RepeatedEvents::Range(ReplayRange::After(after))),
            (None, Some(from), Some(to), None) if from.0 < to.0 => {
                Ok(RepeatedEvents::Range(ReplayRange::Between(from.0, to.0)))
            }
            (None, Some(_), Some(_), None) => Err(ApiError::field("to", "must be later than from")),
            (None, Some(_), None, None) => Err(ApiError::field("to", "must be given together with from")),
            (None, None, Some(_), None) => Err(ApiError::field("from", "must be given together with to")),
            (None, None, None, Some(delivery)) => Ok(RepeatedEvents::Delivery(delivery)),
            (None, None, None, None) => {
                Err(ApiError::field("after", "is required, unless from and to, or delivery_id, are given"))
            }
            _ => Err(ApiError::field("after", "give either after, or from and to, or delivery_id")),
        }
    }
}

/// The accepted request to send events again.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookReplayResponse {
    webhook_id: WebhookId,
    /// The new delivery of `delivery_id`. Null for a range: its deliveries are made one after the other.
    delivery: Option<WebhookDeliveryResponse>,
}

/// `POST /webhooks/{id}/replay`, with `webhooks:manage`. 404 `WEBHOOK_NOT_FOUND`, 404 `NOT_FOUND` for a delivery, 503
/// `BUSY` if too many replays or repeated events wait.
pub async fn replay(path: web::Path<String>, command: Command<WebhookReplayRequest>) -> Result<HttpResponse, ApiError> {
    let id = WebhookId::from_path(&path);
    let command = command.try_map(WebhookReplayRequest::events)?;
    command
        .run("replay_webhook", move |conn, scope, events| {
            let delivery = match events {
                RepeatedEvents::Range(range) => replay::replay(conn, scope, id, *range).map(|()| None)?,
                RepeatedEvents::Delivery(delivery) => Some(replay::repeat(conn, scope, id, *delivery)?),
            };
            let delivery = delivery.map(WebhookDeliveryResponse::from);
            Ok(Answer::accepted(&WebhookReplayResponse { webhook_id: id, delivery })?)
        })
        .await
}
