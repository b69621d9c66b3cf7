//! Alerts to webhooks. They are events that are not in the feed.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rule::AlertKind;
use crate::db::Failure;
use crate::kernel::id::{AlertId, StoreId, WebhookId};
use crate::webhooks::queries::deliveries::{self, NewDelivery};
use crate::webhooks::queries::webhooks::{self, WebhookKey};

/// An alert for a webhook.
#[derive(Clone, Debug)]
pub struct Call {
    pub webhook: WebhookId,
    pub alert: AlertId,
    pub kind: AlertKind,
    pub data: Value,
}

/// Adds deliveries. Webhooks that are off or were deleted get none.
pub fn write_calls(conn: &mut PgConnection, store: StoreId, calls: &[Call], at: DateTime<Utc>) -> Result<(), Failure> {
    if calls.is_empty() {
        return Ok(());
    }
    let wanted: BTreeSet<WebhookId> = calls.iter().map(|call| call.webhook).collect();
    let active: HashSet<WebhookId> = webhooks::list_active(conn, store, &wanted.into_iter().collect::<Vec<_>>())?;
    for call in calls.iter().filter(|call| active.contains(&call.webhook)) {
        let event_type = format!("alert.{}", call.kind.as_str());
        let new = NewDelivery { event_id: format!("alert_{}", Uuid::new_v4().simple()), event_type };
        let body = json!({
            "id": new.event_id,
            "type": new.event_type,
            "at": at,
            "actor": "system",
            "store_id": store,
            "subject": {"kind": "alert", "id": call.alert, "number": null},
            "data": call.data,
        });
        deliveries::insert(conn, WebhookKey { store, id: call.webhook }, &new, Some(&body), at)?;
    }
    Ok(())
}
