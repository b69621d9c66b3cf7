//! The SQL that reads new movements from the ledger. Sets of rows are bound as arrays, and each is looked up by its
//! whole key: the DSL has neither arrays as rows nor LATERAL.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use crate::db;
use crate::inventory::stock_level::MovementKind;
use crate::inventory::valuation::stock_event::{LedgerMovement, Unvalued};
use crate::kernel::id::{LocationId, MovementId, StoreId, VariantId};

#[derive(QueryableByName)]
struct UnvaluedRow {
    #[diesel(sql_type = BigInt)]
    variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    location_id: LocationId,
    #[diesel(sql_type = BigInt)]
    valued: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// The stock rows of the variants with movements that are not valued. The checkpoints have been locked.
///
/// One statement reads all versions. So a transaction's movements are all among them, or none is.
pub fn list_unvalued(conn: &mut PgConnection, store: StoreId, variants: &[VariantId]) -> QueryResult<Vec<Unvalued>> {
    let rows: Vec<UnvaluedRow> = db::sql(
        "SELECT l.variant_id, l.location_id, l.valued, l.version FROM unnest($2::int8[]) AS v (id) \
         CROSS JOIN LATERAL (SELECT versions FROM valuation_checkpoints \
              WHERE store_id = $1 AND variant_id = v.id AND fold_again_from IS NULL OFFSET 0) c \
         CROSS JOIN LATERAL (SELECT variant_id, location_id, version, \
                     COALESCE((c.versions ->> location_id::text)::int8, 0) AS valued FROM stock_levels \
              WHERE store_id = $1 AND variant_id = v.id OFFSET 0) l \
         WHERE l.version > l.valued ORDER BY l.variant_id, l.location_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .load(conn)?;
    let unvalued = |row: UnvaluedRow| {
        let UnvaluedRow { variant_id: variant, location_id: location, valued: from, version: to } = row;
        Unvalued { variant, location, from, to, is_shortened: false }
    };
    Ok(rows.into_iter().map(unvalued).collect())
}

#[derive(QueryableByName)]
struct MovementRow {
    #[diesel(sql_type = BigInt)]
    id: MovementId,
    #[diesel(sql_type = BigInt)]
    variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    location_id: LocationId,
    #[diesel(sql_type = BigInt)]
    place_id: LocationId,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    kind: MovementKind,
    #[diesel(sql_type = BigInt)]
    stock_delta: i64,
    #[diesel(sql_type = Nullable<Text>)]
    reference_id: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

impl From<MovementRow> for LedgerMovement {
    fn from(row: MovementRow) -> Self {
        Self {
            id: row.id,
            variant: row.variant_id,
            location: row.location_id,
            place: row.place_id,
            version: row.version,
            kind: row.kind,
            quantity: row.stock_delta,
            reference: row.reference_id,
            created_at: row.created_at,
        }
    }
}

/// The movements of these rows that change the stock, each row's in the order of their versions.
pub fn list_movements(
    conn: &mut PgConnection,
    store: StoreId,
    unvalued: &[Unvalued],
) -> QueryResult<Vec<LedgerMovement>> {
    let rows: Vec<MovementRow> = db::sql(
        "SELECT m.*, COALESCE(o.parent_id, o.id) AS place_id \
         FROM (SELECT unnest($2::int8[]) AS variant_id, unnest($3::int8[]) AS location_id, \
                      unnest($4::int8[]) AS valued, unnest($5::int8[]) AS version LIMIT $6) u \
         JOIN locations o ON o.store_id = $1 AND o.id = u.location_id \
         CROSS JOIN LATERAL (SELECT id, variant_id, location_id, version, kind, stock_delta, reference_id, created_at \
              FROM stock_movements WHERE store_id = $1 AND variant_id = u.variant_id AND location_id = u.location_id \
               AND version > u.valued AND version <= u.version OFFSET 0) m \
         WHERE m.stock_delta <> 0 ORDER BY m.variant_id, m.location_id, m.version",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(unvalued.iter().map(|row| row.variant).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(unvalued.iter().map(|row| row.location).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(unvalued.iter().map(|row| row.from).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(unvalued.iter().map(|row| row.to).collect::<Vec<_>>())
    .bind::<BigInt, _>(db::count(unvalued.len()))
    .load(conn)?;
    Ok(rows.into_iter().map(LedgerMovement::from).collect())
}
