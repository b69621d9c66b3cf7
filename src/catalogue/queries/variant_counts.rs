//! The SQL of the number of variants.

use diesel::prelude::*;
use diesel::upsert::excluded;

use crate::db;
use crate::db::schema::variant_counts;
use crate::kernel::id::StoreId;

/// Adds new variants to the number of the store. Call it last in a transaction: all transactions that create variants wait
/// for this row, and so no other lock is taken after it.
pub fn add(conn: &mut PgConnection, store: StoreId, new: usize) -> QueryResult<()> {
    diesel::insert_into(variant_counts::table)
        .values((variant_counts::store_id.eq(store), variant_counts::variants.eq(db::count(new))))
        .on_conflict(variant_counts::store_id)
        .do_update()
        .set(variant_counts::variants.eq(variant_counts::variants + excluded(variant_counts::variants)))
        .execute(conn)
        .map(drop)
}

/// The number of variants of the store.
pub fn get(conn: &mut PgConnection, store: StoreId) -> QueryResult<i64> {
    let count: Option<i64> =
        variant_counts::table.find(store).select(variant_counts::variants).first(conn).optional()?;
    Ok(count.unwrap_or(0))
}
