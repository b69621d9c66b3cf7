//! Adds the facts of the feed to the daily roll-ups of a store, a part in each transaction. This is called a fold.

use chrono::NaiveDate;
use diesel::PgConnection;

use super::queries::progress::{self, Progress};
use super::queries::{days, rollups};
use crate::db::{End, Failure};
use crate::inventory::valuation::queries::revaluations;
use crate::kernel::id::StoreId;
use crate::stores::queries as stores;

/// The numbers of entries of the feed that one transaction adds, from the usual one to the smallest.
const SIZES: [i64; 5] = [2_000, 250, 30, 4, 1];

/// The maximal number of old rows of each roll-up that one transaction deletes.
const DELETED_AT_A_TIME: i64 = 20_000;

/// The maximal number of entries of the feed that one transaction adds, unless a single row has more. It becomes
/// smaller while the database is too slow for it. Otherwise the same part would fail again and again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartSize(usize);

impl PartSize {
    fn entries(self) -> i64 {
        SIZES.get(self.0).copied().unwrap_or(1)
    }

    /// The size of the next attempt after a statement that took too long. None after another failure, or after the
    /// smallest part.
    #[must_use]
    pub fn after(self, failure: &Failure) -> Option<Self> {
        let next = self.0.saturating_add(1);
        (matches!(failure, Failure::StatementTimeout) && next < SIZES.len()).then_some(Self(next))
    }
}

/// The work of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// The rows of the feed whose facts were added.
    pub rows: usize,
    /// True if there may be more to do.
    pub is_behind: bool,
}

/// Adds the next part of the feed, or deletes the roll-ups of days that are computed again. Changes nothing while
/// another server works on the store, or while the next sale is not valued yet.
///
/// The position moves in the same transaction, so each row of the feed is added exactly once, whatever happens between
/// two parts. The facts of a row never change. Only a correction of costs changes the cost of sales, and a change of the
/// time zone changes their days: then the roll-ups of these days are deleted and computed again.
pub fn fold(conn: &mut PgConnection, store: StoreId, size: PartSize) -> Result<End<Folded>, Failure> {
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
    let Some(end) = progress::find_end(conn, store, progress.position, size.entries())? else {
        return Ok(End::Commit(Folded::default()));
    };
    let customers = rollups::add_facts(conn, store, &progress, end)?;
    rollups::set_previous_days(conn, store, &customers)?;
    let rows = usize::try_from(end.saturating_sub(progress.position)).unwrap_or_default();
    progress::write(conn, store, &Progress { position: end, ..progress })?;
    more(rows)
}

/// Adds all parts of a store by a function that adds the next one in a transaction. Returns the number of rows of the
/// feed.
pub fn fold_all(mut fold_part: impl FnMut(PartSize) -> Result<Folded, Failure>) -> Result<usize, Failure> {
    let (mut rows, mut size) = (0_usize, PartSize::default());
    loop {
        match fold_part(size) {
            Ok(folded) => {
                rows = rows.saturating_add(folded.rows);
                if !folded.is_behind {
                    return Ok(rows);
                }
            }
            Err(failure) => size = size.after(&failure).ok_or(failure)?,
        }
    }
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

/// Marks all roll-ups of a store to be computed again from the beginning. The job does so, and reports read the sources
/// until then.
pub fn start_again(conn: &mut PgConnection, store: StoreId) -> Result<End<()>, Failure> {
    let time_zone = stores::get_store(conn, store)?.time_zone;
    progress::wait_and_lock(conn, store, &time_zone)?;
    progress::write(conn, store, &Progress::start(&time_zone))?;
    Ok(End::Commit(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_takes_too_long_becomes_smaller() {
        let mut sizes = Vec::new();
        let rows = fold_all(|size| {
            sizes.push(size.entries());
            match size.entries() > 30 {
                true => Err(Failure::StatementTimeout),
                false => Ok(Folded { rows: 3, is_behind: sizes.len() < 5 }),
            }
        });
        assert!(matches!(rows, Ok(9)), "{rows:?}");
        assert_eq!(sizes, [2_000, 250, 30, 30, 30]);
    }

    #[test]
    fn other_failures_and_a_part_of_one_entry_are_not_tried_again() {
        for (failure, attempts) in [(Failure::StatementTimeout, SIZES.len()), (Failure::LockTimeout, 1)] {
            let mut calls = 0;
            let folded = fold_all(|_size| {
                calls += 1;
                Err(failure.clone())
            });
            assert!(folded.is_err());
            assert_eq!(calls, attempts);
        }
    }
}
