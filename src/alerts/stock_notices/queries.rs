//! The SQL of stock notices. A batch is deleted and returned by one statement, which the DSL cannot express.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::db;
use crate::db::schema::stock_notices;
use crate::kernel::id::{StoreId, VariantId};

/// A stock notice as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = stock_notices)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct StockNotice {
    pub id: i64,
    pub variant_id: VariantId,
    pub email: String,
    pub asked_at: DateTime<Utc>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
}

/// Inserts a stock notice. Returns false if the address already has one for this variant.
pub fn insert(
    conn: &mut PgConnection,
    store: StoreId,
    (variant, email): (VariantId, &str),
    from: &[u8],
    (at, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<bool> {
    let inserted = diesel::insert_into(stock_notices::table)
        .values((
            stock_notices::store_id.eq(store),
            stock_notices::variant_id.eq(variant),
            stock_notices::email.eq(email),
            stock_notices::asked_from.eq(from),
            stock_notices::asked_at.eq(at),
            stock_notices::expires_at.eq(expires_at),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(inserted == 1)
}

/// Renews an unconfirmed stock notice that was recorded before this time. Returns false if there is none.
pub fn renew(
    conn: &mut PgConnection,
    store: StoreId,
    (variant, email): (VariantId, &str),
    asked_before: DateTime<Utc>,
    (at, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<bool> {
    let old = stock_notices::table
        .filter(stock_notices::store_id.eq(store))
        .filter(stock_notices::variant_id.eq(variant))
        .filter(stock_notices::email.eq(email))
        .filter(stock_notices::confirmed_at.is_null())
        .filter(stock_notices::asked_at.le(asked_before));
    let renewed = diesel::update(old)
        .set((stock_notices::asked_at.eq(at), stock_notices::expires_at.eq(expires_at)))
        .execute(conn)?;
    Ok(renewed == 1)
}

/// True if an address has at least `many` confirmed stock notices.
pub fn has_many_confirmed(conn: &mut PgConnection, store: StoreId, email: &str, many: i64) -> QueryResult<bool> {
    let rows = stock_notices::table
        .filter(stock_notices::store_id.eq(store))
        .filter(stock_notices::email.eq(email))
        .filter(stock_notices::confirmed_at.is_not_null());
    let last = rows.select(stock_notices::id).offset(many.saturating_sub(1)).limit(1);
    Ok(last.first::<i64>(conn).optional()?.is_some())
}

/// Deletes the oldest unconfirmed stock notices of an address, so that `kept` of them remain.
pub fn drop_oldest_unconfirmed(conn: &mut PgConnection, store: StoreId, email: &str, kept: i64) -> QueryResult<()> {
    let unconfirmed = stock_notices::table
        .filter(stock_notices::store_id.eq(store))
        .filter(stock_notices::email.eq(email))
        .filter(stock_notices::confirmed_at.is_null());
    let newest_first = (stock_notices::asked_at.desc(), stock_notices::id.desc());
    let older: Vec<i64> =
        unconfirmed.select(stock_notices::id).order(newest_first).offset(kept).limit(kept).load(conn)?;
    if older.is_empty() {
        return Ok(());
    }
    // One of them may have been confirmed meanwhile.
    diesel::delete(unconfirmed.filter(stock_notices::id.eq_any(older))).execute(conn).map(drop)
}

/// True if a variant has at least `many` confirmed stock notices.
pub fn has_many(conn: &mut PgConnection, store: StoreId, variant: VariantId, many: i64) -> QueryResult<bool> {
    let rows = stock_notices::table
        .filter(stock_notices::store_id.eq(store))
        .filter(stock_notices::variant_id.eq(variant))
        .filter(stock_notices::confirmed_at.is_not_null());
    let last = rows.select(stock_notices::id).offset(many.saturating_sub(1)).limit(1);
    Ok(last.first::<i64>(conn).optional()?.is_some())
}

/// True if at least this number of unconfirmed stock notices came from a network and have not expired at this time.
pub fn has_many_from(
    conn: &mut PgConnection,
    store: StoreId,
    from: &[u8],
    (at, many): (DateTime<Utc>, i64),
) -> QueryResult<bool> {
    let rows = stock_notices::table
        .filter(stock_notices::store_id.eq(store))
        .filter(stock_notices::asked_from.eq(from))
        .filter(stock_notices::confirmed_at.is_null())
        .filter(stock_notices::expires_at.gt(at));
    let last = rows.select(stock_notices::id).offset(many.saturating_sub(1)).limit(1);
    Ok(last.first::<i64>(conn).optional()?.is_some())
}

/// The stock notice of an address with its row locked, if it waits for its confirmation at this time.
pub fn find_unconfirmed_for_update(
    conn: &mut PgConnection,
    store: StoreId,
    (variant, email): (VariantId, &str),
    at: DateTime<Utc>,
) -> QueryResult<Option<StockNotice>> {
    stock_notices::table
        .filter(stock_notices::store_id.eq(store))
        .filter(stock_notices::variant_id.eq(variant))
        .filter(stock_notices::email.eq(email))
        .filter(stock_notices::confirmed_at.is_null())
        .filter(stock_notices::expires_at.gt(at))
        .select(StockNotice::as_select())
        .for_update()
        .first(conn)
        .optional()
}

/// Stores the hash of the token in the mailed link. It replaces an earlier one.
pub fn set_token(conn: &mut PgConnection, store: StoreId, notice: i64, hash: &[u8]) -> QueryResult<()> {
    diesel::update(stock_notices::table.find((store, notice)))
        .set(stock_notices::token_hash.eq(hash))
        .execute(conn)
        .map(drop)
}

/// The stock notice whose link has this token, if it has not expired at this time.
pub fn find_by_token(
    conn: &mut PgConnection,
    store: StoreId,
    hash: &[u8],
    at: DateTime<Utc>,
) -> QueryResult<Option<StockNotice>> {
    stock_notices::table
        .filter(stock_notices::store_id.eq(store))
        .filter(stock_notices::token_hash.eq(hash))
        .filter(stock_notices::expires_at.gt(at))
        .select(StockNotice::as_select())
        .first(conn)
        .optional()
}

/// Confirms a stock notice. A second confirmation changes nothing.
pub fn confirm(
    conn: &mut PgConnection,
    store: StoreId,
    notice: i64,
    (at, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<()> {
    let open = stock_notices::table.find((store, notice)).filter(stock_notices::confirmed_at.is_null());
    diesel::update(open)
        .set((
            stock_notices::confirmed_at.eq(at),
            stock_notices::expires_at.eq(expires_at),
            stock_notices::asked_from.eq(None::<Vec<u8>>),
        ))
        .execute(conn)
        .map(drop)
}

/// Marks the confirmed stock notices of variants that are back in stock.
pub fn mark_back(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
    at: DateTime<Utc>,
) -> QueryResult<()> {
    let waiting = stock_notices::table
        .filter(stock_notices::store_id.eq(store))
        .filter(stock_notices::variant_id.eq_any(variants))
        .filter(stock_notices::confirmed_at.is_not_null())
        .filter(stock_notices::back_at.is_null());
    diesel::update(waiting).set(stock_notices::back_at.eq(at)).execute(conn).map(drop)
}

/// The stores with stock notices whose variants are back in stock.
pub fn discover_back(conn: &mut PgConnection, store: Option<StoreId>) -> QueryResult<Vec<StoreId>> {
    let back = stock_notices::table.filter(stock_notices::back_at.is_not_null());
    let back = back.select(stock_notices::store_id).distinct().into_boxed();
    match store {
        Some(store) => back.filter(stock_notices::store_id.eq(store)).load(conn),
        None => back.load(conn),
    }
}

/// Deletes some stock notices whose variants are back in stock, and returns their ids, variants and addresses.
pub fn take_back(conn: &mut PgConnection, store: StoreId, limit: i64) -> QueryResult<Vec<(i64, VariantId, String)>> {
    db::sql(
        "DELETE FROM stock_notices WHERE store_id = $1 AND id = ANY (ARRAY( \
             SELECT id FROM stock_notices WHERE store_id = $1 AND back_at IS NOT NULL \
             ORDER BY back_at, id LIMIT $2)) \
         RETURNING id, variant_id, email",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(limit)
    .columns::<(BigInt, BigInt, Text)>()
    .load(conn)
}

/// Stock notices that expired before this moment, in one store or in all. Nothing is locked.
pub fn discover_expired(
    conn: &mut PgConnection,
    store: Option<StoreId>,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<(StoreId, i64)>> {
    let expired = stock_notices::table
        .filter(stock_notices::expires_at.lt(before))
        .select((stock_notices::store_id, stock_notices::id))
        .order(stock_notices::expires_at)
        .limit(limit)
        .into_boxed();
    match store {
        Some(store) => expired.filter(stock_notices::store_id.eq(store)).load(conn),
        None => expired.load(conn),
    }
}

/// Deletes these notices, unless they were renewed. Returns their number.
pub fn purge(conn: &mut PgConnection, store: StoreId, before: DateTime<Utc>, ids: &[i64]) -> QueryResult<usize> {
    let rows = stock_notices::table
        .filter(stock_notices::store_id.eq(store))
        .filter(stock_notices::id.eq_any(ids))
        .filter(stock_notices::expires_at.lt(before));
    diesel::delete(rows).execute(conn)
}
