//! Writes the mails that follow from events and from the time: alerts, mails about orders, and mails about products that
//! are back in stock.

use super::Jobs;
use super::discover::{Run, Step, by_store};
use crate::alerts::queries::{notices, progress, rules};
use crate::alerts::rule::AlertKind;
use crate::alerts::stock_notices::{self, queries as notice_queries};
use crate::alerts::{self, change_rules, follow, invariants, late_orders};
use crate::db::tx::Mode;
use crate::db::{self, End, Failure};
use crate::kernel::id::StoreId;
use crate::reports::verify::{self, Extent};

/// The largest number of transactions of a store in one run. A store with more work continues in the next run.
const MAX_STEPS: usize = 40;

/// The number of stock notices in one transaction of the purge.
const BATCH_SIZE: i64 = 1_000;

impl Jobs {
    /// Reads the new events of every feed and writes the mails that they lead to, then those of stock notices whose
    /// variants are back in stock. Returns the number of rows of the feed and of stock notices.
    pub async fn follow_feed(self) -> Result<usize, Failure> {
        let (mut run, sends_mail) = (Run::default(), self.mailer.is_some());
        let behind =
            self.discover("discover_unread_feeds", &mut run, |conn, store| Ok(progress::discover_behind(conn, store)?));
        for store in behind.await {
            self.follow_store(store, sends_mail, &mut run).await;
        }
        let back = self.discover("discover_stock_notices", &mut run, |conn, store| {
            Ok(notice_queries::discover_back(conn, store)?)
        });
        // If mail is off, the stock notices wait.
        for store in back.await.into_iter().filter(|_| sends_mail) {
            let send = move |conn: &mut _| {
                Ok(stock_notices::send_some(conn, store)?.map(|done| Step { done, is_behind: done > 0 }))
            };
            self.repeat_in_store("send_stock_notices", &mut run, send).await;
        }
        run.result()
    }

    /// If the rows of a transaction take too long together, they are read one by one. A transaction that takes too long looks
    /// like an outage, in which the second attempt fails, too.
    async fn follow_store(&self, store: StoreId, sends_mail: bool, run: &mut Run) {
        let (database, mut limit) = (self.database.with_one_retry(), follow::ROWS_AT_A_TIME);
        for _ in 0..MAX_STEPS {
            let follow = move |conn: &mut _| follow::follow(conn, store, limit, sends_mail);
            match database.write("follow_feed", follow).await {
                Ok(followed) => {
                    run.add(Ok(followed.rows));
                    if !followed.is_behind {
                        return;
                    }
                }
                Err(failure) if limit > 1 => {
                    let level = if failure.is_outage() { log::Level::Debug } else { log::Level::Warn };
                    log::log!(level, store = store.0, error:% = failure; "events are read one by one for their mails");
                    limit = 1;
                }
                Err(failure) => return run.add(Err(failure)),
            }
        }
    }

    /// Writes the digests that are due, and the alerts about late orders. Returns their number.
    pub async fn send_alerts(self) -> Result<usize, Failure> {
        let (mut run, sends_mail) = (Run::default(), self.mailer.is_some());
        let late = self.discover("discover_late_orders", &mut run, |conn, store| {
            Ok(rules::discover_stores(conn, store, AlertKind::OrderLate)?)
        });
        for store in late.await {
            let find = move |conn: &mut _| {
                Ok(late_orders::find_late_orders(conn, store, sends_mail)?
                    .map(|searched| Step { done: searched.alerts, is_behind: searched.is_behind }))
            };
            self.repeat_in_store("find_late_orders", &mut run, find).await;
        }
        let due = self.discover("discover_digests", &mut run, |conn, store| {
            let at = db::clock(conn)?;
            Ok(notices::discover_due(conn, store, at)?)
        });
        for store in due.await {
            self.send_digests(store, sends_mail, &mut run).await;
        }
        run.result()
    }

