//! The jobs of the server, which run only when a test calls them.

use std::thread::sleep;
use std::time::{Duration, Instant};

use actix_web::rt::System;
use diesel::PgConnection;
use stockroom::db::tx::{self, Mode};
use stockroom::db::{End, Failure, outbox};
use stockroom::inventory::states::relay;
use stockroom::inventory::valuation::queries::progress;
use stockroom::inventory::valuation::value_ledger;
use stockroom::jobs::Jobs;
use stockroom::reports::sales::fold;
use stockroom::stores::queries as stores;

use super::app::{TestApp, expire_holds};

impl TestApp {
    /// Runs the job that ends overdue holds once, and returns the number of holds that it ended.
    pub fn expire_holds(&self) -> usize {
        expire_holds(self.jobs())
    }

    /// The same, for tests in which the job may fail.
    pub fn try_expire_holds(&self) -> Result<usize, Failure> {
        let jobs = self.jobs().clone();
        System::new().block_on(async move { jobs.expire_holds().await })
    }

    /// Runs the job that checks whether the database is writable.
    pub fn check_database(&self) -> Result<usize, Failure> {
        let jobs = self.jobs().clone();
        System::new().block_on(async move { jobs.check_database().await })
    }

    /// Runs the job that releases the holds of carts in stores that have turned them off. Returns the number of holds.
    pub fn release_carts(&self) -> usize {
        let jobs = self.jobs().clone();
        System::new().block_on(async move { jobs.release_carts().await }).unwrap()
    }

    /// Runs the job that applies waiting events to their orders, and returns the number of events.
    pub fn apply_waiting_events(&self) -> usize {
        let jobs = self.jobs().clone();
        System::new().block_on(async move { jobs.apply_waiting_events().await }).unwrap()
    }

    /// Runs the job that works on long imports until none is left. Returns the number of rows.
    pub fn run_imports(&self) -> usize {
        let jobs = self.jobs().clone();
        let run = async move {
            let mut rows = 0;
            loop {
                match jobs.clone().run_imports().await.unwrap() {
                    0 => return rows,
                    more => rows += more,
                }
            }
        };
        System::new().block_on(run)
    }

    /// Runs the job that works on long imports once. Returns the number of rows.
    pub fn try_imports(&self) -> Result<usize, Failure> {
        let jobs = self.jobs().clone();
        System::new().block_on(async move { jobs.run_imports().await })
    }

    /// Runs the job that sends mails, and returns the number of mails sent.
    pub fn send_mails(&self) -> usize {
        send_mails(self.jobs())
    }

    /// Runs the job that writes the mails of new events, and returns the number of rows that it has read.
    pub fn follow_feed(&self) -> usize {
        follow_feed(self.jobs())
    }

    /// Runs the job that writes digests and alerts about late orders.
    pub fn send_alerts(&self) -> usize {
        send_alerts(self.jobs())
    }

    /// Runs the job that checks the invariants for alerts, and returns the number of alerts.
    pub fn verify_stores(&self) -> usize {
        let jobs = self.jobs().clone();
        System::new().block_on(async move { jobs.verify_stores().await }).unwrap()
    }

    /// Runs the job that deletes old stock notices, and returns their number.
    pub fn purge_stock_notices(&self) -> usize {
        let jobs = self.jobs().clone();
        System::new().block_on(async move { jobs.purge_stock_notices().await }).unwrap()
    }

    /// Runs the job that forgets the addresses of mails about orders, and returns their number.
    pub fn purge_mail_counts(&self) -> usize {
        let jobs = self.jobs().clone();
        System::new().block_on(async move { jobs.purge_mail_counts().await }).unwrap()
    }

    /// Runs the job that deletes what is left of alerts.
    pub fn purge_alerts(&self) -> usize {
        let jobs = self.jobs().clone();
        System::new().block_on(async move { jobs.purge_alerts().await }).unwrap()
    }

    /// Runs the job that measures how long rows wait for the relay.
    pub fn measure_feed(&self) {
        let jobs = self.jobs().clone();
        System::new().block_on(async move { jobs.measure_feed().await }).unwrap();
    }

    /// Runs the job that stores the figures of scarce variants until nothing is left to do.
    pub fn find_scarce_variants(&self) {
        find_scarce_variants(self.jobs());
    }

    /// Runs the job that forecasts the demand, and returns the number of forecasts.
    pub fn forecast_demand(&self) -> usize {
        let jobs = self.jobs().clone();
        System::new().block_on(async move { jobs.forecast_demand().await }).unwrap()
    }

    /// Runs the relay, and returns the number of rows that it moved to the feeds.
    pub fn relay_feed(&self) -> usize {
        relay_feed(self.jobs())
    }

    /// Runs the relay, then makes and sends deliveries of webhooks until none is due. Returns the number of requests.
    pub fn deliver_webhooks(&self) -> usize {
        self.relay_feed();
        deliver_webhooks(self.jobs())
    }

