//! The SQL of the past demand. The DSL has no LATERAL.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text};

use crate::db;
use crate::forecasting::calendar::{Calendar, PAST_DAYS};
use crate::kernel::id::{StoreId, VariantId};
use crate::stores::queries::time_zones;

/// A variant with the beginning of its past.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct TrackedVariant {
    #[diesel(sql_type = BigInt)]
    pub id: VariantId,
    #[diesel(sql_type = Nullable<Text>)]
    pub category: Option<String>,
    /// The day on which it was created, in the time zone of the store.
    #[diesel(sql_type = Date)]
    pub since: NaiveDate,
}

/// The last days of the store.
pub fn find_calendar(conn: &mut PgConnection, zone: &str) -> QueryResult<Calendar> {
    Ok(Calendar::new(time_zones::list_last_days(conn, zone, PAST_DAYS)?))
}

/// The variant with this id.
pub fn get(conn: &mut PgConnection, store: StoreId, zone: &str, variant: VariantId) -> QueryResult<TrackedVariant> {
    db::sql(
        "SELECT v.id, p.category, (v.created_at AT TIME ZONE $2)::date AS since FROM variants v \
         JOIN products p ON p.store_id = $1 AND p.id = v.product_id WHERE v.store_id = $1 AND v.id = $3",
    )
    .bind::<BigInt, _>(store)
    .bind::<Text, _>(zone)
    .bind::<BigInt, _>(variant)
    .get_result(conn)
}

/// The next variants after a variant, in the order of their ids.
pub fn list_next(
    conn: &mut PgConnection,
    store: StoreId,
    zone: &str,
    (after, limit): (VariantId, i64),
) -> QueryResult<Vec<TrackedVariant>> {
    db::sql(
        "SELECT v.id, p.category, (v.created_at AT TIME ZONE $2)::date AS since \
         FROM (SELECT id, product_id, created_at FROM variants WHERE store_id = $1 AND id > $3 ORDER BY id LIMIT $4) v \
         CROSS JOIN LATERAL (SELECT category FROM products WHERE store_id = $1 AND id = v.product_id OFFSET 0) p \
         ORDER BY v.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Text, _>(zone)
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(limit)
    .load(conn)
}

/// The units that variants sold on each day since a day.
pub fn list_sold(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
    since: NaiveDate,
) -> QueryResult<HashMap<VariantId, BTreeMap<NaiveDate, i64>>> {
    let rows: Vec<(VariantId, NaiveDate, i64)> = db::sql(
        "SELECT v.id, s.day, s.units FROM unnest($2::int8[]) AS v (id) CROSS JOIN LATERAL \
              (SELECT day, SUM(units)::int8 AS units FROM sales_by_variant \
               WHERE store_id = $1 AND variant_id = v.id AND day >= $3 GROUP BY day) s",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<Date, _>(since)
    .columns::<(BigInt, Date, BigInt)>()
    .load(conn)?;
    let mut sold: HashMap<VariantId, BTreeMap<NaiveDate, i64>> = HashMap::new();
    for (variant, day, units) in rows {
        if units > 0 {
            sold.entry(variant).or_default().insert(day, units);
        }
    }
    Ok(sold)
}
