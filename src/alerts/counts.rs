//! Alerts about counts that were posted with differences.

use diesel::PgConnection;
use serde_json::json;

use super::notice::{Batch, Notice};
use super::queries::facts::{self, CountVariance};
use super::rule::AlertKind;
use crate::db::Failure;
use crate::events::EventType;
use crate::kernel::id::CountId;

/// A count that is posted again, after some of its lines were refused, leads to another alert.
pub fn find(conn: &mut PgConnection, batch: &Batch<'_>) -> Result<Vec<Notice>, Failure> {
    let posted = batch.events.iter().filter(|(_, event)| event.event_type == EventType::CountPosted);
    let posted: Vec<_> = posted.map(|(cursor, event)| (*cursor, CountId(event.subject))).collect();
    if posted.is_empty() || !batch.has_rules(AlertKind::CountVariance) {
        return Ok(Vec::new());
    }
    let ids: Vec<CountId> = posted.iter().map(|(_, count)| *count).collect();
    let found = facts::list_variances(conn, batch.store, &ids)?;
    let mut notices = Vec::new();
    for (cursor, id) in posted {
        let Some(count) = found.iter().find(|count| count.count_id == id) else { continue };
        let CountVariance { count_id, count_number, location_id, lines, missing, surplus } = count;
        let rules = batch.rules_of(AlertKind::CountVariance);
        for rule in rules.filter(|rule| rule.settings.filter.matches_location(*location_id)) {
            let data = json!({"count_id": count_id, "count_number": count_number, "location_id": location_id,
                              "lines": lines, "missing_units": missing, "surplus_units": surplus});
            notices.push(Notice { alert: rule.id, about: format!("{cursor}:{}", rule.id), data });
        }
    }
    Ok(notices)
}
