//! The jobs of the server, which run only when a test calls them.

use actix_web::rt::System;
use stockroom::db::Failure;

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

    /// Runs the job that sends mails, and returns the number of mails sent.
    pub fn send_mails(&self) -> usize {
        let jobs = self.jobs().clone();
        System::new().block_on(async move { jobs.send_mails().await }).unwrap()
    }
}
