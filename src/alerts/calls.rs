//! Alerts to webhooks. They are events that are not in the feed.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::Value;

use super::rule::AlertKind;
use crate::auth::principal::SYSTEM;
use crate::db::Failure;
use crate::kernel::id::{AlertId, StoreId, WebhookId};
use crate::webhooks::own_event::{self, OwnEvent};
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
        let event = OwnEvent {
            prefix: "alert",
            event_type: format!("alert.{}", call.kind.as_str()),
            actor: SYSTEM.to_owned(),
            subject: ("alert", call.alert.0),
            data: call.data.clone(),
        };
        own_event::insert(conn, WebhookKey { store, id: call.webhook }, event, at)?;
    }
    Ok(())
}
