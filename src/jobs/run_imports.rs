//! Continues imports that are too long for one request.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use diesel::PgConnection;

use super::Jobs;
use super::discover::{Run, Step};
use crate::auth::Scope;
use crate::auth::principal::{Account, Principal, Role};
use crate::db::{self, End, Failure};
use crate::error::{Abort, Overdue};
use crate::fulfilment::expire;
use crate::imports::document::{ImportState, reason_of};
use crate::imports::dry_run;
use crate::imports::queries::imports;
use crate::imports::run::{self, DecidedSlice};
use crate::kernel::id::{ImportId, StoreId, UserId};

/// The time after which imports continue in the next run, so that a server that stops does not wait for their end.
const LIMIT: Duration = Duration::from_secs(5);

/// The largest number of attempts to expire the holds that block a slice. Without a limit, holds that
/// cannot expire would keep the import running for ever.
const MAX_RECLAIMS: usize = 5;

/// The days for which the rows of a finished import can be read.
const KEEP_DAYS: i64 = 90;

/// The end of one slice.
enum Slice {
    /// The number of its rows. None if the import has no more, or if another server works on it.
    Done(Option<i64>),
    /// The slice was rolled back, because overdue holds must expire first.
    Overdue(Overdue),
    /// The slice belongs to a dry run, and its results are not written yet.
    Decided(DecidedSlice),
}

impl Jobs {
    /// Processes running imports, one slice of each import in turn. Returns the number of rows.
    pub async fn run_imports(self) -> Result<usize, Failure> {
        let (started, mut run) = (Instant::now(), Run::default());
        let mut running = self
            .discover("discover_imports", &mut run, |conn, store| {
                let now = db::clock(conn)?;
                Ok(imports::discover_running(conn, store, now)?)
            })
            .await;
        while !running.is_empty() && started.elapsed() < LIMIT {
            let mut next = Vec::new();
            for (store, import) in running {
                let done = self.run_slice(store, import).await;
                next.extend(matches!(done, Ok(Some(_))).then_some((store, import)));
                run.add(done.map(|rows| usize::try_from(rows.unwrap_or(0)).unwrap_or(0)));
            }
            running = next;
        }
        run.result()
    }

    /// Processes one slice. If overdue holds block it, they expire first. Meanwhile others may become overdue.
    async fn run_slice(&self, store: StoreId, import: ImportId) -> Result<Option<i64>, Failure> {
        let database = self.database.with_one_retry();
        for _ in 0..MAX_RECLAIMS {
            let overdue = match self.try_slice(store, import).await {
                Ok(Ok(rows)) => return Ok(rows),
                Ok(Err(overdue)) => overdue,
                Err(failure) => return self.note_failure(store, import, failure).await,
            };
            let reclaim = move |conn: &mut _| Ok(End::Commit(expire::reclaim(conn, &overdue)?));
            if let Err(failure) = database.write("reclaim", reclaim).await {
                return self.note_failure(store, import, failure).await;
            }
        }
        let failure = Failure::Retry(format!("import {import} found overdue holds again and again"));
        self.note_failure(store, import, failure).await
    }

    /// Does one slice, unless overdue holds block it. The results of a dry run may need a transaction of their own.
    async fn try_slice(&self, store: StoreId, import: ImportId) -> Result<Result<Option<i64>, Overdue>, Failure> {
        let database = self.database.with_one_retry();
        let decided = match database.write("import_slice", move |conn| run_locked(conn, store, import)).await? {
            Slice::Done(rows) => return Ok(Ok(rows)),
            Slice::Overdue(overdue) => return Ok(Err(overdue)),
            Slice::Decided(decided) => decided,
        };
        let rows = decided.row_count();
        let write = move |conn: &mut PgConnection| dry_run::write_decided(conn, store, import, &decided);
        let written = database.write("dry_run_slice", write).await?;
        Ok(Ok(written.map(|_| rows)))
    }

    /// Records a failed attempt in its import, which waits before the next one. An outage or a full queue does not
    /// count as an attempt, because it affects all imports.
    async fn note_failure(&self, store: StoreId, import: ImportId, failure: Failure) -> Result<Option<i64>, Failure> {
        if failure.is_temporary() {
            return Err(failure);
        }
        let (database, reason) = (self.database.with_one_retry(), reason_of(&failure));
        let note = move |conn: &mut PgConnection| {
            let Some(mut import) = imports::lock_running(conn, store, import)? else { return Ok(End::RollBack(false)) };
            import.fail(reason, db::clock(conn)?);
            imports::update(conn, store, &import)?;
            Ok(End::Commit(import.state == ImportState::Failed))
        };
        if database.write("fail_import", note).await? {
            log::error!(store = store.0, import = import.0, error:% = failure; "an import was given up");
        }
        Err(failure)
    }

    /// Deletes imports that ended long ago. Returns their number.
    pub async fn purge_imports(self) -> Result<usize, Failure> {
        let jobs = &self;
        let before = Utc::now().checked_sub_signed(TimeDelta::days(KEEP_DAYS)).unwrap_or_default();
        self.in_turns(LIMIT, |store| async move {
            let delete = move |conn: &mut _| Ok(End::Commit(imports::delete_finished(conn, store, before)?));
            let done = jobs.database.with_one_retry().write("purge_imports", delete).await?;
            Ok(Step { done, is_behind: done > 0 })
        })
        .await
    }
}

fn run_locked(conn: &mut PgConnection, store: StoreId, id: ImportId) -> Result<End<Slice>, Failure> {
    let Some(mut import) = imports::lock_running(conn, store, id)? else { return Ok(End::RollBack(Slice::Done(None))) };
    let (before, scope) = (import.next_row, scope_of(store, import.created_by));
    let done = match dry_run::needs_earlier_rows(&import) {
        true => dry_run::decide_slice(conn, &scope, &import).map(|slice| End::RollBack(Slice::Decided(slice))),
        false => run::run_slice(conn, &scope, &mut import)
            .map(|()| End::Commit(Slice::Done(Some(import.next_row.saturating_sub(before))))),
    };
    match done {
        Ok(end) => Ok(end),
        Err(Abort::Overdue(_, overdue)) => Ok(End::RollBack(Slice::Overdue(overdue))),
        Err(Abort::Failed(failure)) => Err(failure),
        Err(Abort::Refused(refusal) | Abort::Recorded(refusal)) => {
            Err(Failure::Internal(format!("a slice of import {id}: {refusal}")))
        }
    }
}

/// The account that has sent the file. Its permission was checked then.
fn scope_of(store: StoreId, user: UserId) -> Scope {
    let account = Account { id: user, role: Role::Staff, permissions: [].to_vec().into(), store: Some(store) };
    Scope { store, principal: Principal::User(account) }
}
