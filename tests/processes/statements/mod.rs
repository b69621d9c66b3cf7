//! The number of SQL statements of an operation depends neither on the number of its lines nor of its orders.
//!
//! The program counts the statements of the whole process. Therefore no other server may run in this process at the
//! same time (`TestApp::alone`).

mod checkout;
mod credits;
mod documents;
mod holds;
mod past_stock;
mod returns;
mod shipments;
mod valuation;

use stockroom::db::pool;

/// The number of statements that the work sends.
fn statements(work: impl FnOnce()) -> u64 {
    let before = pool::statements();
    work();
    pool::statements() - before
}
