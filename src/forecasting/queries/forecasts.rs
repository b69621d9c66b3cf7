//! The SQL of stored forecasts. Sets of rows are bound as arrays, which the DSL does not have.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Jsonb, Nullable, Text};
use serde_json::Value;

use crate::db;
use crate::db::schema::forecasts;
use crate::forecasting::forecast::Forecast;
use crate::forecasting::method::Method;
use crate::kernel::id::{StoreId, VariantId};

/// The largest number of variants from which the profile of a category is computed.
const SAMPLE: i64 = 200;

/// A forecast with the units for lead times of 1 day and more.
#[derive(Clone, Debug, PartialEq)]
pub struct NewForecast {
    pub variant: VariantId,
    pub forecast: Forecast,
    pub lead_time_units: Vec<i64>,
}

/// Writes the forecasts, and deletes those of the other variants of the page. Returns the variants whose units for lead
/// times have changed.
pub fn replace(
    conn: &mut PgConnection,
    store: StoreId,
    page: &[VariantId],
    rows: &[NewForecast],
) -> QueryResult<Vec<VariantId>> {
    let before = list_units(conn, store, page)?;
    let after: HashMap<VariantId, &[i64]> =
        rows.iter().map(|row| (row.variant, row.lead_time_units.as_slice())).collect();
    let ended: Vec<VariantId> = before.keys().copied().filter(|id| !after.contains_key(id)).collect();
    if !ended.is_empty() {
        let of_store = forecasts::table.filter(forecasts::store_id.eq(store));
        diesel::delete(of_store.filter(forecasts::variant_id.eq_any(&ended))).execute(conn)?;
    }
    if !rows.is_empty() {
        write(conn, store, rows)?;
    }
    let differs = |id: &&VariantId| before.get(*id).map(Vec::as_slice) != after.get(*id).copied();
    Ok(page.iter().filter(differs).copied().collect())
}

fn write(conn: &mut PgConnection, store: StoreId, rows: &[NewForecast]) -> QueryResult<()> {
    // An array of arrays must be rectangular, so the units of a row are one text.
    let units = |row: &NewForecast| {
        let units: Vec<String> = row.lead_time_units.iter().map(ToString::to_string).collect();
        format!("{{{}}}", units.join(","))
    };
    db::sql(
        "INSERT INTO forecasts (store_id, variant_id, first_day, method, forecast, lead_time_units) \
         SELECT $1, unnest($2::int8[]), unnest($3::date[]), unnest($4::text[]), unnest($5::jsonb[]), \
                unnest($6::text[])::int8[] \
         ON CONFLICT (store_id, variant_id) DO UPDATE SET first_day = EXCLUDED.first_day, method = EXCLUDED.method, \
                forecast = EXCLUDED.forecast, lead_time_units = EXCLUDED.lead_time_units",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.variant).collect::<Vec<_>>())
    .bind::<Array<Date>, _>(rows.iter().map(|row| row.forecast.first_day).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.forecast.method).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(rows.iter().map(|row| to_json(&row.forecast)).collect::<QueryResult<Vec<_>>>()?)
    .bind::<Array<Text>, _>(rows.iter().map(units).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

fn to_json(forecast: &Forecast) -> QueryResult<Value> {
    serde_json::to_value(forecast).map_err(|error| diesel::result::Error::SerializationError(error.into()))
}

fn from_json(json: Value) -> QueryResult<Forecast> {
    serde_json::from_value(json).map_err(|error| diesel::result::Error::DeserializationError(error.into()))
}

fn list_units(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
) -> QueryResult<HashMap<VariantId, Vec<i64>>> {
    let rows: Vec<(VariantId, Vec<i64>)> = db::sql(
        "SELECT f.* FROM unnest($2::int8[]) AS v (id) CROSS JOIN LATERAL (SELECT variant_id, lead_time_units \
              FROM forecasts WHERE store_id = $1 AND variant_id = v.id OFFSET 0) f",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .columns::<(BigInt, Array<BigInt>)>()
    .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The stored forecasts of some variants.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
) -> QueryResult<HashMap<VariantId, Forecast>> {
    let rows: Vec<(VariantId, Value)> = db::sql(
        "SELECT f.* FROM unnest($2::int8[]) AS v (id) CROSS JOIN LATERAL (SELECT variant_id, forecast \
              FROM forecasts WHERE store_id = $1 AND variant_id = v.id OFFSET 0) f",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .columns::<(BigInt, Jsonb)>()
    .load(conn)?;
    rows.into_iter().map(|(variant, json)| Ok((variant, from_json(json)?))).collect()
}

/// Forecasts of variants of some categories that were computed from their own past. Of each category at most `SAMPLE`,
/// those with the highest ids. None stands for products without a category.
pub fn list_of_categories(
    conn: &mut PgConnection,
    store: StoreId,
    categories: &[Option<&str>],
    since: NaiveDate,
) -> QueryResult<Vec<Vec<Forecast>>> {
    let rows: Vec<(i64, Value)> = db::sql(
        "SELECT c.number - 1, f.forecast FROM unnest($2::text[]) WITH ORDINALITY AS c (category, number) \
         CROSS JOIN LATERAL (SELECT f.variant_id, f.forecast \
              FROM products p JOIN variants v ON v.store_id = $1 AND v.product_id = p.id \
              JOIN forecasts f ON f.store_id = $1 AND f.variant_id = v.id \
              WHERE p.store_id = $1 AND p.category IS NOT DISTINCT FROM c.category AND f.method <> $3 \
                AND f.first_day >= $4 \
              ORDER BY f.variant_id DESC LIMIT $5) f ORDER BY c.number, f.variant_id DESC",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<Nullable<Text>>, _>(categories.to_vec())
    .bind::<Text, _>(Method::CategoryProfile)
    .bind::<Date, _>(since)
    .bind::<BigInt, _>(SAMPLE)
    .columns::<(BigInt, Jsonb)>()
    .load(conn)?;
    let mut found: Vec<Vec<Forecast>> = categories.iter().map(|_| Vec::new()).collect();
    for (place, json) in rows {
        if let Some(of_category) = usize::try_from(place).ok().and_then(|place| found.get_mut(place)) {
            of_category.push(from_json(json)?);
        }
    }
    Ok(found)
}
