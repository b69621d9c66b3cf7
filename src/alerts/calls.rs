//! Alerts to webhooks. They are events that are not in the feed.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::Value;

use super::rule::AlertKind;
use crate::auth::principal::SYSTEM;
use crate::db::Failure;
use crate::kernel::id::{AlertId, StoreId, WebhookId};
use crate::webhooks::own_event::{self, MAX_WAITING, OwnEvent};
use crate::webhooks::queries::{deliveries, webhooks};

/// An alert for a webhook.
#[derive(Clone, Debug)]
pub struct Call {
    pub webhook: WebhookId,
    pub alert: AlertId,
    pub kind: AlertKind,
    pub data: Value,
}

/// Adds deliveries. Webhooks that are off or were deleted get none. A webhook for which many alerts wait gets no further
/// ones, because its receiver is too slow. Its events of the feed are not affected.
pub fn write_calls(conn: &mut PgConnection, store: StoreId, calls: &[Call], at: DateTime<Utc>) -> Result<(), Failure> {
    if calls.is_empty() {
        return Ok(());
    }
    let wanted: BTreeSet<WebhookId> = calls.iter().map(|call| call.webhook).collect();
    let wanted: Vec<WebhookId> = wanted.into_iter().collect();
    let active: HashSet<WebhookId> = webhooks::list_active(conn, store, &wanted)?;
    let mut waiting: HashMap<WebhookId, i64> = deliveries::count_extra(conn, store, &wanted)?;
    let has_room = |call: &&Call| {
        let waiting = waiting.entry(call.webhook).or_default();
        *waiting = waiting.saturating_add(1);
        *waiting <= MAX_WAITING
    };
    let of_active: Vec<&Call> = calls.iter().filter(|call| active.contains(&call.webhook)).collect();
    let (taken, left_out): (Vec<&Call>, Vec<&Call>) = of_active.into_iter().partition(has_room);
    if !left_out.is_empty() {
        log::warn!(store = store.0, count = left_out.len(); "alerts were left out: too many wait for their webhooks");
    }
    let events: Vec<(WebhookId, OwnEvent)> = taken.into_iter().map(|call| (call.webhook, event_of(call))).collect();
    own_event::insert_all(conn, store, events, at)
}

fn event_of(call: &Call) -> OwnEvent {
    OwnEvent {
        prefix: "alert",
        event_type: format!("alert.{}", call.kind.as_str()),
        actor: SYSTEM.to_owned(),
        subject: ("alert", call.alert.0),
        data: call.data.clone(),
    }
}
