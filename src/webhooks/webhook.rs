//! Creates, changes and deletes webhooks, and tests them.

use chrono::Duration;
use diesel::PgConnection;
use serde_json::json;

use super::health::OffReason;
use super::own_event::{self, OwnEvent};
use super::queries::deliveries::{self, Delivery};
use super::queries::replays;
use super::queries::webhooks::{self, Secrets, Webhook, WebhookKey, WebhookSettings};
use super::secret::SigningSecret;
use crate::audit;
use crate::audit::queries::NewAuditEntry;
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::db;
use crate::error::{Abort, ApiError, Code};
use crate::events::EventType;
use crate::events::queries::{self as feed, Ids};
use crate::kernel::id::WebhookId;
use crate::kernel::moment::after;

/// A new webhook.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    pub url: String,
    pub types: Vec<EventType>,
    pub description: Option<String>,
    pub active: bool,
}

/// The changes to a webhook. Fields that are `None` stay unchanged.
#[derive(Clone, Debug, Default)]
pub struct WebhookChange {
    pub url: Option<String>,
    pub types: Option<Vec<EventType>>,
    pub description: Option<Option<String>>,
    pub active: Option<bool>,
}

/// The number of webhooks of a store.
const MAX_WEBHOOKS: i64 = 100;

/// The time for which both secrets sign after a rotation.
const ROTATION_TIME: Duration = Duration::hours(24);

/// The type of the event that only a test sends.
const TEST_TYPE: &str = "webhook.test";

/// The 404 error for a webhook.
#[must_use]
pub fn not_found() -> ApiError {
    ApiError::not_found(Code::WebhookNotFound, "The webhook")
}

/// The webhook with this id, or 404.
pub fn get_webhook(conn: &mut PgConnection, scope: &Scope, id: WebhookId) -> Result<Webhook, Abort> {
    Ok(webhooks::find(conn, scope.store, id)?.ok_or_else(not_found)?)
}

/// The webhook with this id with its row locked, or 404.
pub(super) fn get_webhook_for_update(conn: &mut PgConnection, scope: &Scope, id: WebhookId) -> Result<Webhook, Abort> {
    Ok(webhooks::find_for_update(conn, scope.store, id)?.ok_or_else(not_found)?)
}

/// Adds a webhook. It receives the events that come into the feed from now on.
pub fn create(conn: &mut PgConnection, scope: &Scope, new: &NewWebhook) -> Result<Webhook, Abort> {
    let account = scope.principal.account()?.id;
    if webhooks::count(conn, scope.store)? >= MAX_WEBHOOKS {
        let message = format!("is one too many: a store has at most {MAX_WEBHOOKS} webhooks");
        return Err(ApiError::field("url", message).into());
    }
    let at = db::clock(conn)?;
    let NewWebhook { url, types, description, active } = new.clone();
    let off_reason = (!active).then_some(OffReason::Paused);
    let settings = WebhookSettings { url, types: sorted(types), description, active, off_reason, failing_since: None };
    let secrets = Secrets { secret: SigningSecret::generate(), previous_secret: None, previous_secret_until: None };
    let (begin, _) = feed::end(conn, scope.store, Ids::All)?;
    let webhook = webhooks::insert(conn, (scope.store, account), (&settings, &secrets), begin, at)?;
    append_audit(conn, scope, webhook.id, (Action::Create, "created"))?;
    Ok(webhook)
}

/// The types in their order, each once.
fn sorted(mut types: Vec<EventType>) -> Vec<EventType> {
    types.sort_unstable();
    types.dedup();
    types
}

/// Changes a webhook. If it is turned on, it continues with the events that it has not received.
pub fn change(conn: &mut PgConnection, scope: &Scope, id: WebhookId, change: &WebhookChange) -> Result<Webhook, Abort> {
    let mut webhook = get_webhook_for_update(conn, scope, id)?;
    let before = webhook.settings.clone();
    let WebhookChange { url, types, description, active } = change.clone();
    let settings = &mut webhook.settings;
    settings.url = url.unwrap_or(before.url.clone());
    settings.types = types.map_or(before.types.clone(), sorted);
    settings.description = description.unwrap_or(before.description.clone());
    if let Some(active) = active.filter(|active| *active != before.active) {
        settings.active = active;
        settings.off_reason = (!active).then_some(OffReason::Paused);
        settings.failing_since = None;
    }
    // With a new URL, the earlier failures were those of another receiver.
    let is_moved = settings.url != before.url;
    if is_moved {
        settings.failing_since = None;
    }
    if webhook.settings != before {
        webhook.updated_at = db::clock(conn)?;
        if is_moved {
            deliveries::make_due(conn, WebhookKey { store: scope.store, id }, webhook.updated_at)?;
        }
        webhooks::update(conn, scope.store, &webhook)?;
        append_audit(conn, scope, id, (Action::Update, "updated"))?;
    }
    Ok(webhook)
}

/// Gives the webhook a new secret. The old one signs as well for a day.
pub fn rotate_secret(conn: &mut PgConnection, scope: &Scope, id: WebhookId) -> Result<Webhook, Abort> {
    let mut webhook = get_webhook_for_update(conn, scope, id)?;
    let at = db::clock(conn)?;
    webhook.secrets = Secrets {
        secret: SigningSecret::generate(),
        previous_secret: Some(webhook.secrets.secret),
        previous_secret_until: Some(after(at, ROTATION_TIME)),
    };
    webhook.updated_at = at;
    webhooks::update(conn, scope.store, &webhook)?;
    append_audit(conn, scope, id, (Action::Update, "got another secret"))?;
    Ok(webhook)
}

/// Deletes a webhook with its replays. A job deletes its deliveries, which may be many.
pub fn remove(conn: &mut PgConnection, scope: &Scope, id: WebhookId) -> Result<(), Abort> {
    let webhook = get_webhook_for_update(conn, scope, id)?;
    let at = db::clock(conn)?;
    replays::delete_all(conn, scope.store, id)?;
    webhooks::mark_deleted(conn, scope.store, webhook.id, at)?;
    append_audit(conn, scope, id, (Action::Delete, "deleted"))
}

/// Sends an event to the webhook that is not in the feed. 503 if too many deliveries of this kind wait.
pub fn test(conn: &mut PgConnection, scope: &Scope, id: WebhookId) -> Result<Delivery, Abort> {
    let webhook = get_webhook_for_update(conn, scope, id)?;
    if !webhook.settings.active {
        let detail = "The webhook is off. Turn it on first.";
        return Err(ApiError::new(Code::InvalidTransition, detail).into());
    }
    let key = WebhookKey { store: scope.store, id };
    own_event::refuse_if_many(conn, key)?;
    let at = db::clock(conn)?;
    let event = OwnEvent {
        prefix: "test",
        event_type: TEST_TYPE.to_owned(),
        actor: scope.actor(),
        subject: ("webhook", id.0),
        data: json!({}),
    };
    let delivery = own_event::insert(conn, key, event, at)?;
    append_audit(conn, scope, id, (Action::Update, "tested"))?;
    Ok(delivery)
}

pub(super) fn append_audit(
    conn: &mut PgConnection,
    scope: &Scope,
    id: WebhookId,
    (action, done): (Action, &str),
) -> Result<(), Abort> {
    let at = db::clock(conn)?;
    let entry =
        NewAuditEntry { entity: Entity::Webhook, entity_id: id.0, action, detail: format!("Webhook {id} {done}") };
    Ok(audit::queries::append(conn, scope, &entry, at)?)
}
