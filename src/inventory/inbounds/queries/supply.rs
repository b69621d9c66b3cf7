//! The SQL of the units that buyers will be able to get.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable};

use crate::db;
use crate::inventory::inbounds::supply::Expected;
use crate::inventory::queries::stock_by_variant::selling_places;
use crate::kernel::id::{LocationId, StoreId, VariantId};

/// The units that are on the road to selling places, or ordered for them, by day. The day of overdue units
/// is not known.
pub fn list(conn: &mut PgConnection, store: StoreId, variants: &[VariantId]) -> QueryResult<Vec<Expected>> {
    let rows: Vec<(VariantId, LocationId, Option<NaiveDate>, i64)> = db::sql(concat!(
        "SELECT n.variant_id, i.to_location_id, \
                CASE WHEN d.day >= ($now AT TIME ZONE (SELECT time_zone FROM stores WHERE id = $1))::date \
                     THEN d.day END AS day, \
                SUM(n.outstanding_quantity)::int8 \
         FROM (SELECT unnest($2::int8[]) AS variant_id LIMIT $3) w CROSS JOIN LATERAL \
              (SELECT * FROM inbound_lines WHERE store_id = $1 AND variant_id = w.variant_id \
                                             AND outstanding_quantity > 0 OFFSET 0) n \
         CROSS JOIN LATERAL (SELECT * FROM inbounds WHERE store_id = $1 AND id = n.inbound_id OFFSET 0) i \
         CROSS JOIN LATERAL (SELECT COALESCE(n.expected_on, i.expected_on) AS day) d \
         WHERE i.status IN ('ordered', 'in_transit', 'partially_received') AND i.to_location_id = ",
        selling_places!(),
        " GROUP BY 1, 2, 3 ORDER BY 3 NULLS LAST, 1, 2"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<BigInt, _>(db::count(variants.len()))
    .columns::<(BigInt, BigInt, Nullable<Date>, BigInt)>()
    .load(conn)?;
    let expected = |(variant, location, day, quantity)| Expected { variant, location, day, quantity };
    Ok(rows.into_iter().map(expected).collect())
}
