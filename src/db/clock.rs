//! Time for the deadlines of holds, payments and sessions: the database's clock, read after the locks that the deadline
//! needs. Only the age of rows that a job deletes is compared with the server's clock, where seconds do not matter.

use std::cell::Cell;

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;

use super::sql;

thread_local! {
    /// Seconds that a test or the demo store has moved the clock by; none in a running shop.
    static OFFSET_SECONDS: Cell<i64> = const { Cell::new(0) };
}

/// The database's clock at this moment, as `$now` is in any statement made by [`sql()`].
///
/// `now()` is as old as the transaction, so that it would miss the time spent waiting for a lock.
pub fn clock(conn: &mut PgConnection) -> QueryResult<DateTime<Utc>> {
    sql("SELECT $now").columns::<Timestamptz>().get_result(conn)
}

/// This thread's offset. A statement binds it, so that a past of many moments needs no statements of its own.
pub(super) fn offset() -> i64 {
    OFFSET_SECONDS.get()
}

/// Sets this thread's offset before a transaction runs on it.
pub(super) fn set_offset(seconds: i64) {
    OFFSET_SECONDS.set(seconds);
}

/// Does work as if it were this much earlier. For the demo store, which has a past.
pub fn earlier<T>(ago: Duration, work: impl FnOnce() -> T) -> T {
    let _moved = Moved { before: OFFSET_SECONDS.get() };
    OFFSET_SECONDS.set(OFFSET_SECONDS.get().saturating_sub(ago.num_seconds()));
    work()
}

/// Sets the clock right when it is dropped.
struct Moved {
    before: i64,
}

impl Drop for Moved {
    fn drop(&mut self) {
        OFFSET_SECONDS.set(self.before);
    }
}
