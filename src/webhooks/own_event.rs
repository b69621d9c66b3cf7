//! Events for one webhook that are not in the feed.

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};
use serde_json::{Value, json};
use uuid::Uuid;

use super::queries::deliveries::{self, Delivery, NewDelivery};
use super::queries::webhooks::WebhookKey;

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
pub fn insert(conn: &mut PgConnection, key: WebhookKey, event: OwnEvent, at: DateTime<Utc>) -> QueryResult<Delivery> {
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
    deliveries::insert(conn, key, &new, Some(&body), at)
}
