//! Everything between a handler and PostgreSQL: pool, transactions, the meaning of database errors.

mod backend;
pub mod clock;
pub mod database;
pub mod distribute;
pub mod failure;
mod joins;
mod left_clients;
pub mod migrate;
pub mod outage;
pub mod outbox;
pub mod pool;
mod probe;
pub mod queue;
mod retry_budget;
#[rustfmt::skip]
pub mod schema;
mod search_indexes;
mod socket;
pub mod sql;
pub mod statistics;
pub mod tx;
mod url;
pub mod waiting_lists;
mod watch;

pub use clock::clock;
pub use database::{Database, DatabaseOptions};
pub use failure::Failure;
pub use probe::is_read_only;
pub use sql::{count, expect_rows, sql};
pub use tx::End;

/// The treatment of rows that another transaction has locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLocked {
    Wait,
    Skip,
}
