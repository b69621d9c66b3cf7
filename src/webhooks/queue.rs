//! Turns events of the feed into deliveries.

use diesel::PgConnection;

use super::queries::deliveries::{self, NewDelivery};
use super::queries::replays::{self, Replay};
use super::queries::webhooks::{self, Webhook, WebhookKey};
use crate::db::{self, Failure};
use crate::feed::page::{self, EventFilter, FeedEvent};
use crate::kernel::cursor::Cursor;
use crate::kernel::id::StoreId;

/// The largest number of deliveries of a webhook that wait for their first attempt. Further events stay in the feed.
const MAX_NEW: i64 = 1_000;
/// The largest number of events in one transaction.
const MAX_AT_A_TIME: i64 = 250;

/// The result of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queued {
    pub deliveries: usize,
    /// True if the step has read a part of the feed, so there may be more.
    pub is_behind: bool,
}

/// Creates deliveries of the next events of a webhook, up to the limit. It moves the cursor of the webhook in the same
/// transaction. So an event becomes one delivery, with any number of servers.
pub fn queue_next(conn: &mut PgConnection, key: WebhookKey) -> Result<Queued, Failure> {
    let Some(webhook) = webhooks::find_active_for_update(conn, key)? else { return Ok(Queued::default()) };
    let room = MAX_NEW.saturating_sub(deliveries::count_new(conn, key)?).clamp(0, MAX_AT_A_TIME);
    let replay = replays::find_first(conn, key.store, key.id)?;
    // A replay leaves a half of the limit to new events.
    let for_replay = if replay.is_some() { room / 2 } else { 0 };
    let mut queued = Queued::default();
    if let Some(replay) = replay {
        queued.add(queue_replay(conn, key, (&webhook, &replay), for_replay)?);
    }
    queued.add(queue_new(conn, key, &webhook, room.saturating_sub(for_replay))?);
    Ok(queued)
}

impl Queued {
    fn add(&mut self, other: Self) {
        self.deliveries = self.deliveries.saturating_add(other.deliveries);
        self.is_behind |= other.is_behind;
    }
}

fn queue_new(conn: &mut PgConnection, key: WebhookKey, webhook: &Webhook, room: i64) -> Result<Queued, Failure> {
    let (events, next) = next_events(conn, key.store, webhook, webhook.cursor(), room)?;
    if next == webhook.cursor() {
        return Ok(Queued::default());
    }
    webhooks::set_cursor(conn, key.store, key.id, next)?;
    insert(conn, key, &events)
}

fn queue_replay(
    conn: &mut PgConnection,
    key: WebhookKey,
    (webhook, replay): (&Webhook, &Replay),
    room: i64,
) -> Result<Queued, Failure> {
    let (mut events, next) = next_events(conn, key.store, webhook, replay.cursor(), room)?;
    if room > 0 && (next >= replay.end() || next == replay.cursor()) {
        replays::delete(conn, key.store, replay.id)?;
    } else if next != replay.cursor() {
        replays::set_cursor(conn, key.store, replay.id, next)?;
    } else {
        return Ok(Queued::default());
    }
    events.retain(|event| event.cursor <= replay.end());
    if replay.between() != (None, None) {
        page::retain_between(conn, key.store, &mut events, replay.between())?;
    }
    insert(conn, key, &events)
}

fn next_events(
    conn: &mut PgConnection,
    store: StoreId,
    webhook: &Webhook,
    after: Cursor,
    room: i64,
) -> Result<(Vec<FeedEvent>, Cursor), Failure> {
    if room == 0 {
        return Ok((Vec::new(), after));
    }
    let filter = EventFilter { types: webhook.settings.types.clone(), ..EventFilter::default() };
    page::list(conn, store, &filter, after, usize::try_from(room).unwrap_or(0))
}

fn insert(conn: &mut PgConnection, key: WebhookKey, events: &[FeedEvent]) -> Result<Queued, Failure> {
    let new = |event: &FeedEvent| NewDelivery {
        event_id: event.cursor.to_string(),
        event_type: event.event_type().as_str().to_owned(),
    };
    let new: Vec<NewDelivery> = events.iter().map(new).collect();
    if !new.is_empty() {
        let at = db::clock(conn)?;
        deliveries::insert_all(conn, key, &new, at)?;
    }
    Ok(Queued { deliveries: new.len(), is_behind: true })
}
