//! Everything between a handler and PostgreSQL: pool, transactions, what a database error means.

pub mod clock;
pub mod failure;
pub mod migrate;
pub mod pool;
#[rustfmt::skip]
pub mod schema;
pub mod sql;
pub mod tx;

pub use clock::clock;
pub use failure::Failure;
pub use pool::Database;
pub use sql::{count, sql};
pub use tx::End;
