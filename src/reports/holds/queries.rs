//! The SQL of ended holds. The DSL has neither LATERAL nor UNION in FROM.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Double, Nullable, Text, Timestamptz};

use crate::db;
use crate::db::schema::{hold_folds, holds_by_day};
use crate::kernel::id::StoreId;
use crate::kernel::sum::Sum;

/// The days that have been added up.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Progress {
    pub time_zone: String,
    /// All days before it have been added. None if none has.
    pub next_day: Option<NaiveDate>,
}

/// The stores with ended holds that are older than the last day that was added, or with days in another time zone.
pub fn discover_behind(conn: &mut PgConnection, store: Option<StoreId>) -> QueryResult<Vec<StoreId>> {
    let rows: Vec<(StoreId,)> = db::sql(
        "SELECT s.id FROM stores s LEFT JOIN hold_folds f ON f.store_id = s.id \
         WHERE s.id = COALESCE($1, s.id) AND (f.time_zone <> s.time_zone OR f.next_day IS NULL \
            OR f.next_day < (($now - interval '10 minutes') AT TIME ZONE s.time_zone)::date) ORDER BY s.id",
    )
    .bind::<Nullable<BigInt>, _>(store)
    .columns::<(BigInt,)>()
    .load(conn)?;
    Ok(rows.into_iter().map(|(store,)| store).collect())
}

/// Locks the progress of a store. None if another server has locked it.
pub fn lock(conn: &mut PgConnection, store: StoreId, time_zone: &str) -> QueryResult<Option<Progress>> {
    let row = hold_folds::table.find(store).select((hold_folds::time_zone, hold_folds::next_day));
    if let Some(found) = row.for_update().skip_locked().first(conn).optional()? {
        return Ok(Some(found));
    }
    // The row is inserted only if it is missing, because an insert would wait for a server that has changed the row.
    let exists: Option<StoreId> = hold_folds::table.find(store).select(hold_folds::store_id).first(conn).optional()?;
    if exists.is_some() {
        return Ok(None);
    }
    // The row of a new store is locked by its insert.
    let first = (hold_folds::store_id.eq(store), hold_folds::time_zone.eq(time_zone));
    let inserted = diesel::insert_into(hold_folds::table).values(first).on_conflict_do_nothing().execute(conn)?;
    Ok((inserted == 1).then(|| Progress { time_zone: time_zone.to_owned(), next_day: None }))
}

/// Locks the progress of a store, and waits for another server that has locked it.
pub fn wait_and_lock(conn: &mut PgConnection, store: StoreId, time_zone: &str) -> QueryResult<()> {
    let first = (hold_folds::store_id.eq(store), hold_folds::time_zone.eq(time_zone));
    diesel::insert_into(hold_folds::table).values(first).on_conflict_do_nothing().execute(conn)?;
    let row = hold_folds::table.find(store).select(hold_folds::store_id);
    row.for_update().first::<StoreId>(conn).map(drop)
}

/// Writes the progress. Its row must have been locked.
pub fn write(conn: &mut PgConnection, store: StoreId, progress: &Progress) -> QueryResult<()> {
    let values = (hold_folds::time_zone.eq(&progress.time_zone), hold_folds::next_day.eq(progress.next_day));
    diesel::update(hold_folds::table.find(store)).set(values).execute(conn).map(drop)
}

/// Deletes all days of a store. There are only a few rows for each day.
pub fn delete_all(conn: &mut PgConnection, store: StoreId) -> QueryResult<()> {
    diesel::delete(holds_by_day::table.filter(holds_by_day::store_id.eq(store))).execute(conn).map(drop)
}

/// The next day to add: the first one with ended holds, or if it is earlier, the last day that is over at `until`. None
/// if all days have been added.
pub fn find_next_day(
    conn: &mut PgConnection,
    store: StoreId,
    progress: &Progress,
    until: DateTime<Utc>,
) -> QueryResult<Option<NaiveDate>> {
    db::sql(
        "SELECT d.day FROM (SELECT ($4::timestamptz AT TIME ZONE $2)::date - 1 AS last) l CROSS JOIN LATERAL ( \
              SELECT LEAST(COALESCE((SELECT (MIN(h.ended_at) AT TIME ZONE $2)::date FROM stock_holds h \
                   WHERE h.store_id = $1 AND h.state <> 'active' \
                     AND h.ended_at >= COALESCE(($3::timestamp AT TIME ZONE $2) - interval '3 hours', '-infinity'::timestamptz) \
                     AND (h.ended_at AT TIME ZONE $2)::date >= COALESCE($3, '-infinity'::date)), l.last), l.last) \
                   AS day) d WHERE d.day >= COALESCE($3, d.day)",
    )
    .bind::<BigInt, _>(store)
    .bind::<Text, _>(&progress.time_zone)
    .bind::<Nullable<Date>, _>(progress.next_day)
    .bind::<Timestamptz, _>(until)
    .columns::<Date>()
    .get_result(conn)
    .optional()
}

