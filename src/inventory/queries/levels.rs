//! The SQL of stock rows and of the ledger. Nothing else writes them.
//!
//! Sets of rows are bound as arrays, and a row with its movements is written by one statement: the DSL has neither
//! arrays as rows, LATERAL nor WITH.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use crate::db::schema::{locations, stock_levels};
use crate::db::{self, Failure, outbox};
use crate::inventory::stock_level::{Movement, StockLevel};
use crate::kernel::id::{LocationId, MovementId, StoreId, VariantId};

#[derive(QueryableByName)]
struct LevelRow {
    #[diesel(sql_type = BigInt)]
    variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    location_id: LocationId,
    #[diesel(sql_type = BigInt)]
    stock_quantity: i64,
    #[diesel(sql_type = BigInt)]
    reserved_quantity: i64,
    #[diesel(sql_type = BigInt)]
    sold_quantity: i64,
    #[diesel(sql_type = BigInt)]
    committed_quantity: i64,
    #[diesel(sql_type = BigInt)]
    safety_quantity: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

impl From<LevelRow> for StockLevel {
    fn from(row: LevelRow) -> Self {
        Self {
            variant: row.variant_id,
            location: row.location_id,
            stock: row.stock_quantity,
            reserved: row.reserved_quantity,
            sold: row.sold_quantity,
            committed: row.committed_quantity,
            safety: row.safety_quantity,
            version: row.version,
        }
    }
}

/// Locks every stock row of the variants at places, in the order of all transactions, and reads them. The rows
/// of quarantines and transits are not for sale.
pub fn lock_for_update(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
) -> QueryResult<Vec<StockLevel>> {
    let in_order: BTreeSet<VariantId> = variants.iter().copied().collect();
    let rows: Vec<LevelRow> = db::sql(
        "SELECT l.* FROM unnest($2::int8[]) AS v (id) CROSS JOIN LATERAL \
              (SELECT variant_id, location_id, stock_quantity, reserved_quantity, sold_quantity, committed_quantity, \
                      safety_quantity, version \
               FROM stock_levels WHERE store_id = $1 AND variant_id = v.id AND location_id = ANY(ARRAY( \
                    SELECT id FROM locations WHERE store_id = $1 AND kind = 'place')) \
               ORDER BY location_id FOR UPDATE) l",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(in_order.into_iter().collect::<Vec<_>>())
    .load(conn)?;
    Ok(rows.into_iter().map(StockLevel::from).collect())
}

/// Locks these stock rows in the same order, and reads them. Rows that do not exist are left out.
pub fn lock_keys_for_update(
    conn: &mut PgConnection,
    store: StoreId,
    keys: &BTreeSet<(VariantId, LocationId)>,
) -> QueryResult<Vec<StockLevel>> {
    let (variants, locations): (Vec<VariantId>, Vec<LocationId>) = keys.iter().copied().unzip();
    let rows: Vec<LevelRow> = db::sql(
        "SELECT l.* FROM unnest($2::int8[], $3::int8[]) AS k (variant_id, location_id) CROSS JOIN LATERAL \
              (SELECT variant_id, location_id, stock_quantity, reserved_quantity, sold_quantity, committed_quantity, \
                      safety_quantity, version \
               FROM stock_levels WHERE store_id = $1 AND variant_id = k.variant_id AND location_id = k.location_id \
               FOR UPDATE) l",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<Array<BigInt>, _>(locations)
    .load(conn)?;
    Ok(rows.into_iter().map(StockLevel::from).collect())
}

/// Creates empty stock rows for these keys, where none exist. A row of a quarantine or a transit comes with one of its
/// place, because responses show both together.
pub fn insert_missing(
    conn: &mut PgConnection,
    store: StoreId,
    keys: &BTreeSet<(VariantId, LocationId)>,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    let (variants, locations): (Vec<VariantId>, Vec<LocationId>) = keys.iter().copied().unzip();
    db::sql(
        "INSERT INTO stock_levels (store_id, variant_id, location_id, stock_quantity, reserved_quantity, \
                sold_quantity, version, updated_at) \
         SELECT DISTINCT $1, n.variant_id, o.id, 0, 0, 0, 0, $2 \
         FROM unnest($3::int8[], $4::int8[]) AS n (variant_id, location_id) CROSS JOIN LATERAL ( \
              SELECT n.location_id AS id UNION ALL \
              SELECT parent_id FROM locations WHERE store_id = $1 AND id = n.location_id AND parent_id IS NOT NULL) o \
         ORDER BY n.variant_id, o.id ON CONFLICT DO NOTHING",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<Array<BigInt>, _>(locations)
    .execute(conn)
    .map(drop)
}

/// Sets the safety stock of a row, which has been locked.
pub fn set_safety(
    conn: &mut PgConnection,
    store: StoreId,
    (variant, location): (VariantId, LocationId),
    quantity: i64,
    at: DateTime<Utc>,
) -> Result<(), Failure> {
    let row = stock_levels::table.find((store, variant, location));
    let set = (stock_levels::safety_quantity.eq(quantity), stock_levels::updated_at.eq(at));
    db::expect_rows(diesel::update(row).set(set).execute(conn)?, 1, "the safety stock was set")
}

/// A movement with its reason, reference and actor.
#[derive(Clone, Debug)]
pub struct NewMovement<'a> {
    pub movement: &'a Movement,
    pub reason: Option<&'a str>,
    pub reference_id: Option<&'a str>,
    pub actor: &'a str,
    /// The time of the count that it posts.
    pub effective_at: Option<DateTime<Utc>>,
}

/// Writes the rows as they are in memory, and appends their movements to the ledger. No row changes without its
/// movements. The rows must have been locked in this transaction.
///
/// Returns the ids of the movements. Their order is not defined.
pub fn write(
    conn: &mut PgConnection,
    store: StoreId,
    levels: &[&StockLevel],
    movements: &[NewMovement<'_>],
    at: DateTime<Utc>,
) -> Result<Vec<MovementId>, Failure> {
    let level = |value: fn(&StockLevel) -> i64| levels.iter().map(|level| value(level)).collect::<Vec<_>>();
    let movement = |value: fn(&Movement) -> i64| movements.iter().map(|new| value(new.movement)).collect::<Vec<_>>();
    let rows = db::count(levels.len());
    let (changed, ids): (i64, Vec<MovementId>) = db::sql(
        "WITH changed AS ( \
             UPDATE stock_levels l SET stock_quantity = n.stock, reserved_quantity = n.reserved, \
                    sold_quantity = n.sold, committed_quantity = n.committed, version = n.version, updated_at = $2 \
             FROM (SELECT unnest($3::int8[]) AS variant_id, unnest($4::int8[]) AS location_id, \
                          unnest($5::int8[]) AS stock, unnest($6::int8[]) AS reserved, unnest($7::int8[]) AS sold, \
                          unnest($8::int8[]) AS committed, unnest($9::int8[]) AS version LIMIT $10) n \
             WHERE l.store_id = $1 AND l.variant_id = n.variant_id AND l.location_id = n.location_id RETURNING 1), \
         inserted AS ( \
             INSERT INTO stock_movements (store_id, variant_id, location_id, version, kind, stock_delta, \
                    reserved_delta, sold_delta, committed_delta, stock_after, reserved_after, sold_after, \
                    committed_after, reason, reference_id, actor, effective_at, created_at) \
             SELECT $1, unnest($11::int8[]), unnest($12::int8[]), unnest($13::int8[]), unnest($14::text[]), \
                    unnest($15::int8[]), unnest($16::int8[]), unnest($17::int8[]), unnest($18::int8[]), \
                    unnest($19::int8[]), unnest($20::int8[]), unnest($21::int8[]), unnest($22::int8[]), \
                    unnest($23::text[]), unnest($24::text[]), unnest($25::text[]), unnest($26::timestamptz[]), $2 \
             RETURNING id) \
         SELECT (SELECT COUNT(*) FROM changed) AS levels, ARRAY(SELECT id FROM inserted) AS movements",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(level(|level| level.variant.0))
    .bind::<Array<BigInt>, _>(level(|level| level.location.0))
    .bind::<Array<BigInt>, _>(level(|level| level.stock))
    .bind::<Array<BigInt>, _>(level(|level| level.reserved))
    .bind::<Array<BigInt>, _>(level(|level| level.sold))
    .bind::<Array<BigInt>, _>(level(|level| level.committed))
    .bind::<Array<BigInt>, _>(level(|level| level.version))
    .bind::<BigInt, _>(rows)
    .bind::<Array<BigInt>, _>(movement(|m| m.variant.0))
    .bind::<Array<BigInt>, _>(movement(|m| m.location.0))
    .bind::<Array<BigInt>, _>(movement(|m| m.version))
    .bind::<Array<Text>, _>(movements.iter().map(|new| new.movement.kind).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(movement(|m| m.delta.stock))
    .bind::<Array<BigInt>, _>(movement(|m| m.delta.reserved))
    .bind::<Array<BigInt>, _>(movement(|m| m.delta.sold))
    .bind::<Array<BigInt>, _>(movement(|m| m.delta.committed))
    .bind::<Array<BigInt>, _>(movement(|m| m.after.stock))
    .bind::<Array<BigInt>, _>(movement(|m| m.after.reserved))
    .bind::<Array<BigInt>, _>(movement(|m| m.after.sold))
    .bind::<Array<BigInt>, _>(movement(|m| m.after.committed))
    .bind::<Array<Nullable<Text>>, _>(movements.iter().map(|new| new.reason).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(movements.iter().map(|new| new.reference_id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(movements.iter().map(|new| new.actor).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(movements.iter().map(|new| new.effective_at).collect::<Vec<_>>())
    .columns::<(BigInt, Array<BigInt>)>()
    .get_result(conn)?;
    db::expect_rows(usize::try_from(changed).unwrap_or(0), levels.len(), "stock rows were written")?;
    outbox::note(store, |appended| appended.movements.extend(ids.iter().map(|id| id.0)));
    Ok(ids)
}

/// Reads the stock rows of the variants without a lock, for responses that may become outdated. Units of overdue holds
/// count as available, as in every figure.
pub fn list(conn: &mut PgConnection, store: StoreId, variants: &[VariantId]) -> QueryResult<Vec<StockLevel>> {
    let rows: Vec<LevelRow> = db::sql(
        "SELECT l.variant_id, l.location_id, l.stock_quantity, \
                l.reserved_quantity - COALESCE(e.quantity, 0) AS reserved_quantity, l.sold_quantity, \
                l.committed_quantity, l.safety_quantity, l.version \
         FROM stock_levels l LEFT JOIN LATERAL (SELECT SUM(h.quantity)::int8 AS quantity FROM stock_holds h \
              WHERE h.store_id = $1 AND h.variant_id = l.variant_id AND h.location_id = l.location_id \
                AND h.state = 'active' AND h.expires_at <= $now) e ON true \
         WHERE l.store_id = $1 AND l.variant_id = ANY($2) AND l.location_id = ANY(ARRAY( \
               SELECT id FROM locations WHERE store_id = $1 AND kind = 'place')) ORDER BY l.variant_id, l.location_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .load(conn)?;
    Ok(rows.into_iter().map(StockLevel::from).collect())
}

/// The number of the store's stock rows at places.
pub fn count(conn: &mut PgConnection, store: StoreId) -> QueryResult<i64> {
    let places = locations::table.filter(locations::store_id.eq(store)).filter(locations::kind.eq("place"));
    stock_levels::table
        .filter(stock_levels::store_id.eq(store))
        .filter(stock_levels::location_id.eq_any(places.select(locations::id)))
        .count()
        .get_result(conn)
}
