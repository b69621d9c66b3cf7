//! Finds and does the work of a job in all stores. The job continues if the rows of one store are unavailable.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use diesel::PgConnection;

use super::Jobs;
use crate::auth::context::PLATFORM;
use crate::db::Failure;
use crate::kernel::id::StoreId;
use crate::stores::queries as stores;

/// The results of one run of a job.
#[derive(Default)]
pub(super) struct Run {
    pub done: usize,
    /// The last failure that prevented a part of the work.
    pub failure: Option<Failure>,
}

impl Run {
    /// Adds the outcome of one part. A failed part does not stop the others.
    pub fn add(&mut self, outcome: Result<usize, Failure>) {
        match outcome {
            Ok(count) => self.done = self.done.saturating_add(count),
            Err(failure) => self.failure = Some(failure),
        }
    }

    /// The amount of work done, or the failure.
    pub fn result(self) -> Result<usize, Failure> {
        self.failure.map_or(Ok(self.done), Err)
    }

    /// Adds this run to the total of a job that repeats runs until one does nothing. Returns Some after that
    /// run.
    pub fn end(self, total: &mut usize) -> Option<Result<usize, Failure>> {
        *total = total.saturating_add(self.done);
        (self.done == 0).then(|| self.failure.map_or(Ok(*total), Err))
    }
}

/// The result of one transaction of a store.
pub(super) struct Step {
    pub done: usize,
    /// True if the store has more work.
    pub is_behind: bool,
}

impl Jobs {
    /// Runs one step of every store, then another one of each store that has more work, until none has or the time is
    /// over. Returns the amount of work done. A store that fails does not stop the others.
    pub(super) async fn in_turns<F, S>(&self, limit: Duration, step: F) -> Result<usize, Failure>
    where
        F: Fn(StoreId) -> S,
        S: Future<Output = Result<Step, Failure>>,
    {
        let database = self.database.with_one_retry();
        let all = database.read_internally("list_stores", |conn| Ok(stores::list_ids(conn)?)).await?;
        let mut run = Run::default();
        self.in_turns_of(all, limit, &mut run, step).await;
        run.result()
    }

    /// The same for some stores. Returns true if some of them have more work.
    pub(super) async fn in_turns_of<F, S>(
        &self,
        mut behind: Vec<StoreId>,
        limit: Duration,
        run: &mut Run,
        step: F,
    ) -> bool
    where
        F: Fn(StoreId) -> S,
        S: Future<Output = Result<Step, Failure>>,
    {
        let started = Instant::now();
        while !behind.is_empty() && started.elapsed() < limit {
            let mut next = Vec::new();
            for store in behind {
                let taken = step(store).await;
                next.extend(taken.as_ref().is_ok_and(|taken| taken.is_behind).then_some(store));
                run.add(taken.map(|taken| taken.done));
            }
            behind = next;
        }
        !behind.is_empty()
    }

    /// Reads from all stores at once. If that fails, it reads each store separately, and then the rows without a store. An
    /// unavailable database server may have the rows of some stores only. Failures are recorded in the run.
    /// `read` gets a store, or None for all stores.
    ///
    /// There are no long retries, because the job runs again soon and the other stores wait.
    pub(super) async fn discover<T, F>(&self, name: &'static str, run: &mut Run, read: F) -> Vec<T>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection, Option<StoreId>) -> Result<Vec<T>, Failure> + Copy + Send + 'static,
    {
        let database = self.database.with_one_retry();
        match database.read_internally(name, move |conn| read(conn, None)).await {
            Ok(found) => return found,
            Err(failure) => run.failure = Some(failure),
        }
        let stores = database.read_internally("list_stores", |conn| Ok(stores::list_ids(conn)?)).await;
        let mut found = Vec::new();
        for store in std::iter::once(PLATFORM).chain(stores.unwrap_or_else(|failure| note(failure, run))) {
            let of_store = database.read_internally(name, move |conn| read(conn, Some(store))).await;
            found.extend(of_store.unwrap_or_else(|failure| note(failure, run)));
        }
        found
    }
}

fn note<T>(failure: Failure, run: &mut Run) -> Vec<T> {
    run.failure = Some(failure);
    Vec::new()
}

/// Groups rows by store.
pub(super) fn by_store<T>(found: Vec<(StoreId, T)>) -> BTreeMap<StoreId, Vec<T>> {
    let mut stores: BTreeMap<StoreId, Vec<T>> = BTreeMap::new();
    for (store, one) in found {
        stores.entry(store).or_default().push(one);
    }
    stores
}
