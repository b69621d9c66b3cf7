//! The one way to a transaction.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::Failure;

/// How a transaction ends that did not fail: a refusal usually leaves nothing behind.
pub enum End<T> {
    Commit(T),
    RollBack(T),
}

/// How long a transaction of this kind may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Locks rows and changes them.
    Write,
    /// A write for several requests. It does not wait long for a lock: one of them must not stall the
    /// others, who can be served one by one instead.
    Slice,
    /// One snapshot for several reads.
    Read,
    /// A read of much: reports and the check of the books.
    Report,
}

impl Mode {
    /// BEGIN and what goes for the transaction, in one round trip. Nothing outlives the transaction, so
    /// that connection poolers which share sessions do no harm.
    ///
    /// Writes find rows by whole keys, so one plan of a statement serves every call of it, and need not be
    /// made each time. Reads vary with their filters, and none is worth compiling.
    fn begin(self) -> &'static str {
        match self {
            Self::Write => {
                "BEGIN; SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '5s'; \
                 SET LOCAL idle_in_transaction_session_timeout = '5s'; \
                 SET LOCAL plan_cache_mode = 'force_generic_plan'"
            }
            Self::Slice => {
                "BEGIN; SET LOCAL lock_timeout = '250ms'; SET LOCAL statement_timeout = '5s'; \
                 SET LOCAL idle_in_transaction_session_timeout = '5s'; \
                 SET LOCAL plan_cache_mode = 'force_generic_plan'"
            }
            Self::Read => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '5s'; \
                 SET LOCAL idle_in_transaction_session_timeout = '5s'; SET LOCAL jit = off"
            }
            Self::Report => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '120s'; \
                 SET LOCAL idle_in_transaction_session_timeout = '120s'; SET LOCAL jit = off"
            }
        }
    }
}

/// Runs `work` in one transaction of the given mode.
pub fn run<T>(
    conn: &mut PgConnection,
    mode: Mode,
    work: impl FnOnce(&mut PgConnection) -> Result<End<T>, Failure>,
) -> Result<T, Failure> {
    conn.batch_execute(mode.begin())?;
    match work(conn) {
        Ok(End::Commit(value)) => commit(conn).map(|()| value),
        Ok(End::RollBack(value)) => {
            // The answer stands whether or not the server hears of it: nothing was committed.
            roll_back(conn);
            Ok(value)
        }
        Err(failure) => {
            roll_back(conn);
            Err(failure)
        }
    }
}

fn commit(conn: &mut PgConnection) -> Result<(), Failure> {
    conn.batch_execute("COMMIT").map_err(|error| match Failure::from(error) {
        // Sent, but not answered: it may have happened.
        Failure::Unavailable(_) | Failure::Internal(_) => Failure::OutcomeUnknown,
        other => other,
    })
}

fn roll_back(conn: &mut PgConnection) {
    if let Err(error) = conn.batch_execute("ROLLBACK") {
        log::debug!(error:% = error; "rollback was not answered");
    }
}
