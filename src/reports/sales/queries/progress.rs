//! The SQL of the progress of the fold. The DSL has neither WITH RECURSIVE nor the lengths of arrays.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Timestamptz};

use crate::db;
use crate::db::schema::sales_folds;
use crate::kernel::id::StoreId;

/// The facts that the roll-ups of a store contain: those up to the position, or only those of days before `kept_day` that
/// are up to the kept position, whichever are more.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Progress {
    pub time_zone: String,
    pub position: i64,
    pub kept_position: i64,
    pub kept_day: Option<NaiveDate>,
    /// False while the roll-ups still have old rows of `kept_day` or a later day.
    pub is_emptied: bool,
}

impl Progress {
    /// No fact is added yet, and old rows may be left.
    #[must_use]
    pub fn start(time_zone: &str) -> Self {
        Self { time_zone: time_zone.to_owned(), position: 0, kept_position: 0, kept_day: None, is_emptied: false }
    }

    /// Keeps only the days before this one. The facts after `position` are added again.
    #[must_use]
    pub fn back_to(&self, day: NaiveDate, position: i64) -> Self {
        // All days are computed again, and none of them yet.
        if self.kept_day.is_none() && !self.is_emptied {
            return self.clone();
        }
        let is_whole = self.is_emptied && self.position >= self.kept_position;
        let kept_day = self.kept_day.filter(|_| !is_whole);
        Self {
            time_zone: self.time_zone.clone(),
            position: position.min(self.position),
            kept_position: self.position.max(self.kept_position),
            kept_day: Some(kept_day.map_or(day, |kept| kept.min(day))),
            is_emptied: false,
        }
    }
}

/// The stores with facts, settings or corrections that are not in the roll-ups yet.
pub fn discover_behind(conn: &mut PgConnection, store: Option<StoreId>) -> QueryResult<Vec<StoreId>> {
    let rows: Vec<(StoreId,)> = db::sql(
        "SELECT s.id FROM stores s LEFT JOIN sales_folds f ON f.store_id = s.id \
         LEFT JOIN feed_positions p ON p.store_id = s.id \
         WHERE s.id = COALESCE($1, s.id) \
           AND (COALESCE(p.position, 0) > COALESCE(f.position, 0) OR f.time_zone <> s.time_zone OR NOT f.is_emptied \
                OR EXISTS (SELECT FROM revaluations r WHERE r.store_id = s.id)) ORDER BY s.id",
    )
    .bind::<Nullable<BigInt>, _>(store)
    .columns::<(BigInt,)>()
    .load(conn)?;
    Ok(rows.into_iter().map(|(store,)| store).collect())
}

type Columns = (
    sales_folds::time_zone,
    sales_folds::position,
    sales_folds::kept_position,
    sales_folds::kept_day,
    sales_folds::is_emptied,
);

const COLUMNS: Columns = (
    sales_folds::time_zone,
    sales_folds::position,
    sales_folds::kept_position,
    sales_folds::kept_day,
    sales_folds::is_emptied,
);

/// Locks the progress of a store. None if another server has locked it.
pub fn lock(conn: &mut PgConnection, store: StoreId, time_zone: &str) -> QueryResult<Option<Progress>> {
    let row = sales_folds::table.find(store).select(COLUMNS).for_update().skip_locked();
    if let Some(found) = row.first(conn).optional()? {
        return Ok(Some(found));
    }
    // The row is inserted only if it is missing, because an insert would wait for a server that has changed the row.
    if find(conn, store)?.is_some() {
        return Ok(None);
    }
    // The row of a new store is locked by its insert.
    let first = Progress::start(time_zone);
    let inserted = diesel::insert_into(sales_folds::table)
        .values((sales_folds::store_id.eq(store), values(&first)))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok((inserted == 1).then_some(first))
}

/// Locks the progress of a store, and waits for another server that has locked it.
pub fn wait_and_lock(conn: &mut PgConnection, store: StoreId, time_zone: &str) -> QueryResult<()> {
    let first = Progress::start(time_zone);
    let values = (sales_folds::store_id.eq(store), values(&first));
    diesel::insert_into(sales_folds::table).values(values).on_conflict_do_nothing().execute(conn)?;
    let row = sales_folds::table.find(store).select(sales_folds::store_id);
    row.for_update().first::<StoreId>(conn).map(drop)
}

