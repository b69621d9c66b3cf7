//! Opens and ends the transactions.

use std::any::Any;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::{Failure, outbox, watch};
use crate::kernel::current_request;

/// The end of a transaction that did not fail: a refusal usually leaves nothing behind.
pub enum End<T> {
    Commit(T),
    RollBack(T),
}

impl<T> End<T> {
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> End<U> {
        match self {
            Self::Commit(value) => End::Commit(change(value)),
            Self::RollBack(value) => End::RollBack(change(value)),
        }
    }
}

/// The work of a transaction without the type of its result. So the code around it is compiled once, and not for each
/// transaction.
pub(super) type Work = Box<dyn Fn(&mut PgConnection) -> Result<End<Box<dyn Any + Send>>, Failure> + Send>;

/// The time that a transaction of this kind may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Locks rows and changes them.
    Write,
    /// A write for several requests. It does not wait long for a lock, because one request must not delay the others:
    /// each can run in a transaction of its own instead.
    Batch,
    /// A read of the server itself, for a health check or a job.
    Internal,
    /// One snapshot for several reads.
    Read,
    /// A read whose cost grows with the rows of the store, such as a search or a list that is sorted by stock, or one
    /// whose response may have megabytes.
    List,
    /// A read of many rows: reports and the check of the ledger.
    Report,
}

/// The way in which the statements of a write are planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plans {
    /// Writes find rows by whole keys, so one plan of a statement serves every call. Reads vary with their filters, so
    /// they are planned each time.
    Generic,
    /// As the server decides. A distributed server has to see the values, because they decide where the rows are.
    Automatic,
}

impl Mode {
    /// BEGIN with its settings, in one round trip. No setting outlives the transaction, so connection poolers that
    /// share sessions do no harm. The isolation is named, because a database may have another one as its default.
    fn begin(self, plans: Plans) -> String {
        let (isolation, time) = match self {
            Self::Write | Self::Batch => ("READ COMMITTED", "5s"),
            Self::Internal | Self::Read | Self::List => ("REPEATABLE READ READ ONLY", "5s"),
            Self::Report => ("REPEATABLE READ READ ONLY", "120s"),
        };
        let further = match self {
            // A job may read thousands of rows. Their estimated cost would start the compiler (JIT), which needs longer
            // than the statement.
            Self::Write => "lock_timeout = '2s'; SET LOCAL jit = off",
            Self::Batch => "lock_timeout = '250ms'",
            Self::Internal | Self::Read | Self::List | Self::Report => "jit = off",
        };
        let plan = match plans {
            Plans::Generic if self.writes() => "; SET LOCAL plan_cache_mode = 'force_generic_plan'",
            // The rows that match a search decide which index is best. PostgreSQL would keep one plan after some calls.
            _ if self == Self::List => "; SET LOCAL plan_cache_mode = 'force_custom_plan'",
            _ => "",
        };
        format!(
            "BEGIN ISOLATION LEVEL {isolation}; SET LOCAL {further}; SET LOCAL statement_timeout = '{time}'; \
             SET LOCAL idle_in_transaction_session_timeout = '{time}'{plan}"
        )
    }

    /// The time that all statements together may take.
    pub(super) fn time_limit(self) -> Duration {
        match self {
            Self::Report => Duration::from_secs(600),
            _ => Duration::from_secs(15),
        }
    }

    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Batch)
    }
}

/// Runs `work` in one transaction of the given mode.
pub fn run<T>(
    conn: &mut PgConnection,
    mode: Mode,
    work: impl FnOnce(&mut PgConnection) -> Result<End<T>, Failure>,
) -> Result<T, Failure> {
    run_planned(conn, mode, Plans::Automatic, work)
}

/// The same, with a choice of plans.
pub(super) fn run_planned<T>(
    conn: &mut PgConnection,
    mode: Mode,
    plans: Plans,
    work: impl FnOnce(&mut PgConnection) -> Result<End<T>, Failure>,
) -> Result<T, Failure> {
    conn.batch_execute(&mode.begin(plans))?;
    outbox::clear();
    match work(conn).and_then(|end| finish(conn, end)) {
        Ok(End::Commit(value)) => commit(conn).map(|()| value),
        Ok(End::RollBack(value)) => {
            // A failed ROLLBACK does not matter: nothing was committed.
            roll_back(conn);
            Ok(value)
        }
        Err(failure) => {
            roll_back(conn);
            Err(failure)
        }
    }
}

/// Inserts what a transaction has appended into the outbox, before it commits.
fn finish<T>(conn: &mut PgConnection, end: End<T>) -> Result<End<T>, Failure> {
    if matches!(end, End::Commit(_)) {
        outbox::insert_noted(conn)?;
    }
    Ok(end)
}

fn commit(conn: &mut PgConnection) -> Result<(), Failure> {
    if let Err(abandoned) = watch::begin_commit() {
        roll_back(conn);
        return Err(abandoned);
    }
    let committed = conn.batch_execute("COMMIT").map_err(|error| match Failure::from(error) {
        // COMMIT was sent, but not answered: the transaction may be committed.
        Failure::Unavailable(_) | Failure::Internal(_) => Failure::OutcomeUnknown,
        other => other,
    });
    if !matches!(committed, Err(Failure::OutcomeUnknown)) {
        watch::end_commit();
    }
    committed
}

fn roll_back(conn: &mut PgConnection) {
    if let Err(error) = conn.batch_execute("ROLLBACK") {
        log::debug!(error:% = error; "rollback was not answered");
    }
}

/// Refuses work of a request whose token was ended after it was admitted. A batch belongs to several requests, and
/// checks each of them itself. The server's own work has no token.
pub(super) fn refuse_ended(conn: &mut PgConnection, mode: Mode) -> Result<(), Failure> {
    let has_ended = match mode {
        Mode::Batch | Mode::Internal => None,
        Mode::Read | Mode::List | Mode::Report | Mode::Write => current_request::has_ended(),
    };
    match has_ended {
        Some(has_ended) if has_ended(conn)? => Err(Failure::TokenEnded),
        _ => Ok(()),
    }
}
