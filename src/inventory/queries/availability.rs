//! The SQL of the units that can be promised.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use super::figures::levels;
use crate::db;
use crate::kernel::id::{StoreId, VariantId};

/// Units of each variant that nobody holds, over all locations. The LIMIT is explained in `figures.rs`.
pub fn available_by_variant(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
) -> QueryResult<HashMap<VariantId, i64>> {
    let available: Vec<(VariantId, i64)> = db::sql(concat!(
        "SELECT w.variant_id, s.available FROM (SELECT unnest($2::int8[]) AS variant_id LIMIT $3) w CROSS JOIN LATERAL \
              (SELECT COALESCE(SUM(l.available_quantity), 0)::int8 AS available FROM ",
        levels!(),
        " l WHERE l.variant_id = w.variant_id) s"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<BigInt, _>(db::count(variants.len()))
    .columns::<(BigInt, BigInt)>()
    .load(conn)?;
    Ok(available.into_iter().collect())
}
