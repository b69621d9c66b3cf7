//! Events in responses.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::data::{EventData, Rows, to_raw};
use super::page::{Fact, FeedEvent};
use crate::db::Failure;
use crate::error::Abort;
use crate::events::{EventType, SubjectKind};
use crate::inventory::api::movements::MovementResponse;
use crate::kernel::id::StoreId;

/// An event: a fact that other systems may want.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventResponse {
    /// The cursor after the event, which is different for each event: send it as `after` to continue.
    #[schema(max_length = 50)]
    pub id: String,
    #[serde(rename = "type")]
    pub event_type: EventType,
    pub at: DateTime<Utc>,
    /// `user:<id>`, `guest` or `system`.
    #[schema(max_length = 100)]
    actor: String,
    store_id: StoreId,
    pub subject: SubjectResponse,
    #[schema(value_type = EventData)]
    data: Box<RawValue>,
}

/// The object that an event is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubjectResponse {
    pub kind: SubjectKind,
    pub id: i64,
    /// The number of a document. Null for other objects.
    #[schema(max_length = 50)]
    number: Option<String>,
}

/// The events with their data.
pub fn respond(conn: &mut PgConnection, store: StoreId, events: &[FeedEvent]) -> Result<Vec<EventResponse>, Abort> {
    let mut rows = Rows::load(conn, store, events)?;
    Ok(events.iter().map(|event| respond_one(&mut rows, store, event)).collect::<Result<_, Failure>>()?)
}

/// An event whose rows are loaded. It can be converted to a response once.
pub fn respond_one(rows: &mut Rows, store: StoreId, event: &FeedEvent) -> Result<EventResponse, Failure> {
    let id = event.cursor.to_string();
    match &event.fact {
        Fact::Recorded(event) => {
            let kind = event.event_type.subject();
            let subject = SubjectResponse { kind, id: event.subject, number: rows.number(event) };
            let (at, actor, data) = (event.at, event.actor.clone(), rows.data(event)?);
            Ok(EventResponse { id, event_type: event.event_type, at, actor, store_id: store, subject, data })
        }
        Fact::Movement(movement) => {
            let missing = || Failure::Internal(format!("movement {movement} is missing"));
            let row = rows.movements.remove(movement).ok_or_else(missing)?;
            let subject = SubjectResponse { kind: SubjectKind::Product, id: row.product_id.0, number: None };
            let (at, actor) = (row.created_at, row.actor.clone());
            let data = to_raw(&MovementResponse::from(row))?;
            Ok(EventResponse { id, event_type: EventType::StockChanged, at, actor, store_id: store, subject, data })
        }
    }
}
