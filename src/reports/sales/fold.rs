//! Folds the facts of the feed into the daily roll-ups of a store, a part in each transaction.

use chrono::NaiveDate;
use diesel::PgConnection;

use super::queries::progress::{self, Progress};
use super::queries::{days, rollups};
use crate::db::{End, Failure};
use crate::inventory::valuation::queries::revaluations;
use crate::kernel::id::StoreId;
use crate::stores::queries as stores;

/// The maximal number of entries of the feed that one transaction folds, unless a single row has more.
const ENTRIES_AT_A_TIME: i64 = 2_000;

/// The maximal number of old rows of each roll-up that one transaction deletes.
const DELETED_AT_A_TIME: i64 = 20_000;

/// The work of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// The rows of the feed that were folded.
    pub rows: usize,
    /// True if there may be more to do.
    pub is_behind: bool,
}

/// Folds the next part of the feed, or makes room for days that are folded again. Nothing happens while another server
/// folds the store, or while the next sale is not valued yet.
///
/// The position moves in the same transaction, so each row of the feed is folded exactly once, whatever happens between
/// two parts. The facts of a row never change. Only a correction of costs changes the cost of sales, and a change of the
/// time zone changes their days: then the rows of these days are deleted and folded again.
pub fn fold(conn: &mut PgConnection, store: StoreId) -> Result<End<Folded>, Failure> {
    let time_zone = stores::get_store(conn, store)?.time_zone;
    let Some(found) = progress::lock(conn, store, &time_zone)? else { return Ok(End::RollBack(Folded::default())) };
    let more = |rows| Ok(End::Commit(Folded { rows, is_behind: true }));
    if found.time_zone != time_zone {
        progress::write(conn, store, &Progress::start(&time_zone))?;
        return more(0);
    }
    let progress = go_back(conn, store, found)?;
    if !progress.is_emptied {
        let is_emptied = rollups::delete_since(conn, store, progress.kept_day, DELETED_AT_A_TIME)? == 0;
        progress::write(conn, store, &Progress { is_emptied, ..progress })?;
        return more(0);
    }
    let Some(end) = progress::find_end(conn, store, progress.position, ENTRIES_AT_A_TIME)? else {
        return Ok(End::Commit(Folded::default()));
    };
    let customers = rollups::add_facts(conn, store, &progress, end)?;
    rollups::set_previous_days(conn, store, &customers)?;
    let rows = usize::try_from(end.saturating_sub(progress.position)).unwrap_or_default();
    progress::write(conn, store, &Progress { position: end, ..progress })?;
    more(rows)
}

/// Takes the corrections of costs, and goes back to the first day that they concern.
fn go_back(conn: &mut PgConnection, store: StoreId, progress: Progress) -> Result<Progress, Failure> {
    let Some(since) = revaluations::take(conn, store)? else { return Ok(progress) };
    let (day, before): (NaiveDate, _) = days::day_of(conn, &progress.time_zone, since)?;
    let position = progress::find_position_before(conn, store, before)?;
    let progress = progress.back_to(day, position);
    progress::write(conn, store, &progress)?;
    Ok(progress)
}

/// Marks all roll-ups of a store to be folded again from the beginning. The job does so, and reports read the sources
/// until then.
pub fn start_again(conn: &mut PgConnection, store: StoreId) -> Result<End<()>, Failure> {
    let time_zone = stores::get_store(conn, store)?.time_zone;
    progress::wait_and_lock(conn, store, &time_zone)?;
    progress::write(conn, store, &Progress::start(&time_zone))?;
    Ok(End::Commit(()))
}
