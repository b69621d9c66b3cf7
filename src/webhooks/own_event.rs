//! Events for one webhook that are not in the feed.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};
use uuid::Uuid;

use super::queries::deliveries::{self, Delivery, ExtraDelivery, NewDelivery};
use super::queries::webhooks::WebhookKey;
use crate::db::Failure;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{StoreId, WebhookId};

/// The largest number of tests, repeated events and alerts of a webhook that wait for their first attempt. Events of the
/// feed have a limit of their own.
pub const MAX_WAITING: i64 = 1_000;

/// Refuses a further test or repeated event of a webhook if too many wait. The webhook must have been locked.
pub fn refuse_if_many(conn: &mut PgConnection, key: WebhookKey) -> Result<(), Abort> {
    let waiting = deliveries::count_extra(conn, key.store, &[key.id])?.get(&key.id).copied().unwrap_or(0);
    if waiting < MAX_WAITING {
        return Ok(());
    }
    let detail = format!("{waiting} tests, repeated events and alerts of this webhook wait. Try again later.");
    Err(ApiError::new(Code::Busy, detail).retry_after(60).into())
}

/// An event whose body is stored with its delivery.
#[derive(Clone, Debug)]
pub struct OwnEvent {
    /// The beginning of its id.
    pub prefix: &'static str,
    pub event_type: String,
    pub actor: String,
    /// The kind and the id of the object that the event is about.
    pub subject: (&'static str, i64),
    pub data: Value,
}

/// Inserts a delivery of the event, which is due at once.
pub fn insert(
    conn: &mut PgConnection,
    key: WebhookKey,
    event: OwnEvent,
    at: DateTime<Utc>,
) -> Result<Delivery, Failure> {
    Ok(deliveries::insert(conn, key, &delivery(key, event, at), at)?)
}

/// Inserts deliveries of events for webhooks of a store, in their order.
pub fn insert_all(
    conn: &mut PgConnection,
    store: StoreId,
    events: Vec<(WebhookId, OwnEvent)>,
    at: DateTime<Utc>,
) -> Result<(), Failure> {
    let new = events.into_iter().map(|(id, event)| (id, delivery(WebhookKey { store, id }, event, at)));
    deliveries::insert_extra(conn, store, &new.collect::<Vec<_>>(), at)
}

fn delivery(key: WebhookKey, event: OwnEvent, at: DateTime<Utc>) -> ExtraDelivery {
    let OwnEvent { prefix, event_type, actor, subject: (kind, id), data } = event;
    let new = NewDelivery { event_id: format!("{prefix}_{}", Uuid::new_v4().simple()), event_type };
    let body = json!({
        "id": new.event_id,
        "type": new.event_type,
        "at": at,
        "actor": actor,
        "store_id": key.store,
        "subject": {"kind": kind, "id": id, "number": null},
        "data": data,
    });
    ExtraDelivery { new, body: Some(body) }
}
