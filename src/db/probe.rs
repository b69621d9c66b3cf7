//! Finds out whether the database can be written to.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::{Failure, sql};

/// Writes a little, without a table, so that several servers are not in each other's way: a record to the log,
/// which the commit has to flush, and a temporary file, for which the disk needs some room. A sort that does not
/// fit into its memory makes the file.
pub(super) fn write(conn: &mut PgConnection) -> Result<(), Failure> {
    let (is_read_only, _work_mem): (bool, String) =
        sql("SELECT current_setting('transaction_read_only')::bool OR pg_is_in_recovery(), \
                set_config('work_mem', '64kB', true)")
        .columns::<(Bool, Text)>()
        .get_result(conn)?;
    if is_read_only {
        return Err(Failure::Unavailable("it is read-only".to_owned()));
    }
    sql("SELECT pg_logical_emit_message(true, 'stockroom', 'is this written?'), \
                (SELECT COUNT(*) FROM (SELECT repeat(md5(n::text), 8) AS filler FROM generate_series(1, 1000) n \
                                       ORDER BY filler OFFSET 0) sorted)")
    .execute(conn)?;
    Ok(())
}
