//! The SQL of the units that are available.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use super::stock_by_variant::{level_columns, levels, places, selling_places};
use crate::db;
use crate::inventory::hold::Hold;
use crate::kernel::id::{StoreId, VariantId};

/// The units of each variant that buyers can get, over all places. These active holds of the buyer, which are not
/// overdue, count as available. The LIMIT is explained in `stock_by_variant.rs`.
pub fn available_by_variant(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
    own: &[Hold],
) -> QueryResult<HashMap<VariantId, i64>> {
    let of_holds = |value: fn(&Hold) -> i64| own.iter().map(value).collect::<Vec<i64>>();
    let available: Vec<(VariantId, i64)> = db::sql(concat!(
        "SELECT w.variant_id, s.available FROM (SELECT unnest($2::int8[]) AS variant_id LIMIT $3) w CROSS JOIN LATERAL \
              (SELECT COALESCE(SUM(CASE WHEN h.quantity IS NULL THEN l.sellable_quantity WHEN l.location_id = ",
        selling_places!(),
        " THEN GREATEST(l.available_quantity + h.quantity - l.safety_quantity, 0) END), 0)::int8 AS available FROM ",
        levels!(),
        " l LEFT JOIN (SELECT unnest($4::int8[]) AS variant_id, unnest($5::int8[]) AS location_id, \
                              unnest($6::int8[]) AS quantity) h \
              ON h.variant_id = l.variant_id AND h.location_id = l.location_id WHERE l.variant_id = w.variant_id) s"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<BigInt, _>(db::count(variants.len()))
    .bind::<Array<BigInt>, _>(of_holds(|hold| hold.variant.0))
    .bind::<Array<BigInt>, _>(of_holds(|hold| hold.location.0))
    .bind::<Array<BigInt>, _>(of_holds(|hold| hold.quantity))
    .columns::<(BigInt, BigInt)>()
    .load(conn)?;
    Ok(available.into_iter().collect())
}
