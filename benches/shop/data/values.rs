//! The values of the stock, as the job of a running shop has written them.

use std::error::Error;

use diesel::PgConnection;
use stockroom::db::End;
use stockroom::db::tx::{self, Mode};
use stockroom::inventory::valuation::queries::progress;
use stockroom::inventory::valuation::value_ledger;
use stockroom::stores::queries as stores;

/// Values the whole ledger of every store.
pub fn load(conn: &mut PgConnection) -> Result<(), Box<dyn Error>> {
    for store in stores::list_ids(conn)? {
        loop {
            let pending =
                tx::run(conn, Mode::Internal, |conn| Ok(End::RollBack(progress::find_pending_work(conn, store)?)))?;
            let value = |conn: &mut PgConnection| Ok(End::Commit(value_ledger::value_pending(conn, store, &pending)?));
            if !tx::run(conn, Mode::Write, value)?.is_behind {
                break;
            }
        }
    }
    Ok(())
}
