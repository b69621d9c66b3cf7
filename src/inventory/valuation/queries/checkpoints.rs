//! The SQL of checkpoints. Sets of rows are bound as arrays, which the DSL does not have.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Timestamptz};

use crate::db::schema::valuation_checkpoints as checkpoints;
use crate::db::{self, Failure};
use crate::inventory::valuation::row::{Checkpoint, UnitsByPlace, ValuedVersions};
use crate::inventory::valuation::value::ValuationState;
use crate::kernel::id::{InboundReceiptId, StoreId, VariantId};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    variant_id: VariantId,
    #[diesel(sql_type = Jsonb)]
    versions: ValuedVersions,
    #[diesel(sql_type = Jsonb)]
    state: ValuationState,
    #[diesel(sql_type = Jsonb)]
    places: UnitsByPlace,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    posted_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    fold_again_from: Option<DateTime<Utc>>,
}

impl From<Row> for Checkpoint {
    fn from(row: Row) -> Self {
        let Row { variant_id: variant, versions, state, places, posted_at, fold_again_from } = row;
        Self { variant, versions, state, places, posted_at, fold_again_from }
    }
}

/// Locks the checkpoints of the variants, ascending, and creates those that do not exist.
pub fn lock(conn: &mut PgConnection, store: StoreId, variants: &[VariantId]) -> QueryResult<Vec<Checkpoint>> {
    db::sql(
        "INSERT INTO valuation_checkpoints (store_id, variant_id, versions, state, places) \
         SELECT $1, v.id, $3, $4, $5 FROM unnest($2::int8[]) AS v (id) ORDER BY v.id ON CONFLICT DO NOTHING",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<Jsonb, _>(ValuedVersions::default())
    .bind::<Jsonb, _>(ValuationState::default())
    .bind::<Jsonb, _>(UnitsByPlace::default())
    .execute(conn)?;
    let rows: Vec<Row> = db::sql(
        "SELECT c.* FROM unnest($2::int8[]) AS v (id) CROSS JOIN LATERAL \
              (SELECT variant_id, versions, state, places, posted_at, fold_again_from FROM valuation_checkpoints \
               WHERE store_id = $1 AND variant_id = v.id FOR UPDATE) c",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .load(conn)?;
    Ok(rows.into_iter().map(Checkpoint::from).collect())
}

/// Writes the checkpoints, which have been locked.
pub fn write(conn: &mut PgConnection, store: StoreId, all: &[Checkpoint]) -> Result<(), Failure> {
    let written = db::sql(
        "UPDATE valuation_checkpoints c SET versions = n.versions, state = n.state, places = n.places, \
                posted_at = n.posted_at, fold_again_from = n.fold_again_from \
         FROM (SELECT unnest($2::int8[]) AS variant_id, unnest($3::jsonb[]) AS versions, unnest($4::jsonb[]) AS state, \
                      unnest($5::jsonb[]) AS places, unnest($6::timestamptz[]) AS posted_at, \
                      unnest($7::timestamptz[]) AS fold_again_from LIMIT $8) n \
         WHERE c.store_id = $1 AND c.variant_id = n.variant_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(all.iter().map(|one| one.variant).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(all.iter().map(|one| &one.versions).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(all.iter().map(|one| &one.state).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(all.iter().map(|one| &one.places).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(all.iter().map(|one| one.posted_at).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(all.iter().map(|one| one.fold_again_from).collect::<Vec<_>>())
    .bind::<BigInt, _>(db::count(all.len()))
    .execute(conn)?;
    db::expect_rows(written, all.len(), "checkpoints of values were written")
}

/// Marks the variants of a receipt, because its costs were corrected. Their rows are valued again from its time on.
///
/// The job reads the costs after it has locked the checkpoint, which this statement creates if it does not exist. So
/// the job sees the correction, or its rows are valued again.
pub fn mark_receipt(conn: &mut PgConnection, store: StoreId, receipt: InboundReceiptId) -> QueryResult<()> {
    db::sql(
        "INSERT INTO valuation_checkpoints AS c (store_id, variant_id, versions, state, places, fold_again_from) \
         SELECT $1, l.variant_id, $3, $4, $5, r.created_at FROM inbound_receipts r \
         JOIN inbound_receipt_lines b ON b.store_id = $1 AND b.receipt_id = r.id \
         JOIN inbound_lines l ON l.store_id = $1 AND l.id = b.line_id \
         WHERE r.store_id = $1 AND r.id = $2 ORDER BY l.variant_id \
         ON CONFLICT (store_id, variant_id) DO UPDATE \
         SET fold_again_from = LEAST(c.fold_again_from, EXCLUDED.fold_again_from)",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(receipt)
    .bind::<Jsonb, _>(ValuedVersions::default())
    .bind::<Jsonb, _>(ValuationState::default())
    .bind::<Jsonb, _>(UnitsByPlace::default())
    .execute(conn)
    .map(drop)
}

/// The variants that wait for a correction.
pub fn list_marked(conn: &mut PgConnection, store: StoreId) -> QueryResult<Vec<VariantId>> {
    checkpoints::table
        .filter(checkpoints::store_id.eq(store))
        .filter(checkpoints::fold_again_from.is_not_null())
        .select(checkpoints::variant_id)
        .order(checkpoints::variant_id)
        .load(conn)
}

/// The states of these variants.
pub fn list_states(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
) -> QueryResult<Vec<(VariantId, ValuationState)>> {
    checkpoints::table
        .filter(checkpoints::store_id.eq(store))
        .filter(checkpoints::variant_id.eq_any(variants))
        .select((checkpoints::variant_id, checkpoints::state))
        .order(checkpoints::variant_id)
        .load(conn)
}