    async fn send_digests(&self, store: StoreId, sends_mail: bool, run: &mut Run) {
        let find = move |conn: &mut _| Ok(End::RollBack(alerts::find_suggestions(conn, store)?));
        // The digest is sent without them if they can't be read.
        let suggestions = self.database.with_one_retry().run("find_suggestions", Mode::Report, find).await;
        let suggestions = suggestions.unwrap_or_else(|failure| {
            log::warn!(store = store.0, error:% = failure; "a digest has no proposals of what to order");
            Default::default()
        });
        let send = move |conn: &mut _| {
            Ok(alerts::send_digests(conn, store, &suggestions, sends_mail)?
                .map(|done| Step { done, is_behind: done > 0 }))
        };
        self.repeat_in_store("send_digests", run, send).await;
    }

    /// Checks the invariants of stores with a rule about them, once a day. Returns the number of alerts.
    pub async fn verify_stores(self) -> Result<usize, Failure> {
        let (mut run, sends_mail) = (Run::default(), self.mailer.is_some());
        let watched = self.discover("discover_stores_to_verify", &mut run, |conn, store| {
            Ok(rules::discover_stores(conn, store, AlertKind::BooksBroken)?)
        });
        for store in watched.await {
            run.add(self.verify_store(store, sends_mail).await);
        }
        run.result()
    }

    async fn verify_store(&self, store: StoreId, sends_mail: bool) -> Result<usize, Failure> {
        let database = self.database.with_one_retry();
        if !database.read_internally("find_due_check", move |conn| invariants::is_due(conn, store)).await? {
            return Ok(0);
        }
        let check = move |conn: &mut _| verify::verify_store(conn, store, Extent::Recent).map(End::RollBack);
        let found = database.run("verify_store", Mode::Report, check).await?;
        let note = move |conn: &mut _| invariants::note_check(conn, store, &found.violations, sends_mail);
        database.write("note_check", note).await
    }

    /// Deletes stock notices that nobody has confirmed in time, and those that have waited for too long. Returns their
    /// number.
    pub async fn purge_stock_notices(self) -> Result<usize, Failure> {
        let mut purged = 0;
        loop {
            let mut run = Run::default();
            let old = self.discover("discover_old_stock_notices", &mut run, |conn, store| {
                let at = db::clock(conn)?;
                Ok(notice_queries::discover_expired(conn, store, at, BATCH_SIZE)?)
            });
            for (store, ids) in by_store(old.await) {
                let forget = move |conn: &mut _| {
                    let at = db::clock(conn)?;
                    Ok(End::Commit(notice_queries::purge(conn, store, at, &ids)?))
                };
                run.add(self.database.write("purge_stock_notices", forget).await);
            }
            if let Some(result) = run.end(&mut purged) {
                return result;
            }
        }
    }

    /// Deletes the states and waiting alerts of rules that were deleted or turned off. Returns the number of rows.
    pub async fn purge_alerts(self) -> Result<usize, Failure> {
        let mut purged = 0;
        loop {
            let mut run = Run::default();
            let left =
                self.discover("discover_left_alerts", &mut run, |conn, store| Ok(rules::discover_left(conn, store)?));
            for (store, rule) in left.await {
                let purge = move |conn: &mut _| Ok(End::Commit(change_rules::purge(conn, store, rule)?));
                let purged = self.database.write("purge_alert", purge).await;
                run.add(purged.map(|count| usize::try_from(count).unwrap_or(0)));
            }
            if let Some(result) = run.end(&mut purged) {
                return result;
            }
        }
    }

    /// Runs transactions of a store until one of them is the last one.
    async fn repeat_in_store<F>(&self, name: &'static str, run: &mut Run, step: F)
    where
        F: Fn(&mut diesel::PgConnection) -> Result<End<Step>, Failure> + Clone + Send + 'static,
    {
        let database = self.database.with_one_retry();
        for _ in 0..MAX_STEPS {
            let taken = database.write(name, step.clone()).await;
            let is_behind = taken.as_ref().is_ok_and(|taken| taken.is_behind);
            run.add(taken.map(|taken| taken.done));
            if !is_behind {
                return;
            }
        }
    }
}
