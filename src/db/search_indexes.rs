//! The indexes by which searches find rows: trigrams of the search texts.
//!
//! They need the extension pg_trgm, which a server or its provider may not have, so they are not in the migrations. Without
//! them, a search compares every row of the store.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::{Failure, sql};

/// Creates the extension, if this account may, and the missing indexes. The lock of an index waits for all writers, so it
/// is not taken if the index exists.
const CREATE: &str = "DO $$
DECLARE
    home TEXT;
    searched TEXT;
BEGIN
    SELECT n.nspname INTO home FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_trgm';
    IF home IS NULL THEN
        BEGIN
            CREATE EXTENSION pg_trgm;
            home := current_schema();
        EXCEPTION WHEN OTHERS THEN
            RETURN;
        END;
    END IF;
    FOREACH searched IN ARRAY ARRAY['products', 'order_search', 'users'] LOOP
        IF to_regclass(searched || '_search_idx') IS NULL THEN
            EXECUTE format('CREATE INDEX %I ON %I USING gin (search_text %I.gin_trgm_ops)',
                           searched || '_search_idx', searched, home);
        END IF;
    END LOOP;
END $$";

/// Creates the indexes that are missing. It runs in the transaction of the migrations, whose lock lets one server at a
/// time do so.
pub(super) fn create(conn: &mut PgConnection) -> Result<(), Failure> {
    conn.batch_execute(CREATE)?;
    let exist: bool =
        sql("SELECT to_regclass('order_search_search_idx') IS NOT NULL").columns::<Bool>().get_result(conn)?;
    if !exist {
        log::warn!(
            "the database has no extension pg_trgm, so searches compare every row; `stockroom migrate` adds the indexes"
        );
    }
    Ok(())
}
