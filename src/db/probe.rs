//! Checks whether the database accepts writes.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::{Failure, sql};

/// True if the database refuses writes: it is a standby, or it was set to read-only.
pub fn is_read_only(conn: &mut PgConnection) -> QueryResult<bool> {
    sql("SELECT current_setting('transaction_read_only')::bool OR pg_is_in_recovery()")
        .columns::<Bool>()
        .get_result(conn)
}

/// Writes a little, without a table, so that several servers do not wait for each other: a record in the log, which the
/// commit has to flush, and a temporary file, for which the disk needs some room. A sort that does not fit into its
/// memory creates the file.
pub(super) fn write(conn: &mut PgConnection) -> Result<(), Failure> {
    if is_read_only(conn)? {
        return Err(Failure::Unavailable("it is read-only".to_owned()));
    }
    sql("SELECT set_config('work_mem', '64kB', true)").execute(conn)?;
    sql("SELECT pg_logical_emit_message(true, 'stockroom', 'is this written?'), \
                (SELECT COUNT(*) FROM (SELECT repeat(md5(n::text), 8) AS filler FROM generate_series(1, 1000) n \
                                       ORDER BY filler OFFSET 0) sorted)")
    .execute(conn)?;
    Ok(())
}
