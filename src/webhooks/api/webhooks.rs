//! The operations on webhooks.

use actix_web::web::Data;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::auth::Ctx;
use crate::error::ApiError;
use crate::events::EventType;
use crate::http::{Query, SortQuery};
use crate::idempotency::command::NoBody;
use crate::idempotency::{Answer, Command};
use crate::kernel::id::{UserId, WebhookId};
use crate::kernel::page::{NEWEST_FIRST, PageQuery};
use crate::kernel::text;
use crate::settings::Settings;
use crate::webhooks::health::OffReason;
use crate::webhooks::queries::webhooks::{self as rows, Webhook, WebhookSettings};
use crate::webhooks::target::{self, Reach};
use crate::webhooks::webhook::{self, NewWebhook, WebhookChange, get_webhook};

pub use crate::webhooks::queries::webhooks::SORTS;

/// A webhook: an address of another system that receives events.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookResponse {
    id: WebhookId,
    #[schema(max_length = 2048)]
    url: String,
    /// The types of the events that it receives. Empty for all types.
    #[schema(max_items = 100)]
    types: Vec<EventType>,
    active: bool,
    /// Null while it is active.
    off_reason: Option<OffReason>,
    /// The time since which all attempts fail. Null if the last one succeeded.
    failing_since: Option<DateTime<Utc>>,
    /// Signs the requests. It is shown when the webhook is created and when the secret is rotated, and otherwise null.
    #[schema(max_length = 100)]
    secret: Option<String>,
    #[schema(max_length = 500)]
    description: Option<String>,
    /// The account that gets a mail if the server turns the webhook off.
    created_by: UserId,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Webhook> for WebhookResponse {
    fn from(webhook: Webhook) -> Self {
        let Webhook { id, settings, created_by, created_at, updated_at, .. } = webhook;
        let WebhookSettings { url, types, description, active, off_reason, failing_since } = settings;
        let secret = None;
        Self {
            id,
            url,
            types,
            active,
            off_reason,
            failing_since,
            secret,
            description,
            created_by,
            created_at,
            updated_at,
        }
    }
}

impl WebhookResponse {
    fn with_secret(webhook: Webhook) -> Self {
        let secret = Some(webhook.secrets.secret.reveal().to_owned());
        Self { secret, ..Self::from(webhook) }
    }
}

/// A new webhook.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhookRequest {
    /// An `https` URL. Private, local and reserved addresses are refused.
    #[validate(length(max = 2048, message = "must have at most 2048 characters"))]
    #[schema(min_length = 1, max_length = 2048)]
    url: String,
    /// The types of the events that it receives. Empty for all types.
    #[serde(default)]
    #[validate(length(max = 100, message = "must have at most 100 entries"))]
    #[schema(max_items = 100)]
    types: Vec<EventType>,
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(max = 500, message = "must have at most 500 characters"))]
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    description: Option<String>,
    #[serde(default = "yes")]
    #[schema(default = true)]
    active: bool,
}

const fn yes() -> bool {
    true
}

/// The changes to a webhook. Absent fields stay as they are.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookPatchRequest {
    #[serde(default, deserialize_with = "text::some")]
    #[validate(length(max = 2048, message = "must have at most 2048 characters"))]
    #[schema(nullable = false, min_length = 1, max_length = 2048)]
    url: Option<String>,
    #[serde(default, deserialize_with = "text::some")]
    #[validate(length(max = 100, message = "must have at most 100 entries"))]
    #[schema(nullable = false, max_items = 100)]
    types: Option<Vec<EventType>>,
    #[serde(default, deserialize_with = "text::some")]
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(max = 500, message = "must have at most 500 characters"))]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500, pattern = r"\S")]
    description: Option<Option<String>>,
    /// True turns the webhook on: it continues with the events that it has not received.
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    active: Option<bool>,
}

fn check_url(url: &str, settings: &Settings) -> Result<(), ApiError> {
    match target::parse(url, Reach::from(&settings.webhooks)) {
        Ok(_) => Ok(()),
        Err(message) => Err(ApiError::field("url", message)),
    }
}

/// `GET /webhooks`, with `webhooks:manage`.
pub async fn list(
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.among(&SORTS, NEWEST_FIRST)?;
    ctx.answer("list_webhooks", move |conn, scope| {
        Ok(rows::list(conn, scope.store, sort, &page)?.map(WebhookResponse::from))
    })
    .await
}

/// `GET /webhooks/{id}`, with `webhooks:manage`. 404 `WEBHOOK_NOT_FOUND`.
pub async fn show(path: web::Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let id = WebhookId::from_path(&path);
    ctx.answer("get_webhook", move |conn, scope| Ok(WebhookResponse::from(get_webhook(conn, scope, id)?))).await
}

/// `POST /webhooks`, with `webhooks:manage`. 422 for a URL that is not allowed.
pub async fn create(settings: Data<Settings>, command: Command<NewWebhookRequest>) -> Result<HttpResponse, ApiError> {
    let command = command.try_map(|body| {
        check_url(&body.url, &settings)?;
        let NewWebhookRequest { url, types, description, active } = body;
        Ok(NewWebhook { url, types, description, active })
    })?;
    command
        .run("create_webhook", |conn, scope, new| {
            Ok(Answer::created(&WebhookResponse::with_secret(webhook::create(conn, scope, new)?))?)
        })
        .await
}

/// `PATCH /webhooks/{id}`, with `webhooks:manage`. 404 `WEBHOOK_NOT_FOUND`, 422 for a URL that is not allowed.
pub async fn update(
    path: web::Path<String>,
    settings: Data<Settings>,
    command: Command<WebhookPatchRequest>,
) -> Result<HttpResponse, ApiError> {
    let id = WebhookId::from_path(&path);
    let command = command.try_map(|body| {
        let WebhookPatchRequest { url, types, description, active } = body;
        url.as_deref().map_or(Ok(()), |url| check_url(url, &settings))?;
        Ok(WebhookChange { url, types, description, active })
    })?;
    command
        .run("update_webhook", move |conn, scope, change| {
            Ok(Answer::ok(&WebhookResponse::from(webhook::change(conn, scope, id, change)?))?)
        })
        .await
}

/// `DELETE /webhooks/{id}`, with `webhooks:manage`. 404 `WEBHOOK_NOT_FOUND`.
pub async fn delete(path: web::Path<String>, command: Command<NoBody>) -> Result<HttpResponse, ApiError> {
    let id = WebhookId::from_path(&path);
    command
        .run("delete_webhook", move |conn, scope, _body| {
            webhook::remove(conn, scope, id)?;
            Ok(Answer::no_content())
        })
        .await
}

/// `POST /webhooks/{id}/rotate-secret`, with `webhooks:manage`. 404 `WEBHOOK_NOT_FOUND`.
pub async fn rotate_secret(path: web::Path<String>, command: Command<NoBody>) -> Result<HttpResponse, ApiError> {
    let id = WebhookId::from_path(&path);
    command
        .run("rotate_webhook_secret", move |conn, scope, _body| {
            Ok(Answer::ok(&WebhookResponse::with_secret(webhook::rotate_secret(conn, scope, id)?))?)
        })
        .await
}
