//! The SQL that reads movements of the feed, by their ids.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use super::{LedgerRow, MovementFilter, bind_filter};
use crate::db;
use crate::events::queries::{self as feed, Ids};
use crate::kernel::cursor::Cursor;
use crate::kernel::id::{ProductId, StoreId};
use crate::kernel::page::FeedList;

/// The next movements of the feed that match, and the cursor after them.
pub fn list_movements_after(
    conn: &mut PgConnection,
    store: StoreId,
    filter: &MovementFilter,
    after: Cursor,
    limit: i64,
) -> QueryResult<FeedList<LedgerRow>> {
    let load = |conn: &mut PgConnection, ids: &[i64]| load_matching(conn, store, filter, ids);
    let (rows, next) = feed::list_matching(conn, (store, Ids::Movements), after, limit, load)?;
    let total = if filter.is_empty() { Some(feed::count_after(conn, store, Ids::Movements, after)?) } else { None };
    Ok(FeedList::from_feed(rows, total, limit, next))
}

/// The movements among these that are of a product.
pub fn list_ids_of_product(
    conn: &mut PgConnection,
    store: StoreId,
    product: ProductId,
    ids: &[i64],
) -> QueryResult<Vec<i64>> {
    db::sql(
        "SELECT w.id FROM unnest($2::int8[]) AS w (id) \
         CROSS JOIN LATERAL (SELECT variant_id FROM stock_movements WHERE store_id = $1 AND id = w.id OFFSET 0) m \
         WHERE m.variant_id IN (SELECT id FROM variants WHERE store_id = $1 AND product_id = $3)",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(ids)
    .bind::<BigInt, _>(product)
    .columns::<BigInt>()
    .load(conn)
}

/// The movements with these ids that match.
fn load_matching(
    conn: &mut PgConnection,
    store: StoreId,
    filter: &MovementFilter,
    ids: &[i64],
) -> QueryResult<Vec<(i64, LedgerRow)>> {
    let text = concat!(
        "SELECT ",
        columns!(),
        " FROM unnest($8::int8[]) AS w (id) \
         CROSS JOIN LATERAL (SELECT * FROM stock_movements WHERE store_id = $1 AND id = w.id OFFSET 0) m \
         CROSS JOIN LATERAL (SELECT * FROM variants WHERE store_id = $1 AND id = m.variant_id OFFSET 0) v \
         WHERE ($2 IS NULL OR v.product_id = $2) AND ($7 IS NULL OR v.id = $7) AND ",
        matching!()
    );
    let rows: Vec<LedgerRow> = bind_filter(text, store, filter).bind::<Array<BigInt>, _>(ids).load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id.0, row)).collect())
}
