//! Rows that a test locks until the requests under test wait for them.

use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::Value;
use stockroom::kernel::id::UserId;

use super::app::TestApp;
use super::batch_queue::poll;
use super::shop::Product;

/// The connections of the database that wait for a lock.
pub const WAITING: &str = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Locks the stock rows of products.
pub fn stock_rows(products: &[&Product]) -> String {
    let variants: Vec<String> =
        products.iter().map(|product| product.body["variants"][0]["id"].as_i64().unwrap().to_string()).collect();
    format!("SELECT FROM stock_levels WHERE variant_id IN ({}) FOR UPDATE", variants.join(", "))
}

/// Locks the row of an order.
pub fn order_row(order: &Value) -> String {
    format!("SELECT FROM orders WHERE id = {} FOR UPDATE", order["id"])
}

/// Locks the row of a transfer.
pub fn transfer_row(transfer: &Value) -> String {
    format!("SELECT FROM inbounds WHERE id = {} FOR UPDATE", transfer["id"])
}

/// Locks the row of a location.
pub fn location_row(location: i64) -> String {
    format!("SELECT FROM locations WHERE id = {location} FOR UPDATE")
}

/// Locks the row of a count.
pub fn count_row(count: &Value) -> String {
    format!("SELECT FROM counts WHERE id = {} FOR UPDATE", count["id"])
}

/// Locks the rows of accounts, but not against rows that refer to them.
pub fn user_rows(users: &[UserId]) -> String {
    let ids: Vec<String> = users.iter().map(ToString::to_string).collect();
    format!("SELECT FROM users WHERE id IN ({}) FOR NO KEY UPDATE", ids.join(", "))
}

impl TestApp {
    /// Does the work while the rows of a locking statement are locked. They are released when this number of transactions
    /// wait for a lock, so that all of these compete. Fails if they never wait.
    pub fn behind_a_lock<T: Send>(&self, lock: &str, waiting: usize, work: impl FnOnce() -> T + Send) -> T {
        let mut conn = self.connection();
        conn.batch_execute("BEGIN").unwrap();
        assert!(diesel::sql_query(lock).execute(&mut conn).unwrap() > 0, "no row is locked by {lock}");
        thread::scope(|scope| {
            let work = scope.spawn(work);
            self.wait_for_contention(waiting);
            conn.batch_execute("COMMIT").unwrap();
            work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Lets this number of requests compete for the rows of a locking statement. Without batches, each transaction is seen to
    /// wait for a lock. With batches, the requests are in one batch every second time.
    pub fn compete<T: Send>(
        &self,
        repetition: usize,
        requests: usize,
        lock: &str,
        work: impl FnOnce() -> T + Send,
    ) -> T {
        if self.has_batches() {
            return self.sometimes_in_one_batch(repetition, requests, work);
        }
        self.behind_a_lock(lock, requests.min(self.settings.checkout.concurrent_batches), work)
    }

    /// The number of transactions that wait for a lock.
    pub fn waiting_for_a_lock(&self) -> usize {
        count_waiting(&mut self.connection())
    }

    fn wait_for_contention(&self, waiting: usize) {
        let conn = &mut self.connection();
        let mut found = 0;
        let seen = poll(|| {
            found = count_waiting(conn);
            // The statement is not sent without a pause, because the requests need the processor.
            thread::sleep(Duration::from_millis(1));
            (found >= waiting).then_some(())
        });
        assert!(seen.is_some(), "{found} transactions wait for a lock, and not {waiting}");
    }
}

fn count_waiting(conn: &mut PgConnection) -> usize {
    let count: Count = diesel::sql_query(format!("SELECT count(*) {WAITING}")).get_result(conn).unwrap();
    usize::try_from(count.count).unwrap()
}
