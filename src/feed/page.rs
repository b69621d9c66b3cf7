//! One page of events.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::Value;

use super::subject::Subject;
use crate::db::Failure;
use crate::events::queries::{self, FeedPart, FeedRow, PartSize};
use crate::events::{EventType, RecordedEvent, SubjectKind};
use crate::inventory::queries::movements;
use crate::kernel::cursor::Cursor;
use crate::kernel::id::{MovementId, ProductId, StoreId};

/// The events that a reader wants.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Empty for all types.
    pub types: Vec<EventType>,
    pub subject: Option<Subject>,
    /// The orders of a customer, and what belongs to them. None for all events.
    pub own: Option<HashSet<Subject>>,
}

/// The fact of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    Recorded(RecordedEvent),
    /// The id of a stock movement.
    Movement(i64),
}

/// An event in the feed, with the cursor after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEvent {
    pub cursor: Cursor,
    pub fact: Fact,
}

/// The number of rows that the first statement reads, and each statement after rows with many events. A row may have the
/// events of a whole batch of orders, so a statement reads more rows only while the rows are small.
const FIRST_ROWS: i64 = 10;
const MAX_ROWS_AT_A_TIME: i64 = 200;
/// The rows of a statement are small if they have fewer events than this together.
const FEW_EVENTS: usize = 500;
/// The number of events after which a statement reads no further row.
const EVENTS_AT_A_TIME: i64 = 1_000;

/// The largest numbers of events and of rows that are read for one response. A filter may match few of them. So a
/// response may have no events although there are more: the client continues with its cursor.
const MAX_EVENTS: usize = 5_000;
const MAX_ROWS: usize = 2_000;

/// The next events that match, and the cursor after them. It is also after the rows that were read without a match.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    filter: &EventFilter,
    after: Cursor,
    limit: usize,
) -> Result<(Vec<FeedEvent>, Cursor), Failure> {
    let (mut found, mut next, mut rows_at_a_time) = (Vec::new(), after, FIRST_ROWS);
    let (mut events_seen, mut rows_seen) = (0_usize, 0_usize);
    loop {
        let size = PartSize { rows: rows_at_a_time, facts: EVENTS_AT_A_TIME };
        let FeedPart { rows, is_end } = queries::list_rows(conn, store, next.position, size)?;
        let Some(last) = rows.last().map(|row| row.position) else { return Ok((found, next)) };
        rows_seen = rows_seen.saturating_add(rows.len());
        let events = expand(rows, next)?;
        events_seen = events_seen.saturating_add(events.len());
        rows_at_a_time = match events.len() < FEW_EVENTS {
            true => rows_at_a_time.saturating_mul(2).min(MAX_ROWS_AT_A_TIME),
            false => FIRST_ROWS,
        };
        let wanted = movements_of_subject(conn, store, filter, &events)?;
        for event in events {
            if found.len() == limit {
                return Ok((found, next));
            }
            next = event.cursor;
            if filter.wants(&event.fact, &wanted) {
                found.push(event);
            }
        }
        next = Cursor::after(last);
        if is_end || found.len() == limit || events_seen >= MAX_EVENTS || rows_seen >= MAX_ROWS {
            return Ok((found, next));
        }
    }
}

/// The events with these ids, oldest first. Ids that no event has are left out.
pub fn load(conn: &mut PgConnection, store: StoreId, ids: &BTreeSet<Cursor>) -> Result<Vec<FeedEvent>, Failure> {
    let positions: BTreeSet<i64> = ids.iter().map(|id| id.position).collect();
    let positions: Vec<i64> = positions.into_iter().collect();
    let mut events = expand(queries::list_rows_at(conn, store, &positions)?, Cursor::START)?;
    events.retain(|event| ids.contains(&event.cursor));
    Ok(events)
}

