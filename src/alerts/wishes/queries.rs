//! The SQL of wishes. A batch is deleted and returned by one statement, which the DSL cannot express.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::db;
use crate::db::schema::stock_wishes;
use crate::kernel::id::{StoreId, VariantId};

/// A wish as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = stock_wishes)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Wish {
    pub id: i64,
    pub variant_id: VariantId,
    pub email: String,
    pub asked_at: DateTime<Utc>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
}

/// Inserts a wish. Returns false if the address has this wish already.
pub fn insert(
    conn: &mut PgConnection,
    store: StoreId,
    (variant, email): (VariantId, &str),
    from: &[u8],
    (at, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<bool> {
    let inserted = diesel::insert_into(stock_wishes::table)
        .values((
            stock_wishes::store_id.eq(store),
            stock_wishes::variant_id.eq(variant),
            stock_wishes::email.eq(email),
            stock_wishes::asked_from.eq(from),
            stock_wishes::asked_at.eq(at),
            stock_wishes::expires_at.eq(expires_at),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(inserted == 1)
}

/// Renews an unconfirmed wish that was recorded before this time. Returns false if there is none.
pub fn renew(
    conn: &mut PgConnection,
    store: StoreId,
    (variant, email): (VariantId, &str),
    asked_before: DateTime<Utc>,
    (at, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<bool> {
    let old = stock_wishes::table
        .filter(stock_wishes::store_id.eq(store))
        .filter(stock_wishes::variant_id.eq(variant))
        .filter(stock_wishes::email.eq(email))
        .filter(stock_wishes::confirmed_at.is_null())
        .filter(stock_wishes::asked_at.le(asked_before));
    let renewed = diesel::update(old)
        .set((stock_wishes::asked_at.eq(at), stock_wishes::expires_at.eq(expires_at)))
        .execute(conn)?;
    Ok(renewed == 1)
}

/// True if an address has at least `many` confirmed wishes.
pub fn has_many_confirmed(conn: &mut PgConnection, store: StoreId, email: &str, many: i64) -> QueryResult<bool> {
    let rows = stock_wishes::table
        .filter(stock_wishes::store_id.eq(store))
        .filter(stock_wishes::email.eq(email))
        .filter(stock_wishes::confirmed_at.is_not_null());
    let last = rows.select(stock_wishes::id).offset(many.saturating_sub(1)).limit(1);
    Ok(last.first::<i64>(conn).optional()?.is_some())
}

/// Deletes the oldest unconfirmed wishes of an address, so that `kept` of them remain.
pub fn drop_oldest_unconfirmed(conn: &mut PgConnection, store: StoreId, email: &str, kept: i64) -> QueryResult<()> {
    let unconfirmed = stock_wishes::table
        .filter(stock_wishes::store_id.eq(store))
        .filter(stock_wishes::email.eq(email))
        .filter(stock_wishes::confirmed_at.is_null());
    let newest_first = (stock_wishes::asked_at.desc(), stock_wishes::id.desc());
    let older: Vec<i64> =
        unconfirmed.select(stock_wishes::id).order(newest_first).offset(kept).limit(kept).load(conn)?;
    if older.is_empty() {
        return Ok(());
    }
    // One of them may have been confirmed meanwhile.
    diesel::delete(unconfirmed.filter(stock_wishes::id.eq_any(older))).execute(conn).map(drop)
}

/// True if a variant has at least `many` confirmed wishes.
pub fn has_many(conn: &mut PgConnection, store: StoreId, variant: VariantId, many: i64) -> QueryResult<bool> {
    let rows = stock_wishes::table
        .filter(stock_wishes::store_id.eq(store))
        .filter(stock_wishes::variant_id.eq(variant))
        .filter(stock_wishes::confirmed_at.is_not_null());
    let last = rows.select(stock_wishes::id).offset(many.saturating_sub(1)).limit(1);
    Ok(last.first::<i64>(conn).optional()?.is_some())
}

/// True if at least this number of unconfirmed wishes came from a network and have not expired at this time.
pub fn has_many_from(
    conn: &mut PgConnection,
    store: StoreId,
    from: &[u8],
    (at, many): (DateTime<Utc>, i64),
) -> QueryResult<bool> {
    let rows = stock_wishes::table
        .filter(stock_wishes::store_id.eq(store))
        .filter(stock_wishes::asked_from.eq(from))
        .filter(stock_wishes::confirmed_at.is_null())
        .filter(stock_wishes::expires_at.gt(at));
    let last = rows.select(stock_wishes::id).offset(many.saturating_sub(1)).limit(1);
    Ok(last.first::<i64>(conn).optional()?.is_some())
}

/// The wish of an address with its row locked, if it waits for its confirmation at this time.
pub fn find_unconfirmed_for_update(
    conn: &mut PgConnection,
    store: StoreId,
    (variant, email): (VariantId, &str),
    at: DateTime<Utc>,
) -> QueryResult<Option<Wish>> {
    stock_wishes::table
        .filter(stock_wishes::store_id.eq(store))
        .filter(stock_wishes::variant_id.eq(variant))
        .filter(stock_wishes::email.eq(email))
        .filter(stock_wishes::confirmed_at.is_null())
        .filter(stock_wishes::expires_at.gt(at))
        .select(Wish::as_select())
        .for_update()
        .first(conn)
        .optional()
}

/// Stores the hash of the token in the mailed link. It replaces an earlier one.
pub fn set_token(conn: &mut PgConnection, store: StoreId, wish: i64, hash: &[u8]) -> QueryResult<()> {
    diesel::update(stock_wishes::table.find((store, wish)))
        .set(stock_wishes::token_hash.eq(hash))
        .execute(conn)
        .map(drop)
}

/// The wish whose link has this token, if it has not expired at this time.
pub fn find_by_token(
    conn: &mut PgConnection,
    store: StoreId,
    hash: &[u8],
    at: DateTime<Utc>,
) -> QueryResult<Option<Wish>> {
    stock_wishes::table
        .filter(stock_wishes::store_id.eq(store))
        .filter(stock_wishes::token_hash.eq(hash))
        .filter(stock_wishes::expires_at.gt(at))
        .select(Wish::as_select())
        .first(conn)
        .optional()
}

/// Confirms a wish. A second confirmation changes nothing.
pub fn confirm(
    conn: &mut PgConnection,
    store: StoreId,
    wish: i64,
    (at, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<()> {
    let open = stock_wishes::table.find((store, wish)).filter(stock_wishes::confirmed_at.is_null());
    diesel::update(open)
        .set((
            stock_wishes::confirmed_at.eq(at),
            stock_wishes::expires_at.eq(expires_at),
            stock_wishes::asked_from.eq(None::<Vec<u8>>),
        ))
        .execute(conn)
        .map(drop)
}

/// Marks the confirmed wishes of variants that are back in stock.
pub fn mark_back(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
    at: DateTime<Utc>,
) -> QueryResult<()> {
    let waiting = stock_wishes::table
        .filter(stock_wishes::store_id.eq(store))
        .filter(stock_wishes::variant_id.eq_any(variants))
        .filter(stock_wishes::confirmed_at.is_not_null())
        .filter(stock_wishes::back_at.is_null());
    diesel::update(waiting).set(stock_wishes::back_at.eq(at)).execute(conn).map(drop)
}

/// The stores with wishes whose variants are back in stock.
pub fn discover_back(conn: &mut PgConnection, store: Option<StoreId>) -> QueryResult<Vec<StoreId>> {
    let back = stock_wishes::table.filter(stock_wishes::back_at.is_not_null());
    let back = back.select(stock_wishes::store_id).distinct().into_boxed();
    match store {
        Some(store) => back.filter(stock_wishes::store_id.eq(store)).load(conn),
        None => back.load(conn),
    }
}

/// Deletes some wishes whose variants are back in stock, and returns their ids, variants and addresses.
pub fn take_back(conn: &mut PgConnection, store: StoreId, limit: i64) -> QueryResult<Vec<(i64, VariantId, String)>> {
    db::sql(
        "DELETE FROM stock_wishes WHERE store_id = $1 AND id = ANY (ARRAY( \
             SELECT id FROM stock_wishes WHERE store_id = $1 AND back_at IS NOT NULL \
             ORDER BY back_at, id LIMIT $2)) \
         RETURNING id, variant_id, email",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(limit)
    .columns::<(BigInt, BigInt, Text)>()
    .load(conn)
}

/// Wishes that expired before this moment, in one store or in all. Nothing is locked.
pub fn discover_expired(
    conn: &mut PgConnection,
    store: Option<StoreId>,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<(StoreId, i64)>> {
    let expired = stock_wishes::table
        .filter(stock_wishes::expires_at.lt(before))
        .select((stock_wishes::store_id, stock_wishes::id))
        .order(stock_wishes::expires_at)
        .limit(limit)
        .into_boxed();
    match store {
        Some(store) => expired.filter(stock_wishes::store_id.eq(store)).load(conn),
        None => expired.load(conn),
    }
}

/// Deletes wishes that have not been renewed. Returns their number.
pub fn purge(conn: &mut PgConnection, store: StoreId, before: DateTime<Utc>, ids: &[i64]) -> QueryResult<usize> {
    let rows = stock_wishes::table
        .filter(stock_wishes::store_id.eq(store))
        .filter(stock_wishes::id.eq_any(ids))
        .filter(stock_wishes::expires_at.lt(before));
    diesel::delete(rows).execute(conn)
}
