//! Alerts of the kind `books_broken`, about violated invariants: one when a check finds violations, and none while the
//! next checks find some, too.

use chrono::{DateTime, Duration, Utc};
use diesel::PgConnection;
use serde_json::json;

use super::mails::write_notices;
use super::notice::Notice;
use super::queries::{progress, rules, states};
use super::rule::{AlertKind, Rule};
use crate::db::{self, End, Failure};
use crate::kernel::id::StoreId;
use crate::kernel::moment::after;
use crate::reports::verify::Violation;

/// The time between two checks of a store.
const PERIOD: Duration = Duration::hours(24);

/// The most violations that a mail lists.
const MAX_LISTED: usize = 20;

/// True if the last check of the store was long ago.
pub fn is_due(conn: &mut PgConnection, store: StoreId) -> Result<bool, Failure> {
    let (last, at) = (progress::find_verified_at(conn, store)?, db::clock(conn)?);
    Ok(is_long_ago(last, at))
}

fn is_long_ago(last: Option<DateTime<Utc>>, at: DateTime<Utc>) -> bool {
    // A time in the future is from before the clock was set back.
    last.is_none_or(|last| last > at || after(last, PERIOD) <= at)
}

/// Writes the result of a check. Returns the number of alerts. Nothing happens while another server writes alerts of the
/// store, or if it has checked the store meanwhile.
pub fn note_check(
    conn: &mut PgConnection,
    store: StoreId,
    violations: &[Violation],
    sends_mail: bool,
) -> Result<End<usize>, Failure> {
    let at = db::clock(conn)?;
    match progress::lock(conn, store)? {
        Some(before) if is_long_ago(before.verified_at, at) => {}
        _ => return Ok(End::RollBack(0)),
    }
    let mut rules: Vec<Rule> = rules::list_active(conn, store)?;
    rules.retain(|rule| rule.kind == AlertKind::BooksBroken);
    let of_store: Vec<states::State> = rules.iter().map(|rule| (rule.id, 0)).collect();
    let mut notices = Vec::new();
    if violations.is_empty() {
        states::leave(conn, store, &of_store)?;
    } else {
        let listed = violations.iter().take(MAX_LISTED);
        let listed: Vec<String> = listed.map(|found| format!("{}: {}", found.rule, found.row)).collect();
        let more = violations.len().saturating_sub(listed.len());
        for (alert, _) in states::enter(conn, store, &of_store, at)? {
            let data = json!({"violations": listed, "more_violations": more});
            notices.push(Notice { alert, about: format!("invariants:{alert}:{}", at.timestamp()), data });
        }
    }
    let count = notices.len();
    progress::set_verified_at(conn, store, at)?;
    match write_notices(conn, store, (&rules, notices), at, sends_mail)? {
        true => Ok(End::Commit(count)),
        false => Ok(End::RollBack(0)),
    }
}
