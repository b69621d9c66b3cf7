//! Follows the feed of a store: reads the next events, and writes the alerts and mails that they lead to.

use diesel::PgConnection;

use super::mails::{write_letters, write_notices};
use super::notice::Batch;
use super::queries::{progress, rules};
use super::wishes::queries as wishes;
use super::{counts, order_mails, orders, places, stock};
use crate::db::{self, End, Failure};
use crate::events::RecordedEvent;
use crate::events::queries as feed;
use crate::feed::page::{Fact, expand};
use crate::kernel::cursor::Cursor;
use crate::kernel::id::StoreId;
use crate::stores::queries as stores;

/// The rows of the feed that one transaction reads. A row has the events of one transaction.
const ROWS_AT_A_TIME: i64 = 50;

/// The work of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// The rows of the feed that were read.
    pub rows: usize,
    /// True if there may be more.
    pub is_behind: bool,
}

/// Reads the next rows of the feed. Nothing happens while another server does so, or while too many mails wait.
/// Without mail, the events lead to no mails, also not later.
pub fn follow(conn: &mut PgConnection, store: StoreId, sends_mail: bool) -> Result<End<Followed>, Failure> {
    let nothing = End::RollBack(Followed::default());
    let Some(before) = progress::lock(conn, store)? else { return Ok(nothing) };
    // The statement begins after the lock, so it sees the rows behind those that another server has read.
    let rows = feed::list_rows(conn, store, before.position.saturating_add(1), ROWS_AT_A_TIME)?;
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(nothing) };
    let positions = (first.position, last.position);
    let count = rows.len();
    let events = expand(rows, Cursor::START)?.into_iter().filter_map(|event| match event.fact {
        Fact::Recorded(recorded) => Some((event.cursor, recorded)),
        Fact::Movement(_) => None,
    });
    let is_wanted = |(_, event): &(Cursor, RecordedEvent)| before.starts_at.is_none_or(|start| event.at >= start);
    let events: Vec<(Cursor, RecordedEvent)> = events.filter(is_wanted).collect();
    let rules = rules::list_active(conn, store)?;
    let batch = Batch { store, events: &events, positions, rules: &rules, at: db::clock(conn)? };
    if !write(conn, &batch, sends_mail)? {
        log::warn!(store = store.0; "too many mails wait; new ones are written when there is room");
        return Ok(nothing);
    }
    progress::set_position(conn, store, positions.1)?;
    Ok(End::Commit(Followed { rows: count, is_behind: db::count(count) == ROWS_AT_A_TIME }))
}

/// Returns false if too many mails wait.
fn write(conn: &mut PgConnection, batch: &Batch<'_>, sends_mail: bool) -> Result<bool, Failure> {
    let Batch { store, rules, at, .. } = *batch;
    let stock = stock::find(conn, batch)?;
    let mut notices = stock.notices;
    notices.extend(places::find(conn, batch)?);
    notices.extend(orders::find_due(conn, batch)?);
    notices.extend(counts::find(conn, batch)?);
    if !stock.back.is_empty() {
        wishes::mark_back(conn, store, &stock.back.into_iter().collect::<Vec<_>>(), at)?;
    }
    if !write_notices(conn, store, (rules, notices), at, sends_mail)? {
        return Ok(false);
    }
    if !sends_mail || !stores::get_store(conn, store)?.order_mails {
        return Ok(true);
    }
    let letters = order_mails::find(conn, batch)?;
    write_letters(conn, store, &letters, at)
}