    /// Runs the job that deletes old deliveries and deleted webhooks.
    pub fn purge_deliveries(&self) -> usize {
        let jobs = self.jobs().clone();
        System::new().block_on(async move { jobs.purge_deliveries().await }).unwrap()
    }

    /// Runs the relay, then values the ledger and folds the sales until nothing is left to do. Returns the number of
    /// rows of the feed that were folded.
    pub fn fold_sales(&self) -> usize {
        self.relay_feed();
        self.value_stock();
        fold_sales(self.jobs())
    }

    /// Runs the job that writes the search texts of orders, and returns the number of orders.
    pub fn write_search_texts(&self) -> usize {
        let jobs = self.jobs().clone();
        System::new().block_on(async move { jobs.write_search_texts().await }).unwrap()
    }

    /// Runs the job that adds up ended holds, and returns the number of days.
    pub fn fold_holds(&self) -> usize {
        let jobs = self.jobs().clone();
        System::new().block_on(async move { jobs.fold_holds().await }).unwrap()
    }

    /// Runs the job that values the ledger, and returns the number of movements that it valued.
    pub fn value_stock(&self) -> usize {
        value_stock(self.jobs())
    }
}

pub fn send_mails(jobs: &Jobs) -> usize {
    let jobs = jobs.clone();
    System::new().block_on(async move { jobs.send_mails().await }).unwrap()
}

pub fn follow_feed(jobs: &Jobs) -> usize {
    let jobs = jobs.clone();
    System::new().block_on(async move { jobs.follow_feed().await }).unwrap()
}

pub fn send_alerts(jobs: &Jobs) -> usize {
    let jobs = jobs.clone();
    System::new().block_on(async move { jobs.send_alerts().await }).unwrap()
}

pub fn find_scarce_variants(jobs: &Jobs) {
    let jobs = jobs.clone();
    System::new().block_on(async move { jobs.find_scarce_variants().await }).unwrap();
}

pub fn relay_feed(jobs: &Jobs) -> usize {
    let jobs = jobs.clone();
    System::new().block_on(async move { jobs.relay_feed().await }).unwrap()
}

pub fn deliver_webhooks(jobs: &Jobs) -> usize {
    let jobs = jobs.clone();
    System::new().block_on(async move { jobs.deliver_webhooks().await }).unwrap()
}

pub fn fold_sales(jobs: &Jobs) -> usize {
    let run = || {
        let jobs = jobs.clone();
        System::new().block_on(async move { jobs.fold_sales().await }).unwrap()
    };
    until_nothing_is_left(run)
}

pub fn value_stock(jobs: &Jobs) -> usize {
    let run = || {
        let jobs = jobs.clone();
        System::new().block_on(async move { jobs.value_stock().await }).unwrap()
    };
    until_nothing_is_left(run)
}

/// A run of these jobs ends after a second, whatever is left. Returns how much all runs have done.
fn until_nothing_is_left(run: impl Fn() -> usize) -> usize {
    std::iter::repeat_with(run).take_while(|done| *done > 0).sum()
}

/// Moves all rows of the outbox to the feeds, as the relay does, but without a server.
pub fn relay(conn: &mut PgConnection) {
    for store in outbox::list_waiting_stores(conn, None).unwrap() {
        let move_rows = |conn: &mut PgConnection| {
            // The relay of a killed server holds the lock until the database notices.
            let deadline = Instant::now() + Duration::from_secs(30);
            while !outbox::lock_feed(conn, store)? {
                assert!(Instant::now() < deadline, "another relay is at work");
                sleep(Duration::from_millis(100));
            }
            Ok(End::Commit(relay::move_to_feed(conn, store, 100)?))
        };
        while tx::run(conn, Mode::Write, move_rows).unwrap().is_behind {}
    }
}

/// Values the whole ledger, as the job does, but without a server.
pub fn value_ledger(conn: &mut PgConnection) {
    for store in stores::list_ids(conn).unwrap() {
        loop {
            let find = |conn: &mut PgConnection| Ok(End::RollBack(progress::find_pending_work(conn, store)?));
            let pending = tx::run(conn, Mode::Internal, find).unwrap();
            let value = |conn: &mut PgConnection| Ok(End::Commit(value_ledger::value_pending(conn, store, &pending)?));
            if !tx::run(conn, Mode::Write, value).unwrap().is_behind {
                break;
            }
        }
    }
}

/// Folds the sales of all stores, as the job does, but without a server. The ledger has been valued.
pub fn fold_all_sales(conn: &mut PgConnection) {
    for store in stores::list_ids(conn).unwrap() {
        fold::fold_all(|size| tx::run(conn, Mode::Write, |conn| fold::fold(conn, store, size))).unwrap();
    }
}
