//! The transactions before and after the requests to a webhook. They claim deliveries, create the bodies, and store the
//! results.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::delivery::{Attempt, LEASE, settle};
use super::health::{Health, OffReason, assess};
use super::off_mail;
use super::queries::deliveries::{self, Claimed, SettledDelivery};
use super::queries::webhooks::{self, Secrets, Webhook, WebhookKey};
use super::secret::SigningSecret;
use crate::audit;
use crate::audit::queries::NewAuditEntry;
use crate::audit::words::{Action, Entity};
use crate::auth::principal::SYSTEM;
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError};
use crate::feed::{page, response};
use crate::http::json;
use crate::kernel::cursor::Cursor;
use crate::kernel::id::{StoreId, WebhookDeliveryId};
use crate::kernel::moment::after;

/// Deliveries of one webhook that a server sends together.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    pub url: String,
    /// The current secret, and the previous one while it is valid.
    pub secrets: Vec<SigningSecret>,
    pub deliveries: Vec<Claimed>,
    pub at: DateTime<Utc>,
    pub lease: DateTime<Utc>,
}

/// Claims the first due deliveries of a webhook. The claim has none if another server has them, or if the webhook is off.
pub fn claim(conn: &mut PgConnection, key: WebhookKey, limit: i64) -> Result<Claim, Failure> {
    let webhook = webhooks::find(conn, key.store, key.id)?.filter(|webhook| webhook.settings.active);
    let Some(Webhook { settings, secrets, .. }) = webhook else { return Ok(Claim::default()) };
    let at = db::clock(conn)?;
    let lease = after(at, LEASE);
    let deliveries = deliveries::claim(conn, key, (at, lease), limit)?;
    Ok(Claim { url: settings.url, secrets: valid_secrets(secrets, at), deliveries, at, lease })
}

fn valid_secrets(secrets: Secrets, at: DateTime<Utc>) -> Vec<SigningSecret> {
    let Secrets { secret, previous_secret, previous_secret_until } = secrets;
    let is_valid = previous_secret_until.is_some_and(|until| at < until);
    std::iter::once(secret).chain(previous_secret.filter(|_| is_valid)).collect()
}

/// A request body and the time of its event.
#[derive(Clone, Debug)]
pub struct Body {
    pub bytes: Vec<u8>,
    /// None for an event that is not in the feed.
    pub happened_at: Option<DateTime<Utc>>,
}

/// Creates the bodies of deliveries from the rows that their events are about. A delivery whose event does not exist has none.
pub fn load_bodies(
    conn: &mut PgConnection,
    store: StoreId,
    deliveries: &[Claimed],
) -> Result<HashMap<WebhookDeliveryId, Body>, Failure> {
    let ids: BTreeSet<Cursor> = deliveries.iter().filter_map(|delivery| delivery.event_id.parse().ok()).collect();
    let events = page::load(conn, store, &ids)?;
    let responses = response::respond(conn, store, &events).map_err(into_failure)?;
    let mut bodies = HashMap::new();
    for (event, response) in events.iter().zip(&responses) {
        let body = Body { bytes: json::to_bytes(response)?, happened_at: Some(response.at) };
        bodies.insert(event.cursor.to_string(), body);
    }
    let mut found = HashMap::new();
    for Claimed { id, event_id, body, .. } in deliveries {
        let body = match body {
            Some(body) => Some(Body { bytes: json::to_bytes(body)?, happened_at: None }),
            None => bodies.get(event_id).cloned(),
        };
        found.extend(body.map(|body| (*id, body)));
    }
    Ok(found)
}

/// A read of the server itself refuses nothing.
fn into_failure(abort: Abort) -> Failure {
    match abort {
        Abort::Failed(failure) => failure,
        other => Failure::Internal(ApiError::from(other).detail),
    }
}

/// The result of a request.
#[derive(Clone, Debug)]
pub struct Sent {
    pub id: WebhookDeliveryId,
    pub attempt: Attempt,
    pub failed_before: i64,
    pub retry_after_seconds: Option<i64>,
}

/// Stores the results of requests, and turns the webhook off if it has failed for too long.
pub fn record(
    conn: &mut PgConnection,
    key: WebhookKey,
    lease: DateTime<Utc>,
    sent: &[Sent],
) -> Result<Option<OffReason>, Failure> {
    let webhook = webhooks::find_for_update(conn, key.store, key.id)?;
    let at = db::clock(conn)?;
    let settled = sent.iter().map(|sent| settle_one(sent, at)).collect::<Result<Vec<_>, _>>()?;
    deliveries::settle_all(conn, key.store, lease, &settled, at)?;
    let Some(mut webhook) = webhook else { return Ok(None) };
    let attempts: Vec<&Attempt> =
        sent.iter().map(|sent| &sent.attempt).filter(|attempt| attempt.is_of_receiver()).collect();
    let Health { failing_since, off } = assess(webhook.settings.failing_since, &attempts);
    let off = off.filter(|_| webhook.settings.active);
    if off.is_none() && failing_since == webhook.settings.failing_since {
        return Ok(None);
    }
    webhook.settings.failing_since = failing_since;
    if let Some(reason) = off {
        webhook.settings.active = false;
        webhook.settings.off_reason = Some(reason);
        webhook.updated_at = at;
        append_audit(conn, key, reason, at)?;
        off_mail::insert(conn, key.store, webhook.created_by, at)?;
    }
    webhooks::update(conn, key.store, &webhook)?;
    Ok(off)
}

fn settle_one(sent: &Sent, at: DateTime<Utc>) -> Result<SettledDelivery, Failure> {
    let Sent { id, attempt, failed_before, retry_after_seconds } = sent;
    let value = serde_json::to_value(attempt).map_err(|error| Failure::Internal(format!("an attempt: {error}")))?;
    let settled = settle(attempt, *failed_before, *retry_after_seconds, at, |most| rand::random_range(0..=most));
    Ok(SettledDelivery { id: *id, attempt: value, settled })
}

fn append_audit(conn: &mut PgConnection, key: WebhookKey, reason: OffReason, at: DateTime<Utc>) -> Result<(), Failure> {
    let why = reason.describe();
    let detail = format!("Webhook {} turned off: {why}", key.id);
    let entry = NewAuditEntry { entity: Entity::Webhook, entity_id: key.id.0, action: Action::Update, detail };
    Ok(audit::queries::append_by(conn, key.store, SYSTEM, &entry, at)?)
}
