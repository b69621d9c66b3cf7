//! The SQL that reads new movements from the ledger. Sets of rows come in as arrays, and each is looked up by its whole
//! key: the DSL has neither arrays as rows nor LATERAL.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use crate::db;
use crate::inventory::stock_level::MovementKind;
use crate::inventory::valuation::stock_event::{LedgerMovement, Unfolded};
use crate::kernel::id::{LocationId, MovementId, StoreId, VariantId};

#[derive(QueryableByName)]
struct UnfoldedRow {
    #[diesel(sql_type = BigInt)]
    variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    location_id: LocationId,
    #[diesel(sql_type = BigInt)]
    folded: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// The stock rows of the variants with movements that are not folded. The checkpoints have been locked.
///
/// One statement reads all versions. So a transaction's movements are all among them, or none is.
pub fn list_unfolded(conn: &mut PgConnection, store: StoreId, variants: &[VariantId]) -> QueryResult<Vec<Unfolded>> {
    let rows: Vec<UnfoldedRow> = db::sql(
        "SELECT l.variant_id, l.location_id, l.folded, l.version FROM unnest($2::int8[]) AS v (id) \
         CROSS JOIN LATERAL (SELECT versions FROM valuation_checkpoints \
              WHERE store_id = $1 AND variant_id = v.id AND fold_again_from IS NULL OFFSET 0) c \
         CROSS JOIN LATERAL (SELECT variant_id, location_id, version, \
                     COALESCE((c.versions ->> location_id::text)::int8, 0) AS folded FROM stock_levels \
              WHERE store_id = $1 AND variant_id = v.id OFFSET 0) l \
         WHERE l.version > l.folded ORDER BY l.variant_id, l.location_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .load(conn)?;
    let unfolded = |row: UnfoldedRow| {
        let UnfoldedRow { variant_id: variant, location_id: location, folded: from, version: to } = row;
        Unfolded { variant, location, from, to, is_shortened: false }
    };
    Ok(rows.into_iter().map(unfolded).collect())
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
    unfolded: &[Unfolded],
) -> QueryResult<Vec<LedgerMovement>> {
    let rows: Vec<MovementRow> = db::sql(
        "SELECT m.*, COALESCE(o.parent_id, o.id) AS place_id \
         FROM (SELECT unnest($2::int8[]) AS variant_id, unnest($3::int8[]) AS location_id, \
                      unnest($4::int8[]) AS folded, unnest($5::int8[]) AS version LIMIT $6) u \
         JOIN locations o ON o.store_id = $1 AND o.id = u.location_id \
         CROSS JOIN LATERAL (SELECT id, variant_id, location_id, version, kind, stock_delta, reference_id, created_at \
              FROM stock_movements WHERE store_id = $1 AND variant_id = u.variant_id AND location_id = u.location_id \
               AND version > u.folded AND version <= u.version OFFSET 0) m \
         WHERE m.stock_delta <> 0 ORDER BY m.variant_id, m.location_id, m.version",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(unfolded.iter().map(|row| row.variant).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(unfolded.iter().map(|row| row.location).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(unfolded.iter().map(|row| row.from).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(unfolded.iter().map(|row| row.to).collect::<Vec<_>>())
    .bind::<BigInt, _>(db::count(unfolded.len()))
    .load(conn)?;
    Ok(rows.into_iter().map(LedgerMovement::from).collect())
}
