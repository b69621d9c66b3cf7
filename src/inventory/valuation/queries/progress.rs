//! The SQL of the progress of a store. The DSL has no WITH and no join that looks rows up one by one.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Timestamptz};

use crate::db;
use crate::db::schema::valuations;
use crate::kernel::id::{StoreId, VariantId};

/// The work that is due in a store. It is read without locks.
#[derive(Clone, Debug, QueryableByName)]
pub struct PendingWork {
    /// The clock before the search.
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    /// None before the first run.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub folded_until: Option<DateTime<Utc>>,
    /// The last variant of this page of the sweep, or 0 after the last page.
    #[diesel(sql_type = BigInt)]
    pub swept_to: i64,
    /// Variants whose ledger has movements that are not valued.
    #[diesel(sql_type = Array<BigInt>)]
    pub variants: Vec<VariantId>,
    /// True if the page of the sweep has such variants.
    #[diesel(sql_type = Bool)]
    pub is_behind: bool,
    /// A variant whose rows have to be valued again.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub revalue: Option<VariantId>,
}

impl PendingWork {
    /// False if nothing is to do, and the progress of the store was written a moment ago.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let is_old = |until| self.at.signed_duration_since(until) >= IDLE;
        !self.variants.is_empty() || self.revalue.is_some() || self.folded_until.is_none_or(is_old)
    }
}

/// The progress of a store without new movements is written once in this time.
const IDLE: Duration = Duration::seconds(20);

/// A transaction may commit its movements later than it read the clock, by this time. If it takes even longer, the sweep
/// finds its movements.
const MARGIN: Duration = Duration::seconds(10);

/// The number of variants that each search compares with the ledger, whether or not they have new movements.
const SWEEP: i64 = 1_000;

/// The maximal number of variants of one search.
pub const MAX_VARIANTS: i64 = 2_000;

/// Searches among the variants with movements since the last search, and among the next ones of the sweep.
pub fn find_pending_work(conn: &mut PgConnection, store: StoreId) -> QueryResult<PendingWork> {
    let last: Option<(DateTime<Utc>, VariantId)> = valuations::table
        .find(store)
        .select((valuations::folded_until, valuations::swept_variant_id))
        .first(conn)
        .optional()?;
    let (folded_until, swept) = last.unzip();
    let since = folded_until.map(|until| until.checked_sub_signed(MARGIN).unwrap_or(until));
    db::sql(
        "WITH page AS (SELECT id FROM variants WHERE store_id = $1 AND id > $4 ORDER BY id LIMIT $5), \
              recent AS (SELECT DISTINCT variant_id AS id FROM stock_movements WHERE store_id = $1 AND created_at > $3), \
              due AS (SELECT k.id, k.id <= (SELECT MAX(id) FROM page) AND k.id > $4 AS is_swept \
                      FROM (SELECT id FROM page UNION SELECT id FROM recent) k \
                      LEFT JOIN LATERAL (SELECT versions, fold_again_from FROM valuation_checkpoints \
                           WHERE store_id = $1 AND variant_id = k.id OFFSET 0) c ON true \
                      CROSS JOIN LATERAL (SELECT location_id, version FROM stock_levels \
                           WHERE store_id = $1 AND variant_id = k.id OFFSET 0) l \
                      WHERE c.fold_again_from IS NULL AND l.version > COALESCE((c.versions ->> l.location_id::text)::int8, 0) \
                      GROUP BY k.id \
                      ORDER BY k.id LIMIT $6) \
         SELECT $now AS at, $2 AS folded_until, ARRAY(SELECT id FROM due ORDER BY id) AS variants, \
                EXISTS (SELECT FROM due WHERE is_swept) AS is_behind, \
                CASE WHEN (SELECT COUNT(*) FROM page) < $5 THEN 0 ELSE (SELECT MAX(id) FROM page) END AS swept_to, \
                (SELECT variant_id FROM valuation_checkpoints WHERE store_id = $1 AND fold_again_from IS NOT NULL \
                 ORDER BY variant_id LIMIT 1) AS revalue",
    )
    .bind::<BigInt, _>(store)
    .bind::<Nullable<Timestamptz>, _>(folded_until)
    .bind::<Nullable<Timestamptz>, _>(since)
    .bind::<BigInt, _>(swept.unwrap_or(VariantId(0)))
    .bind::<BigInt, _>(SWEEP)
    .bind::<BigInt, _>(MAX_VARIANTS)
    .get_result(conn)
}

/// Locks the progress of the store, so that one server at a time values its ledger. Returns false if another one does.
pub fn lock(conn: &mut PgConnection, store: StoreId, at: DateTime<Utc>) -> QueryResult<bool> {
    let first = (
        valuations::store_id.eq(store),
        valuations::folded_until.eq(at),
        valuations::swept_variant_id.eq(VariantId(0)),
    );
    diesel::insert_into(valuations::table).values(first).on_conflict_do_nothing().execute(conn)?;
    let row = valuations::table.find(store).select(valuations::store_id);
    let locked: Option<StoreId> = row.for_update().skip_locked().first(conn).optional()?;
    Ok(locked.is_some())
}

/// Writes the progress. The row has been locked.
pub fn write(conn: &mut PgConnection, store: StoreId, pending: &PendingWork) -> QueryResult<()> {
    let until = (valuations::folded_until.eq(pending.at), valuations::swept_variant_id.eq(VariantId(pending.swept_to)));
    diesel::update(valuations::table.find(store)).set(until).execute(conn).map(drop)
}
