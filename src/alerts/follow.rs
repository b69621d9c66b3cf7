//! Follows the feed of a store: reads the next events, and writes the alerts and mails that they lead to.

use diesel::PgConnection;

use super::mails::{write_mails, write_notices};
use super::notice::Batch;
use super::queries::{progress, rules};
use super::stock_notices::queries as stock_notices;
use super::{counts, order_mail_limit, order_mails, orders, places, stock};
use crate::db::{self, End, Failure};
use crate::events::RecordedEvent;
use crate::events::queries::{self as feed, FeedPart, PartSize};
use crate::feed::page::{Fact, expand};
use crate::kernel::cursor::Cursor;
use crate::kernel::id::StoreId;
use crate::stores::queries as stores;

/// The largest number of rows of the feed that one transaction reads. A row has the events of one transaction.
pub const ROWS_AT_A_TIME: i64 = 50;

/// The number of events and movements after which a transaction reads no further row, because its time and its memory are
/// limited.
const FACTS_AT_A_TIME: i64 = 2_000;

/// The work of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// The rows of the feed that were read.
    pub rows: usize,
    /// True if there may be more.
    pub is_behind: bool,
}

/// Reads at most `limit` rows of the feed, and at least one. Nothing happens while another server does so, or while too many
/// mails wait. If mail is off, the events lead to no mails, also not after mail is turned on.
pub fn follow(conn: &mut PgConnection, store: StoreId, limit: i64, sends_mail: bool) -> Result<End<Followed>, Failure> {
    let nothing = End::RollBack(Followed::default());
    let Some(before) = progress::lock(conn, store)? else { return Ok(nothing) };
    // The statement begins after the lock, so it sees the rows after those that another server has read.
    let size = PartSize { rows: limit, facts: FACTS_AT_A_TIME };
    let FeedPart { rows, is_end } = feed::list_rows(conn, store, before.position.saturating_add(1), size)?;
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
    Ok(End::Commit(Followed { rows: count, is_behind: !is_end }))
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
        stock_notices::mark_back(conn, store, &stock.back.into_iter().collect::<Vec<_>>(), at)?;
    }
    if !write_notices(conn, store, (rules, notices), at, sends_mail)? {
        return Ok(false);
    }
    if !sends_mail || !stores::get_store(conn, store)?.order_mails {
        return Ok(true);
    }
    let mails = order_mails::find(conn, batch)?;
    let mails = order_mail_limit::keep_few(conn, store, mails, at)?;
    write_mails(conn, store, &mails, at)
}
