//! Sends events to a webhook again.

use chrono::{DateTime, Duration, Utc};
use diesel::PgConnection;

use super::own_event::refuse_if_many;
use super::queries::deliveries::{self, Delivery, ExtraDelivery, NewDelivery};
use super::queries::replays::{self, NewReplay};
use super::queries::webhooks::WebhookKey;
use super::webhook::{append_audit, get_webhook_for_update};
use crate::audit::words::Action;
use crate::auth::Scope;
use crate::db;
use crate::error::{Abort, ApiError, Code};
use crate::events::queries::{self as feed, Ids};
use crate::kernel::cursor::Cursor;
use crate::kernel::id::{WebhookDeliveryId, WebhookId};
use crate::kernel::moment::after;

/// The events to send again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayRange {
    /// All events after this cursor.
    After(Cursor),
    /// All events between two times. The second time is excluded.
    Between(DateTime<Utc>, DateTime<Utc>),
}

/// The largest number of replays of a webhook that have not ended.
const MAX_REPLAYS: i64 = 10;

/// The longest time of a transaction. So an event is in the feed at most this much later than it happened.
const LONGEST_TRANSACTION: Duration = Duration::seconds(60);

/// Sends the events of a range again, up to the cursor of the webhook. The webhook receives later events anyway.
pub fn replay(conn: &mut PgConnection, scope: &Scope, id: WebhookId, range: ReplayRange) -> Result<(), Abort> {
    let webhook = get_webhook_for_update(conn, scope, id)?;
    if replays::count(conn, scope.store, id)? >= MAX_REPLAYS {
        let detail = format!("{MAX_REPLAYS} replays of this webhook have not ended. Try again later.");
        return Err(ApiError::new(Code::Busy, detail).retry_after(60).into());
    }
    let new = match range {
        ReplayRange::After(begin) => {
            refuse_beyond_feed(conn, scope, begin)?;
            Some(NewReplay { begin, end: webhook.cursor(), between: (None, None) })
        }
        ReplayRange::Between(from, to) => {
            let rows = feed::find_range(conn, scope.store, (from, after(to, LONGEST_TRANSACTION)))?;
            rows.map(|(first, last)| NewReplay {
                begin: Cursor { position: first, index: 0 },
                end: webhook.cursor().min(Cursor::after(last)),
                between: (Some(from), Some(to)),
            })
        }
    };
    if let Some(new) = new.filter(|new| new.begin < new.end) {
        let at = db::clock(conn)?;
        replays::insert(conn, (scope.store, id), &new, at)?;
    }
    append_audit(conn, scope, id, (Action::Update, "gets events again"))
}

fn refuse_beyond_feed(conn: &mut PgConnection, scope: &Scope, after: Cursor) -> Result<(), Abort> {
    let (end, _) = feed::end(conn, scope.store, Ids::All)?;
    if after > end {
        return Err(ApiError::field("after", "is not a cursor of this feed: it is after the end").into());
    }
    Ok(())
}

/// Sends the event of a delivery again, as a new delivery. 503 if too many deliveries of this kind wait.
pub fn repeat(
    conn: &mut PgConnection,
    scope: &Scope,
    id: WebhookId,
    delivery: WebhookDeliveryId,
) -> Result<Delivery, Abort> {
    get_webhook_for_update(conn, scope, id)?;
    let key = WebhookKey { store: scope.store, id };
    let found = deliveries::find(conn, key, delivery)?;
    let Delivery { event_id, event_type, body, .. } =
        found.ok_or_else(|| ApiError::not_found(Code::NotFound, "The delivery"))?;
    refuse_if_many(conn, key)?;
    let at = db::clock(conn)?;
    let new = NewDelivery { event_id, event_type };
    let repeated = deliveries::insert(conn, key, &ExtraDelivery { new, body }, at)?;
    append_audit(conn, scope, id, (Action::Update, "gets an event again"))?;
    Ok(repeated)
}
