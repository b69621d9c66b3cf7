//! The attempts of a transaction.

use std::sync::atomic::Ordering;

use diesel::prelude::*;

use super::Database;
use crate::db::retry_budget::RetryBudget;
use crate::db::tx::{self, End, Mode};
use crate::db::{Failure, backend, clock, watch};

impl Database {
    /// Runs the transaction on this thread, again if its connection was lost.
    pub fn run_blocking<T>(
        &self,
        name: &'static str,
        mode: Mode,
        work: impl Fn(&mut PgConnection) -> Result<End<T>, Failure>,
    ) -> Result<T, Failure> {
        clock::set_offset(self.clock_offset.load(Ordering::Acquire));
        let mut budget = RetryBudget::new(self.settle_time, &self.outage);
        let mut unknown = false;
        loop {
            watch::begin(mode);
            if self.outage.is_ongoing() {
                watch::hurry();
            }
            let result = self.attempt(mode, &mut budget, &work);
            let Err(failure) = result else { return result };
            watch::refuse_if_abandoned()?;
            unknown |= matches!(failure, Failure::OutcomeUnknown);
            budget.note_failure(&failure, &self.outage);
            if !failure.is_worth_retrying() || budget.is_exhausted() {
                return Err(if unknown { Failure::OutcomeUnknown } else { failure });
            }
            self.log_retry(name, &failure);
            budget.pause();
        }
    }

    fn attempt<T>(
        &self,
        mode: Mode,
        budget: &mut RetryBudget,
        work: &impl Fn(&mut PgConnection) -> Result<End<T>, Failure>,
    ) -> Result<T, Failure> {
        let ran = self.pool.run(budget.connect_time(), |connection| {
            budget.note_connected();
            let result = tx::run_planned(&mut connection.conn, mode, self.plans, |conn| {
                backend::note(conn, mode)?;
                tx::refuse_ended(conn, mode)?;
                work(conn)
            });
            match &result {
                Err(failure) if failure.is_outage() => {
                    self.pool.end_generation(connection.generation);
                    self.outage.note(failure);
                }
                Ok(_) if mode.writes() => {
                    self.outage.note_commit();
                    self.written.notify_one();
                }
                _ => {}
            }
            result
        });
        ran.inspect_err(|failure| self.outage.note(failure)).flatten()
    }

    fn log_retry(&self, name: &'static str, failure: &Failure) {
        // An outage has been logged.
        let level = if failure.is_outage() { log::Level::Debug } else { log::Level::Warn };
        log::log!(level, transaction = name, error:% = failure; "transaction is run again");
    }
}
