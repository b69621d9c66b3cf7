//! Adds up the holds that ended, a day in each transaction.

use chrono::Duration;
use diesel::PgConnection;

use super::queries::{self, Progress};
use crate::db::{self, End, Failure};
use crate::kernel::id::StoreId;
use crate::stores::queries as stores;

/// The time after the end of a day at which its holds are added up. A transaction that ends holds commits later than
/// the time that it writes, but it takes at most 15 s. So all of them have been committed by then.
const OPEN_FOR: Duration = Duration::minutes(10);

/// Adds up the next day that is over. Returns true if there may be more. If the time zone of the store has changed, all
/// days are deleted and added up again.
pub fn fold_day(conn: &mut PgConnection, store: StoreId) -> Result<End<bool>, Failure> {
    let time_zone = stores::get_store(conn, store)?.time_zone;
    let Some(progress) = queries::lock(conn, store, &time_zone)? else { return Ok(End::RollBack(false)) };
    if progress.time_zone != time_zone {
        queries::delete_all(conn, store)?;
        queries::write(conn, store, &Progress { time_zone, next_day: None })?;
        return Ok(End::Commit(true));
    }
    let now = db::clock(conn)?;
    let until = now.checked_sub_signed(OPEN_FOR).unwrap_or(now);
    let Some(day) = queries::find_next_day(conn, store, &progress, until)? else { return Ok(End::Commit(false)) };
    queries::add_day(conn, store, &time_zone, day)?;
    queries::write(conn, store, &Progress { time_zone, next_day: day.succ_opt() })?;
    Ok(End::Commit(true))
}

/// Deletes the days of a store, so that all are added up again.
pub fn start_again(conn: &mut PgConnection, store: StoreId) -> Result<End<()>, Failure> {
    let time_zone = stores::get_store(conn, store)?.time_zone;
    queries::wait_and_lock(conn, store, &time_zone)?;
    queries::delete_all(conn, store)?;
    queries::write(conn, store, &Progress { time_zone, next_day: None })?;
    Ok(End::Commit(()))
}