/// The holds that ended between two days of a time zone, by day and method: the store is `$1`, the zone `$2`, and the days
/// are `$3` and `$4`.
macro_rules! ended {
    () => {
        "SELECT h.day, h.holder_kind, COALESCE(o.payment_method, '') AS payment_method, \
                COUNT(DISTINCT h.window_id) AS ended, \
                COUNT(DISTINCT h.window_id) FILTER (WHERE h.state IN ('sold', 'transferred')) AS converted, \
                COUNT(DISTINCT h.window_id) FILTER (WHERE h.state = 'expired') AS expired \
         FROM (SELECT (ended_at AT TIME ZONE $2)::date AS day, holder_kind, holder_id, state, \
                      CASE holder_kind WHEN 'order' THEN holder_id ELSE id END AS window_id FROM stock_holds \
               WHERE store_id = $1 AND state <> 'active' AND holder_kind IN ('cart', 'order') \
                 AND (holder_kind = 'cart' OR state <> 'transferred') \
                 AND ended_at >= ($3::timestamp AT TIME ZONE $2) - interval '3 hours' \
                 AND ended_at < (($4 + 1)::timestamp AT TIME ZONE $2) + interval '3 hours') h \
         LEFT JOIN LATERAL (SELECT payment_method FROM orders \
              WHERE store_id = $1 AND id = h.holder_id AND h.holder_kind = 'order' OFFSET 0) o ON true \
         WHERE h.day BETWEEN $3 AND $4 GROUP BY h.day, h.holder_kind, COALESCE(o.payment_method, '')"
    };
}

/// Adds a day that is over.
pub fn add_day(conn: &mut PgConnection, store: StoreId, time_zone: &str, day: NaiveDate) -> QueryResult<()> {
    db::sql(concat!(
        "INSERT INTO holds_by_day (store_id, day, holder_kind, payment_method, ended, converted, expired) \
         SELECT $1, t.* FROM (",
        ended!(),
        ") t"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Text, _>(time_zone)
    .bind::<Date, _>(day)
    .bind::<Date, _>(day)
    .execute(conn)
    .map(drop)
}

/// The ends of the holds of carts, or of the payment windows of a method, on a day, or on all days of a period.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct Endings {
    /// None for the whole period.
    #[diesel(sql_type = Nullable<Date>)]
    pub day: Option<NaiveDate>,
    #[diesel(sql_type = Text)]
    pub holder_kind: String,
    /// None for carts.
    #[diesel(sql_type = Nullable<Text>)]
    pub payment_method: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub ended: i64,
    #[diesel(sql_type = BigInt)]
    pub converted: i64,
    #[diesel(sql_type = BigInt)]
    pub expired: i64,
    #[diesel(sql_type = Double)]
    pub conversion_rate: f64,
    #[diesel(sql_type = Double)]
    pub expiry_rate: f64,
}

/// The ended holds of a period by day and method, ascending, then those of the whole period by method. Days that
/// have not been added yet are read from the holds.
pub fn list_endings(
    conn: &mut PgConnection,
    store: StoreId,
    time_zone: &str,
    (from, to): (NaiveDate, NaiveDate),
) -> QueryResult<Vec<Endings>> {
    let row = hold_folds::table.find(store).filter(hold_folds::time_zone.eq(time_zone));
    let next_day = row.select(hold_folds::next_day).first::<Option<NaiveDate>>(conn).optional()?.flatten();
    // Days from this one on are read from the holds.
    let open = next_day.map_or(from, |next| next.max(from));
    db::sql(concat!(
        "WITH days AS (SELECT day, holder_kind, payment_method, ended, converted, expired FROM holds_by_day \
              WHERE store_id = $1 AND day >= $5 AND day <= $4 AND day < $3 UNION ALL ",
        ended!(),
        ") SELECT day, holder_kind, NULLIF(payment_method, '') AS payment_method, SUM(ended)::int8 AS ended, \
                  SUM(converted)::int8 AS converted, SUM(expired)::int8 AS expired, \
                  COALESCE(SUM(converted)::float8 / NULLIF(SUM(ended), 0)::float8, 0) AS conversion_rate, \
                  COALESCE(SUM(expired)::float8 / NULLIF(SUM(ended), 0)::float8, 0) AS expiry_rate \
         FROM days GROUP BY GROUPING SETS ((day, holder_kind, payment_method), (holder_kind, payment_method)) \
         ORDER BY day NULLS LAST, holder_kind, payment_method"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Text, _>(time_zone)
    .bind::<Date, _>(open)
    .bind::<Date, _>(to)
    .bind::<Date, _>(from)
    .load(conn)
}

/// The active holds of carts, or of orders with one payment method.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Active {
    #[diesel(sql_type = Text)]
    pub holder_kind: String,
    /// None for carts.
    #[diesel(sql_type = Nullable<Text>)]
    pub payment_method: Option<String>,
    /// The carts or orders.
    #[diesel(sql_type = BigInt)]
    pub holders: i64,
    #[diesel(sql_type = BigInt)]
    pub units: i64,
    /// The totals of the orders. 0 for carts.
    #[diesel(sql_type = Text)]
    pub amount: Sum,
}

/// The active holds of carts and orders that are not overdue, by method.
pub fn list_active(conn: &mut PgConnection, store: StoreId) -> QueryResult<Vec<Active>> {
    db::sql(
        "SELECT h.holder_kind, o.payment_method, COUNT(*) AS holders, SUM(h.units)::int8 AS units, \
                COALESCE(SUM(o.total_amount), 0)::text AS amount \
         FROM (SELECT holder_kind, holder_id, SUM(quantity) AS units FROM stock_holds \
               WHERE store_id = $1 AND state = 'active' AND holder_kind IN ('cart', 'order') \
                 AND (expires_at IS NULL OR expires_at > $now) GROUP BY holder_kind, holder_id) h \
         LEFT JOIN LATERAL (SELECT payment_method, total_amount FROM orders \
              WHERE store_id = $1 AND id = h.holder_id AND h.holder_kind = 'order' OFFSET 0) o ON true \
         GROUP BY h.holder_kind, o.payment_method ORDER BY h.holder_kind, o.payment_method",
    )
    .bind::<BigInt, _>(store)
    .load(conn)
}
