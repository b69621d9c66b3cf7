//! `stockroom rollups --rebuild`

use diesel::PgConnection;
use stockroom::db::tx::{self, Mode};
use stockroom::db::{End, Failure};
use stockroom::kernel::id::StoreId;
use stockroom::reports::{holds, sales};
use stockroom::settings::Settings;
use stockroom::stores::queries as stores;

use super::error::CommandError;
use super::opened::Opened;
use super::print;

/// Computes the roll-ups of every store again. Meanwhile reports read the sources, so they stay exact but are slow.
pub fn rebuild(settings: Settings) -> Result<(), CommandError> {
    Opened::require_database(&settings)?;
    let rebuilt = Opened::with(settings, |opened| Ok(rebuild_all(&mut opened.connect()?)?))?;
    for (store, rows) in rebuilt {
        print(&format!("store {store}: {rows} rows of the feed"));
    }
    print("the roll-ups were computed again");
    Ok(())
}

/// Returns the number of rows of the feed of each store.
fn rebuild_all(conn: &mut PgConnection) -> Result<Vec<(StoreId, usize)>, Failure> {
    let ids = tx::run(conn, Mode::Internal, |conn| Ok(End::RollBack(stores::list_ids(conn)?)))?;
    ids.into_iter().map(|store| Ok((store, rebuild_store(conn, store)?))).collect()
}

/// A server may add facts of the same store at the same time. Then it does a part of the work.
fn rebuild_store(conn: &mut PgConnection, store: StoreId) -> Result<usize, Failure> {
    tx::run(conn, Mode::Write, |conn| sales::fold::start_again(conn, store))?;
    let rows = sales::fold::fold_all(|size| tx::run(conn, Mode::Write, |conn| sales::fold::fold(conn, store, size)))?;
    tx::run(conn, Mode::Write, |conn| holds::fold::start_again(conn, store))?;
    while tx::run(conn, Mode::Write, |conn| holds::fold::fold_day(conn, store))? {}
    Ok(rows)
}
