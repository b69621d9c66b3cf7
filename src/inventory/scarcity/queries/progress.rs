//! The SQL of the progress of the job in a store. The DSL has no LATERAL.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Timestamptz};

use super::figures::{outdated_variants, with_outdated};
use crate::db;
use crate::db::schema::{scarcity_changes, scarcity_searches};
use crate::kernel::id::{StoreId, VariantId};

/// The number of variants that each step computes whether or not they changed.
const SWEEP: i64 = 200;

/// The same while some variants have never been computed.
const FIRST_SWEEP: i64 = 2_000;

/// The maximal number of movements of a step, beside those of the last moment, and of noted changes.
const MAX_CHANGES: i64 = 2_000;

/// Readers compute everything if the last step is older.
const MAX_AGE: Duration = Duration::hours(1);

/// The same if the last step is so far in the future: the clock was set back, so later movements look old.
const MAX_LEAD: Duration = Duration::minutes(2);

/// The progress of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = scarcity_searches)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Progress {
    pub searched_until: DateTime<Utc>,
    pub swept_variant_id: VariantId,
    pub is_complete: bool,
}

/// The time until which the stored figures are complete. None if everything has to be computed, because the figures are
/// not complete, or because the job did not run for so long that most of them are outdated.
pub fn find_complete(conn: &mut PgConnection, store: StoreId) -> QueryResult<Option<DateTime<Utc>>> {
    let now = db::clock(conn)?;
    let oldest = now.checked_sub_signed(MAX_AGE).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let newest = now.checked_add_signed(MAX_LEAD).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let whole = scarcity_changes::table
        .filter(scarcity_changes::store_id.eq(store))
        .filter(scarcity_changes::variant_id.is_null());
    scarcity_searches::table
        .find(store)
        .filter(scarcity_searches::is_complete)
        .filter(scarcity_searches::searched_until.between(oldest, newest))
        .filter(diesel::dsl::not(diesel::dsl::exists(whole)))
        .select(scarcity_searches::searched_until)
        .first(conn)
        .optional()
}

/// Locks the progress of the store. None if another server writes the figures at this moment.
pub fn lock(conn: &mut PgConnection, store: StoreId) -> QueryResult<Option<Progress>> {
    let first = (
        scarcity_searches::store_id.eq(store),
        scarcity_searches::searched_until.eq(db::clock(conn)?),
        scarcity_searches::swept_variant_id.eq(VariantId(0)),
        scarcity_searches::is_complete.eq(false),
    );
    diesel::insert_into(scarcity_searches::table).values(first).on_conflict_do_nothing().execute(conn)?;
    let row = scarcity_searches::table.find(store).select(Progress::as_select());
    row.for_update().skip_locked().first(conn).optional()
}

/// The work of a step.
#[derive(Clone, Debug, QueryableByName)]
pub struct DueWork {
    /// The time until which this step searches.
    #[diesel(sql_type = Timestamptz)]
    pub until: DateTime<Utc>,
    /// False if there are movements after that time.
    #[diesel(sql_type = Bool)]
    pub is_up_to_date: bool,
    /// The last variant of this page of the sweep. None if it is the last page.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub swept_to: Option<VariantId>,
    /// The variants to compute, ascending.
    #[diesel(sql_type = Array<BigInt>)]
    pub variants: Vec<VariantId>,
    /// The noted changes that lead to them.
    #[diesel(sql_type = Array<BigInt>)]
    pub changes: Vec<i64>,
    /// True if a noted change is of the whole store.
    #[diesel(sql_type = Bool)]
    pub is_of_store: bool,
}

/// Searches for variants that changed since the last step, and takes the next page of the sweep.
pub fn find_due(conn: &mut PgConnection, store: StoreId, last: &Progress) -> QueryResult<DueWork> {
    db::sql(concat!(
        "WITH page AS (SELECT id FROM variants WHERE store_id = $1 AND id > $3 ORDER BY id LIMIT $4), \
              noted AS (SELECT store_id, id, variant_id FROM scarcity_changes WHERE store_id = $1 ORDER BY id LIMIT $5), \
              next AS (SELECT LEAST( \
                   (SELECT created_at FROM stock_movements WHERE store_id = $1 AND created_at > $2 \
                    ORDER BY created_at, id LIMIT 1 OFFSET $5), \
                   (SELECT created_at + interval '30 days' FROM stock_movements WHERE store_id = $1 \
                       AND created_at > $2::timestamptz - interval '30 days' AND created_at <= $now - interval '30 days' \
                    ORDER BY created_at, id LIMIT 1 OFFSET $5)) AS at), \
              step AS (SELECT COALESCE(at, GREATEST($now, $2)) AS until, at IS NULL AS is_up_to_date FROM next) \
         SELECT until, is_up_to_date, \
                CASE WHEN (SELECT COUNT(*) FROM page) < $4 THEN NULL ELSE (SELECT MAX(id) FROM page) END AS swept_to, \
                ARRAY(SELECT variant_id FROM ",
        outdated_variants!("$2", "(SELECT until FROM step)", "noted"),
        " o UNION SELECT id FROM page ORDER BY 1) AS variants, ARRAY(SELECT id FROM noted) AS changes, \
                EXISTS (SELECT FROM noted WHERE variant_id IS NULL) AS is_of_store FROM step"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(last.searched_until)
    .bind::<BigInt, _>(last.swept_variant_id)
    .bind::<BigInt, _>(if last.is_complete { SWEEP } else { FIRST_SWEEP })
    .bind::<BigInt, _>(MAX_CHANGES)
    .get_result(conn)
}

/// Writes the progress, which has been locked. Returns true if more work waits.
pub fn write(conn: &mut PgConnection, store: StoreId, last: &Progress, due: &DueWork) -> QueryResult<bool> {
    let is_swept = due.swept_to.is_none();
    let (swept, is_complete) = match due.is_of_store {
        // Variants before this page may have changed, too.
        true => (VariantId(0), false),
        false => (due.swept_to.unwrap_or(VariantId(0)), last.is_complete || is_swept),
    };
    let set = (
        scarcity_searches::searched_until.eq(due.until),
        scarcity_searches::swept_variant_id.eq(swept),
        scarcity_searches::is_complete.eq(is_complete),
    );
    diesel::update(scarcity_searches::table.find(store)).set(set).execute(conn)?;
    Ok(!is_complete || !due.is_up_to_date || db::count(due.changes.len()) == MAX_CHANGES)
}

/// The number of variants that are compared at a time.
const PAGE: i64 = 5_000;

/// The next variants whose stored figures are not outdated, ascending, and the last variant of this page. None if it is
/// the last page.
pub fn list_current(
    conn: &mut PgConnection,
    store: StoreId,
    until: DateTime<Utc>,
    last: VariantId,
) -> QueryResult<(Vec<VariantId>, Option<VariantId>)> {
    let (variants, next): (Vec<VariantId>, Option<VariantId>) = db::sql(concat!(
        with_outdated!("$2"),
        ", page AS (SELECT id FROM variants WHERE store_id = $1 AND id > $3 ORDER BY id LIMIT $4) \
         SELECT ARRAY(SELECT id FROM page WHERE id NOT IN (SELECT variant_id FROM outdated) ORDER BY id) AS variants, \
                CASE WHEN (SELECT COUNT(*) FROM page) = $4 THEN (SELECT MAX(id) FROM page) END AS next"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(until)
    .bind::<BigInt, _>(last)
    .bind::<BigInt, _>(PAGE)
    .columns::<(Array<BigInt>, Nullable<BigInt>)>()
    .get_result(conn)?;
    Ok((variants, next))
}
