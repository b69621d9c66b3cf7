//! The SQL that reads the sold units of variants from the roll-up. Sets of variants are bound as arrays, which the DSL
//! does not have.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date};

use crate::db;
use crate::kernel::id::{StoreId, VariantId};

/// The units of a variant on a day of the store's time zone. Days without sales and credits have no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct DailyUnits {
    #[diesel(sql_type = BigInt)]
    pub variant_id: VariantId,
    #[diesel(sql_type = Date)]
    pub day: NaiveDate,
    /// The units sold on that day. Later cancellations and returns do not lower them.
    #[diesel(sql_type = BigInt)]
    pub units: i64,
    /// The units that were cancelled or returned on that day.
    #[diesel(sql_type = BigInt)]
    pub credited_units: i64,
}

/// The units of these variants at all places, from the first to the last day, in the order of variants and days. The
/// roll-up may lack the facts of the last minute.
pub fn list_daily_units(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
    (from, to): (NaiveDate, NaiveDate),
) -> QueryResult<Vec<DailyUnits>> {
    db::sql(
        "SELECT u.* FROM unnest($2::int8[]) AS v (id) \
         CROSS JOIN LATERAL (SELECT variant_id, day, SUM(units)::int8 AS units, \
                     SUM(credited_units)::int8 AS credited_units FROM sales_by_variant \
              WHERE store_id = $1 AND variant_id = v.id AND day BETWEEN $3 AND $4 GROUP BY variant_id, day OFFSET 0) u \
         ORDER BY u.variant_id, u.day",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<Date, _>(from)
    .bind::<Date, _>(to)
    .load(conn)
}
