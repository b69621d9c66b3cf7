//! The SQL of stock statuses. The DSL has no LATERAL.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};

use super::status_change::{AvailableChange, TrackedLevel, TrackedVariant};
use crate::db;
use crate::db::schema::stock_states;
use crate::inventory::product_with_stock::StockStatus;
use crate::inventory::queries::stock_by_variant::selling_places;
use crate::kernel::id::{LocationId, ProductId, StoreId, VariantId};

#[derive(QueryableByName)]
struct ChangeRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    location_id: LocationId,
    #[diesel(sql_type = BigInt)]
    change: i64,
    #[diesel(sql_type = BigInt)]
    after: i64,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

/// The movements among these that change the units that nobody has reserved, by their ids.
pub fn list_changes(
    conn: &mut PgConnection,
    store: StoreId,
    ids: &[i64],
) -> QueryResult<HashMap<i64, AvailableChange>> {
    let rows: Vec<ChangeRow> = db::sql(
        "SELECT m.id, m.variant_id, m.location_id, m.stock_delta - m.reserved_delta AS change, \
                m.stock_after - m.reserved_after AS after, m.actor, m.created_at \
         FROM unnest($2::int8[]) AS w (id) \
         CROSS JOIN LATERAL (SELECT * FROM stock_movements WHERE store_id = $1 AND id = w.id OFFSET 0) m \
         WHERE m.stock_delta <> m.reserved_delta",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(ids)
    .load(conn)?;
    let changes = rows.into_iter().map(|row| {
        let ChangeRow { id, variant_id, location_id, change, after, actor, created_at } = row;
        (id, AvailableChange { variant: variant_id, location: location_id, change, after, actor, at: created_at })
    });
    Ok(changes.collect())
}

/// A variant at one of the places that sell, or without any.
#[derive(QueryableByName)]
struct VariantRow {
    #[diesel(sql_type = BigInt)]
    variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    product_id: ProductId,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    product_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    size: Option<String>,
    #[diesel(sql_type = BigInt)]
    minimum: i64,
    #[diesel(sql_type = Bool)]
    is_on_sale: bool,
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<StockStatus>,
    #[diesel(sql_type = Nullable<BigInt>)]
    location_id: Option<LocationId>,
    #[diesel(sql_type = BigInt)]
    safety: i64,
}

/// Variants with their stored status, and with the places that sell them. The units there are 0: see
/// [`list_available`].
pub fn list_variants(
    conn: &mut PgConnection,
    store: StoreId,
    ids: &[VariantId],
) -> QueryResult<BTreeMap<VariantId, TrackedVariant>> {
    let rows: Vec<VariantRow> = db::sql(concat!(
        "SELECT v.id AS variant_id, v.product_id, v.sku, p.name AS product_name, v.size, \
                COALESCE(v.min_stock_level, p.min_stock_level) AS minimum, \
                v.status = 'active' AND p.status = 'active' AS is_on_sale, s.status, l.location_id, \
                COALESCE(l.safety_quantity, 0) AS safety \
         FROM unnest($2::int8[]) AS w (id) \
         CROSS JOIN LATERAL (SELECT * FROM variants WHERE store_id = $1 AND id = w.id OFFSET 0) v \
         CROSS JOIN LATERAL (SELECT * FROM products WHERE store_id = $1 AND id = v.product_id OFFSET 0) p \
         LEFT JOIN LATERAL (SELECT status FROM stock_states WHERE store_id = $1 AND variant_id = v.id OFFSET 0) s \
             ON true \
         LEFT JOIN LATERAL (SELECT location_id, safety_quantity FROM stock_levels \
                  WHERE store_id = $1 AND variant_id = v.id AND location_id = ",
        selling_places!(),
        " OFFSET 0) l ON true"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(ids)
    .load(conn)?;
    let mut variants = BTreeMap::new();
    for row in rows {
        let level = row.location_id.map(|id| (id, TrackedLevel { available: 0, safety: row.safety }));
        let variant = variants.entry(row.variant_id).or_insert_with(|| TrackedVariant::from(row));
        variant.levels.extend(level);
    }
    Ok(variants)
}

/// The units of these stock rows that nobody had reserved at the end of the feed, whose lock this transaction has.
///
/// A stock row may have movements that wait in the outbox. So the stock at the end of the feed is that of its newest
/// movement which does not wait.
///
/// With DISTINCT, the planner expects few ids, so it hashes them. Without a hash, each movement is compared with all of
/// them, which are many while the relay has a backlog.
pub fn list_available(
    conn: &mut PgConnection,
    store: StoreId,
    rows: &[(VariantId, LocationId)],
) -> QueryResult<HashMap<(VariantId, LocationId), i64>> {
    let found: Vec<(VariantId, LocationId, i64)> = db::sql(
        "WITH waiting AS MATERIALIZED ( \
             SELECT DISTINCT u.id FROM outbox o CROSS JOIN LATERAL unnest(o.movements) AS u (id) WHERE o.store_id = $1) \
         SELECT w.variant_id, w.location_id, m.available \
         FROM (SELECT unnest($2::int8[]) AS variant_id, unnest($3::int8[]) AS location_id) w \
         CROSS JOIN LATERAL (SELECT stock_after - reserved_after AS available FROM stock_movements \
                  WHERE store_id = $1 AND variant_id = w.variant_id AND location_id = w.location_id \
                    AND id NOT IN (SELECT id FROM waiting) \
                  ORDER BY version DESC LIMIT 1) m",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(rows.iter().map(|(variant, _)| *variant).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(rows.iter().map(|(_, location)| *location).collect::<Vec<_>>())
    .columns::<(BigInt, BigInt, BigInt)>()
    .load(conn)?;
    Ok(found.into_iter().map(|(variant, location, available)| ((variant, location), available)).collect())
}

impl From<VariantRow> for TrackedVariant {
    /// Without the stock.
    fn from(row: VariantRow) -> Self {
        let VariantRow { product_id, sku, product_name, size, minimum, is_on_sale, status, .. } = row;
        let (status, levels) = (status.unwrap_or(StockStatus::InStock), BTreeMap::new());
        Self { product: product_id, sku, product_name, size, minimum, is_on_sale, status, levels }
    }
}

/// The stored statuses of some variants. Those without one are in stock or not on sale.
pub fn list_statuses(
    conn: &mut PgConnection,
    store: StoreId,
    ids: &[VariantId],
) -> QueryResult<HashMap<VariantId, StockStatus>> {
    let rows: Vec<(VariantId, StockStatus)> = db::sql(
        "SELECT s.variant_id, s.status FROM unnest($2::int8[]) AS w (id) CROSS JOIN LATERAL \
              (SELECT variant_id, status FROM stock_states WHERE store_id = $1 AND variant_id = w.id OFFSET 0) s",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(ids)
    .columns::<(BigInt, Text)>()
    .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Stores the new statuses of variants. The feed of the store must have been locked.
pub fn write(conn: &mut PgConnection, store: StoreId, changed: &[(VariantId, StockStatus)]) -> QueryResult<()> {
    let (ended, scarce): (Vec<_>, Vec<_>) = changed.iter().partition(|(_, status)| *status == StockStatus::InStock);
    if !ended.is_empty() {
        let ended: Vec<VariantId> = ended.into_iter().map(|(variant, _)| variant).collect();
        let rows = stock_states::table.filter(stock_states::store_id.eq(store));
        diesel::delete(rows.filter(stock_states::variant_id.eq_any(ended))).execute(conn)?;
    }
    if !scarce.is_empty() {
        db::sql(
            "INSERT INTO stock_states (store_id, variant_id, status) SELECT $1, unnest($2::int8[]), unnest($3::text[]) \
             ON CONFLICT (store_id, variant_id) DO UPDATE SET status = EXCLUDED.status",
        )
        .bind::<BigInt, _>(store)
        .bind::<Array<BigInt>, _>(scarce.iter().map(|(variant, _)| *variant).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(scarce.iter().map(|(_, status)| *status).collect::<Vec<_>>())
        .execute(conn)?;
    }
    Ok(())
}