/// None before the first run of the job.
pub fn find(conn: &mut PgConnection, store: StoreId) -> QueryResult<Option<Progress>> {
    sales_folds::table.find(store).select(COLUMNS).first(conn).optional()
}

/// Writes the progress. Its row must have been locked.
pub fn write(conn: &mut PgConnection, store: StoreId, progress: &Progress) -> QueryResult<()> {
    diesel::update(sales_folds::table.find(store)).set(values(progress)).execute(conn).map(drop)
}

type Values<'a> = (
    diesel::dsl::Eq<sales_folds::time_zone, &'a str>,
    diesel::dsl::Eq<sales_folds::position, i64>,
    diesel::dsl::Eq<sales_folds::kept_position, i64>,
    diesel::dsl::Eq<sales_folds::kept_day, Option<NaiveDate>>,
    diesel::dsl::Eq<sales_folds::is_emptied, bool>,
);

fn values(progress: &Progress) -> Values<'_> {
    let Progress { time_zone, position, kept_position, kept_day, is_emptied } = progress;
    (
        sales_folds::time_zone.eq(time_zone.as_str()),
        sales_folds::position.eq(*position),
        sales_folds::kept_position.eq(*kept_position),
        sales_folds::kept_day.eq(*kept_day),
        sales_folds::is_emptied.eq(*is_emptied),
    )
}

/// The last position of the next part: rows of the feed with at most `entries` entries together, or one row. It ends
/// before the first sale that is not valued yet. None if nothing can be added.
pub fn find_end(conn: &mut PgConnection, store: StoreId, after: i64, entries: i64) -> QueryResult<Option<i64>> {
    db::sql(
        "WITH next AS MATERIALIZED (SELECT position, movements, SUM(cardinality(entries)) OVER (ORDER BY position) AS until, \
                     row_number() OVER (ORDER BY position) AS number \
              FROM (SELECT position, movements, entries FROM feed WHERE store_id = $1 AND position > $2 \
                    ORDER BY position LIMIT 1000) f), \
         part AS MATERIALIZED (SELECT position, movements FROM next WHERE until <= $3 OR number = 1), \
         unvalued AS (SELECT MIN(p.position) AS position FROM part p CROSS JOIN LATERAL unnest(p.movements) AS u (id) \
              CROSS JOIN LATERAL (SELECT variant_id, location_id, version FROM stock_movements \
                   WHERE store_id = $1 AND id = u.id AND kind = 'fulfil' OFFSET 0) m \
              LEFT JOIN LATERAL (SELECT versions FROM valuation_checkpoints \
                   WHERE store_id = $1 AND variant_id = m.variant_id OFFSET 0) c ON true \
              WHERE m.version > COALESCE((c.versions ->> m.location_id::text)::int8, 0)) \
         SELECT MAX(p.position) FROM part p, unvalued u WHERE p.position < COALESCE(u.position, 9223372036854775807)",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(entries)
    .columns::<Nullable<BigInt>>()
    .get_result(conn)
}

/// A position before all rows of the feed that were created at or after a time. Rows are almost in the order of their
/// creation, so a binary search finds it.
pub fn find_position_before(conn: &mut PgConnection, store: StoreId, at: DateTime<Utc>) -> QueryResult<i64> {
    db::sql(
        "WITH RECURSIVE search AS ( \
              SELECT 0::int8 AS low, COALESCE((SELECT position FROM feed_positions WHERE store_id = $1), 0) AS high \
              UNION ALL \
              SELECT CASE WHEN f.created_at < $2 THEN m.middle ELSE s.low END, \
                     CASE WHEN f.created_at < $2 THEN s.high ELSE m.middle - 1 END \
              FROM search s CROSS JOIN LATERAL (SELECT (s.low + s.high + 1) / 2 AS middle) m \
              CROSS JOIN LATERAL (SELECT created_at FROM feed WHERE store_id = $1 AND position = m.middle) f \
              WHERE s.low < s.high) \
         SELECT MAX(low) FROM search",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .columns::<BigInt>()
    .get_result(conn)
}
