//! Everything between a handler and PostgreSQL: pool, transactions, what a database error means.

pub mod failure;
pub mod migrate;
pub mod pool;
#[rustfmt::skip]
pub mod schema;
pub mod sql;
pub mod tx;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;

pub use failure::Failure;
pub use pool::Database;
pub use sql::sql;
pub use tx::End;

/// The database's clock at this moment.
///
/// Read it after the lock whose protection a deadline needs: `now()` is as old as the transaction.
pub fn clock(conn: &mut PgConnection) -> QueryResult<DateTime<Utc>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Timestamptz)]
        now: DateTime<Utc>,
    }
    sql("SELECT clock_timestamp() AS now").get_result::<Row>(conn).map(|row| row.now)
}
