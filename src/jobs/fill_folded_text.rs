//! Fills in folded text and keys of names that are null, and writes the search texts of orders. So searches find the rows
//! and lists sort them: a migration may have cleared them.

use diesel::PgConnection;

use crate::accounts::queries::users;
use crate::catalogue::queries::{listing_keys, variants};
use crate::db::tx::{self, Mode};
use crate::db::{End, Failure};
use crate::kernel::id::StoreId;
use crate::orders::search;
use crate::purchasing::queries::suppliers;
use crate::stores::queries::{self as stores, scarcity_changes};

/// The number of rows in one transaction. It is small, so that other requests wait only briefly.
const BATCH_SIZE: i64 = 500;

type Fill = fn(&mut PgConnection, StoreId) -> Result<usize, Failure>;

/// The columns to fill, store by store.
const OF_A_STORE: [Fill; 3] = [
    |conn, store| Ok(variants::fill_size_keys(conn, store, BATCH_SIZE)?),
    |conn, store| Ok(listing_keys::fill(conn, store, BATCH_SIZE)?),
    |conn, store| Ok(suppliers::fill_search_text(conn, store, BATCH_SIZE)?),
];

/// Fills missing folded text, and returns the number of filled rows. It runs after the migrations, before the first
/// request.
///
/// Work that a crash interrupts is done by the next start or by another server. The same is true for a store whose
/// rows are unavailable, so that it does not prevent the start.
pub fn fill_folded_text(conn: &mut PgConnection) -> Result<usize, Failure> {
    let stores = tx::run(conn, Mode::Write, |conn| Ok(End::Commit(stores::list_ids_and_fill_keys(conn)?)))?;
    let mut filled = repeat(conn, |conn| Ok(users::fill_search_text(conn, BATCH_SIZE)?))?;
    for store in stores {
        match fill_store(conn, store) {
            Ok(count) => filled = filled.saturating_add(count),
            Err(failure) => log::warn!(store = store.0, error:% = failure; "old rows of a store could not be folded"),
        }
    }
    Ok(filled)
}

fn fill_store(conn: &mut PgConnection, store: StoreId) -> Result<usize, Failure> {
    let filled: usize =
        OF_A_STORE.into_iter().map(|fill| repeat(conn, |conn| fill(conn, store))).sum::<Result<_, _>>()?;
    if filled > 0 {
        // The figures of scarce variants have the names of their products.
        tx::run(conn, Mode::Write, |conn| Ok(End::Commit(scarcity_changes::note_store(conn, store)?)))?;
    }
    Ok(filled.saturating_add(write_search_texts(conn, store)?))
}

/// Writes the missing search texts of orders, as the job does.
fn write_search_texts(conn: &mut PgConnection, store: StoreId) -> Result<usize, Failure> {
    let mut orders: usize = 0;
    loop {
        let written = tx::run(conn, Mode::Write, |conn| search::write_next(conn, store, search::ROWS_AT_A_TIME))?;
        orders = orders.saturating_add(written.orders);
        if !written.is_behind {
            return Ok(orders);
        }
    }
}

fn repeat(
    conn: &mut PgConnection,
    fill: impl Fn(&mut PgConnection) -> Result<usize, Failure>,
) -> Result<usize, Failure> {
    let mut filled: usize = 0;
    loop {
        match tx::run(conn, Mode::Write, |conn| Ok(End::Commit(fill(conn)?)))? {
            0 => return Ok(filled),
            count => filled = filled.saturating_add(count),
        }
    }
}