/// The events that happened in this part of time: from the first time on, and before the second one.
pub fn retain_between(
    conn: &mut PgConnection,
    store: StoreId,
    events: &mut Vec<FeedEvent>,
    (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
) -> Result<(), Failure> {
    let movements = events.iter().filter_map(FeedEvent::movement).map(MovementId).collect::<Vec<_>>();
    let rows = if movements.is_empty() { Vec::new() } else { movements::list_by_id(conn, store, &movements)? };
    let times: HashMap<i64, DateTime<Utc>> = rows.into_iter().map(|row| (row.id.0, row.created_at)).collect();
    events.retain(|event| {
        let at = match &event.fact {
            Fact::Recorded(event) => Some(event.at),
            Fact::Movement(id) => times.get(id).copied(),
        };
        at.is_some_and(|at| from.is_none_or(|from| from <= at) && to.is_none_or(|to| at < to))
    });
    Ok(())
}

impl FeedEvent {
    #[must_use]
    pub const fn event_type(&self) -> EventType {
        match &self.fact {
            Fact::Recorded(event) => event.event_type,
            Fact::Movement(_) => EventType::StockChanged,
        }
    }

    const fn movement(&self) -> Option<i64> {
        match &self.fact {
            Fact::Movement(id) => Some(*id),
            Fact::Recorded(_) => None,
        }
    }
}

/// The events of rows that are after a cursor: of each row its recorded events, then its movements, then the changes of
/// stock statuses that the movements caused.
pub fn expand(rows: Vec<FeedRow>, after: Cursor) -> Result<Vec<FeedEvent>, Failure> {
    let mut events = Vec::new();
    for FeedRow { position, movements, events: recorded, status_events } in rows {
        let parse = |events: Value| {
            let events: Result<Vec<RecordedEvent>, _> = serde_json::from_value(events);
            events.map_err(|error| Failure::Internal(format!("the events of the feed at {position}: {error}")))
        };
        let status_events = status_events.map(parse).transpose()?.unwrap_or_default();
        let facts = parse(recorded)?.into_iter().map(Fact::Recorded);
        let facts = facts.chain(movements.into_iter().map(Fact::Movement));
        let facts = facts.chain(status_events.into_iter().map(Fact::Recorded));
        let with_cursors = (1..).zip(facts).map(|(index, fact)| FeedEvent { cursor: Cursor { position, index }, fact });
        events.extend(with_cursors.filter(|event| event.cursor > after));
    }
    Ok(events)
}

/// The movements of the product that the filter names.
fn movements_of_subject(
    conn: &mut PgConnection,
    store: StoreId,
    filter: &EventFilter,
    events: &[FeedEvent],
) -> Result<HashSet<i64>, Failure> {
    let Some((SubjectKind::Product, product)) = filter.subject else { return Ok(HashSet::new()) };
    if !filter.has_type(EventType::StockChanged) {
        return Ok(HashSet::new());
    }
    let ids: Vec<i64> = events.iter().filter_map(FeedEvent::movement).collect();
    Ok(movements::list_ids_of_product(conn, store, ProductId(product), &ids)?.into_iter().collect())
}

impl EventFilter {
    fn has_type(&self, event_type: EventType) -> bool {
        self.types.is_empty() || self.types.contains(&event_type)
    }

    fn wants(&self, fact: &Fact, movements_of_subject: &HashSet<i64>) -> bool {
        match fact {
            Fact::Recorded(event) => {
                let subject = (event.event_type.subject(), event.subject);
                let is_own = self.own.as_ref().is_none_or(|own| own.contains(&subject));
                self.has_type(event.event_type) && self.subject.is_none_or(|wanted| wanted == subject) && is_own
            }
            Fact::Movement(id) => {
                let is_of_subject = || movements_of_subject.contains(id);
                let is_wanted = self.subject.is_none() || is_of_subject();
                self.has_type(EventType::StockChanged) && is_wanted && self.own.is_none()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(position: i64, orders: &[i64], movements: &[i64]) -> FeedRow {
        let at: DateTime<Utc> = DateTime::UNIX_EPOCH;
        let event = |id: &i64| json!({"type": "order.placed", "subject": id, "actor": "guest", "at": at, "source": 1});
        let events = orders.iter().map(event).collect();
        FeedRow { position, movements: movements.to_vec(), events, status_events: None }
    }

    #[test]
    fn rows_expand_to_their_recorded_events_and_their_movements() {
        let rows = || vec![row(4, &[7], &[70, 71]), row(5, &[], &[]), row(9, &[8], &[])];
        let seen = |after: Cursor| {
            let short = |event: &FeedEvent| match &event.fact {
                Fact::Recorded(event) => (event.event_type.as_str(), event.subject),
                Fact::Movement(id) => ("", *id),
            };
            let events = expand(rows(), after).unwrap();
            events.iter().map(|event| (event.cursor.to_string(), short(event))).collect::<Vec<_>>()
        };
        let placed = |id| ("order.placed", id);
        let all = [
            ("4.1".to_owned(), placed(7)),
            ("4.2".to_owned(), ("", 70)),
            ("4.3".to_owned(), ("", 71)),
            ("9.1".to_owned(), placed(8)),
        ];
        assert_eq!(seen(Cursor::START), all);
        assert_eq!(seen(Cursor { position: 4, index: 1 }), all[1..]);
        assert_eq!(seen(Cursor { position: 4, index: 3 }), all[3..]);
        assert_eq!(seen(Cursor { position: 9, index: 1 }), []);
    }

    #[test]
    fn changes_of_stock_statuses_come_behind_the_movements_that_caused_them() {
        let out =
            json!([{"type": "stock.out", "subject": 5, "actor": "guest", "at": DateTime::UNIX_EPOCH, "data": {}}]);
        let row = FeedRow { status_events: Some(out), ..row(4, &[7], &[70]) };
        let events = expand(vec![row.clone()], Cursor::START).unwrap();
        let last = events.last().unwrap();
        assert_eq!((events.len(), last.cursor), (3, Cursor { position: 4, index: 3 }));
        assert!(matches!(&last.fact, Fact::Recorded(event) if event.event_type == EventType::StockOut));
        assert_eq!(expand(vec![row], Cursor { position: 4, index: 2 }).unwrap(), events[2..]);
    }

    #[test]
    fn a_filter_matches_types_and_subjects() {
        let events = expand(vec![row(1, &[7, 8], &[70, 71])], Cursor::START).unwrap();
        let matching = |filter: EventFilter, of_subject: &[i64]| {
            let of_subject = of_subject.iter().copied().collect();
            events.iter().map(|event| filter.wants(&event.fact, &of_subject)).collect::<Vec<_>>()
        };
        let of_types = |types: &[EventType]| EventFilter { types: types.to_vec(), ..EventFilter::default() };
        let of_subject = |kind, id| EventFilter { subject: Some((kind, id)), ..EventFilter::default() };
        assert_eq!(matching(EventFilter::default(), &[]), [true, true, true, true]);
        assert_eq!(matching(of_types(&[EventType::OrderPlaced]), &[]), [true, true, false, false]);
        assert_eq!(matching(of_types(&[EventType::StockChanged]), &[]), [false, false, true, true]);
        assert_eq!(matching(of_types(&[EventType::OrderPaid]), &[]), [false; 4]);
        assert_eq!(matching(of_subject(SubjectKind::Order, 8), &[]), [false, true, false, false]);
        assert_eq!(matching(of_subject(SubjectKind::Product, 8), &[71]), [false, false, false, true]);
        let own = EventFilter { own: Some([(SubjectKind::Order, 7)].into()), ..EventFilter::default() };
        assert_eq!(matching(own, &[]), [true, false, false, false]);
    }
}
