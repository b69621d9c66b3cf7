//! The SQL of what can be promised.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use super::figures::levels;
use crate::db;
use crate::kernel::id::{StoreId, VariantId};

#[derive(QueryableByName)]
struct AvailableRow {
    #[diesel(sql_type = BigInt)]
    variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    available: i64,
}

/// Units of each variant that nobody holds, over all locations. The LIMIT is explained in `figures.rs`.
pub fn available_by_variant(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
) -> QueryResult<HashMap<VariantId, i64>> {
    let rows: Vec<AvailableRow> = db::sql(concat!(
        "SELECT w.variant_id, s.available FROM (SELECT unnest($2::int8[]) AS variant_id LIMIT $3) w CROSS JOIN LATERAL \
              (SELECT COALESCE(SUM(l.available_quantity), 0)::int8 AS available FROM ",
        levels!(),
        " l WHERE l.variant_id = w.variant_id) s"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<BigInt, _>(db::count(variants.len()))
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.variant_id, row.available)).collect())
}
