//! The time for the deadlines of holds, payments and sessions: the database's clock, read after the locks that the
//! deadline needs. Only the age of rows that a job deletes is compared with the server's clock, because seconds do not
//! matter there.

use std::cell::Cell;

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;

use super::sql;

thread_local! {
    /// The seconds by which a test or the demo store has moved the clock; 0 in production.
    static OFFSET_SECONDS: Cell<i64> = const { Cell::new(0) };
}

/// The database's clock at this moment, as `$now` in a statement of [`sql()`].
///
/// `now()` is the start of the transaction, so it does not include the wait for a lock.
pub fn clock(conn: &mut PgConnection) -> QueryResult<DateTime<Utc>> {
    sql("SELECT $now").columns::<Timestamptz>().get_result(conn)
}

/// This thread's offset. A statement binds it, so its text is the same for each offset.
pub(super) fn offset() -> i64 {
    OFFSET_SECONDS.get()
}

/// Sets this thread's offset before a transaction runs on it.
pub(super) fn set_offset(seconds: i64) {
    OFFSET_SECONDS.set(seconds);
}

/// Does the work as if it were earlier by this time. The demo store writes its past in this way.
pub fn earlier<T>(ago: Duration, work: impl FnOnce() -> T) -> T {
    let _moved = Moved { before: OFFSET_SECONDS.get() };
    OFFSET_SECONDS.set(OFFSET_SECONDS.get().saturating_sub(ago.num_seconds()));
    work()
}

/// Restores the earlier offset on drop.
struct Moved {
    before: i64,
}

impl Drop for Moved {
    fn drop(&mut self) {
        OFFSET_SECONDS.set(self.before);
    }
}
