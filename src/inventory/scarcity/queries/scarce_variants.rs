//! The SQL of the stored figures. Sets of rows are bound as arrays, which the DSL does not have.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use super::figures::{figures, needed_over, sold_of_variant, stored_levels, units_over};
use crate::db;
use crate::db::schema::scarce_variants;
use crate::inventory::queries::stock_by_variant::{places, selling_places};
use crate::kernel::id::{ProductId, StoreId, VariantId};

/// The figures of a scarce variant, without the units of overdue holds.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct ScarceVariant {
    #[diesel(sql_type = BigInt)]
    pub variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    pub product_id: ProductId,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Text)]
    pub product_sku: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub name_key: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub minimum: i64,
    #[diesel(sql_type = BigInt)]
    pub sellable_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub product_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub available_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub safety_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub incoming_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub sold_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub lead_time_days: i64,
    /// The units of the forecast for lead times of 1 to 90 days. None without a forecast.
    #[diesel(sql_type = Nullable<Array<BigInt>>)]
    pub lead_time_units: Option<Vec<i64>>,
}

/// Computes the figures of those of the variants that are scarce: low on stock, or in need of units over the longest
/// lead time of a supplier.
pub fn compute(conn: &mut PgConnection, store: StoreId, variants: &[VariantId]) -> QueryResult<Vec<ScarceVariant>> {
    db::sql(concat!(
        "SELECT f.* FROM ",
        figures!("(SELECT unnest($2::int8[]) AS variant_id)", stored_levels),
        " f WHERE f.sellable_quantity <= f.minimum OR ",
        needed_over!("f", "f.longest_days"),
        " > 0 ORDER BY f.variant_id"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .load(conn)
}

/// Stores these figures of the variants, in the order of their ids. Variants without figures are not scarce. Writes
/// only rows that change, and returns their number. The progress of the store must have been locked.
pub fn replace(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
    scarce: &[ScarceVariant],
) -> QueryResult<usize> {
    let before: HashMap<VariantId, ScarceVariant> =
        list(conn, store, variants)?.into_iter().map(|row| (row.variant_id, row)).collect();
    let after: HashSet<VariantId> = scarce.iter().map(|row| row.variant_id).collect();
    let ended: Vec<VariantId> = before.keys().copied().filter(|id| !after.contains(id)).collect();
    if !ended.is_empty() {
        let rows = scarce_variants::table.filter(scarce_variants::store_id.eq(store));
        diesel::delete(rows.filter(scarce_variants::variant_id.eq_any(&ended))).execute(conn)?;
    }
    let changed: Vec<&ScarceVariant> = scarce.iter().filter(|row| before.get(&row.variant_id) != Some(*row)).collect();
    if !changed.is_empty() {
        write(conn, store, &changed)?;
    }
    Ok(ended.len().saturating_add(changed.len()))
}

fn write(conn: &mut PgConnection, store: StoreId, rows: &[&ScarceVariant]) -> QueryResult<()> {
    let figure = |value: fn(&ScarceVariant) -> i64| rows.iter().map(|row| value(row)).collect::<Vec<_>>();
    db::sql(
        "INSERT INTO scarce_variants (store_id, variant_id, product_id, minimum, sellable_quantity, product_quantity, \
                available_quantity, safety_quantity, incoming_quantity, sold_quantity, lead_time_days, sku, product_sku, \
                name_key, lead_time_units) \
         SELECT $1, unnest($2::int8[]), unnest($3::int8[]), unnest($4::int8[]), unnest($5::int8[]), unnest($6::int8[]), \
                unnest($7::int8[]), unnest($8::int8[]), unnest($9::int8[]), unnest($10::int8[]), unnest($11::int8[]), \
                unnest($12::text[]), unnest($13::text[]), unnest($14::text[]), unnest($15::text[])::int8[] \
         ON CONFLICT (store_id, variant_id) DO UPDATE SET minimum = EXCLUDED.minimum, \
                sellable_quantity = EXCLUDED.sellable_quantity, product_quantity = EXCLUDED.product_quantity, \
                available_quantity = EXCLUDED.available_quantity, safety_quantity = EXCLUDED.safety_quantity, \
                incoming_quantity = EXCLUDED.incoming_quantity, sold_quantity = EXCLUDED.sold_quantity, \
                lead_time_days = EXCLUDED.lead_time_days, sku = EXCLUDED.sku, product_sku = EXCLUDED.product_sku, \
                name_key = EXCLUDED.name_key, lead_time_units = EXCLUDED.lead_time_units",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(figure(|row| row.variant_id.0))
    .bind::<Array<BigInt>, _>(figure(|row| row.product_id.0))
    .bind::<Array<BigInt>, _>(figure(|row| row.minimum))
    .bind::<Array<BigInt>, _>(figure(|row| row.sellable_quantity))
    .bind::<Array<BigInt>, _>(figure(|row| row.product_quantity))
    .bind::<Array<BigInt>, _>(figure(|row| row.available_quantity))
    .bind::<Array<BigInt>, _>(figure(|row| row.safety_quantity))
    .bind::<Array<BigInt>, _>(figure(|row| row.incoming_quantity))
    .bind::<Array<BigInt>, _>(figure(|row| row.sold_quantity))
    .bind::<Array<BigInt>, _>(figure(|row| row.lead_time_days))
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.sku.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.product_sku.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|row| row.name_key.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|row| units_text(row)).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

/// An array of arrays must be rectangular, so the units of a row are one text.
fn units_text(row: &ScarceVariant) -> Option<String> {
    let units: Vec<String> = row.lead_time_units.as_ref()?.iter().map(ToString::to_string).collect();
    Some(format!("{{{}}}", units.join(",")))
}

/// The stored figures of some variants, in their order.
pub fn list(conn: &mut PgConnection, store: StoreId, variants: &[VariantId]) -> QueryResult<Vec<ScarceVariant>> {
    db::sql(
        "SELECT k.* FROM unnest($2::int8[]) AS v (id) CROSS JOIN LATERAL \
              (SELECT * FROM scarce_variants WHERE store_id = $1 AND variant_id = v.id OFFSET 0) k ORDER BY v.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .load(conn)
}
