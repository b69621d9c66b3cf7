//! The SQL of refresh tokens. A transaction that changes them has locked their account.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Timestamptz};

use crate::db;
use crate::db::schema::sessions;
use crate::kernel::id::UserId;

/// A refresh token as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = sessions)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Session {
    pub id: i64,
    #[diesel(column_name = family_id)]
    pub family: i64,
    #[diesel(column_name = user_id)]
    pub user: UserId,
    pub expires_at: DateTime<Utc>,
    /// The time at which it was exchanged for the next one.
    pub rotated_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// The token with this hash.
pub fn find_session(conn: &mut PgConnection, token_hash: &[u8]) -> QueryResult<Option<Session>> {
    let token = sessions::table.filter(sessions::token_hash.eq(token_hash));
    token.select(Session::as_select()).first(conn).optional()
}

/// A token to be kept.
#[derive(Clone, Debug)]
pub struct NewSession<'a> {
    pub user: UserId,
    pub token_hash: &'a [u8],
    /// Of the address that it is given to.
    pub address_hash: &'a [u8],
    /// The family that it goes on with; without one it starts its own.
    pub family: Option<i64>,
    pub expires_at: DateTime<Utc>,
}

/// Keeps a token. Once more does nothing, so that a transaction may be run again.
pub fn insert_session(conn: &mut PgConnection, new: &NewSession<'_>, at: DateTime<Utc>) -> QueryResult<()> {
    // A family has the id of its first token, which the DSL can't name while it is inserted.
    db::sql(
        "INSERT INTO sessions (id, family_id, user_id, token_hash, created_at, expires_at, address_hash) \
         SELECT n.id, COALESCE($1, n.id), $2, $3, $4, $5, $6 \
         FROM nextval(pg_get_serial_sequence('sessions', 'id')) AS n (id) \
         ON CONFLICT (token_hash) DO NOTHING",
    )
    .bind::<Nullable<BigInt>, _>(new.family)
    .bind::<BigInt, _>(new.user)
    .bind::<Binary, _>(new.token_hash)
    .bind::<Timestamptz, _>(at)
    .bind::<Timestamptz, _>(new.expires_at)
    .bind::<Binary, _>(new.address_hash)
    .execute(conn)
    .map(drop)
}

/// True if the account was signed in to from the address, as far back as tokens are kept.
pub fn is_known_address(conn: &mut PgConnection, user: UserId, address_hash: &[u8]) -> QueryResult<bool> {
    let known = sessions::table.filter(sessions::user_id.eq(user)).filter(sessions::address_hash.eq(address_hash));
    diesel::select(diesel::dsl::exists(known)).get_result(conn)
}

/// Marks a token as exchanged for the next one.
pub fn mark_rotated(conn: &mut PgConnection, session: &Session, at: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(sessions::table.filter(sessions::id.eq(session.id)))
        .set(sessions::rotated_at.eq(at))
        .execute(conn)
        .map(drop)
}

/// When the n-th newest token of the family was made.
pub fn find_time_of_newest(conn: &mut PgConnection, family: i64, n: i64) -> QueryResult<Option<DateTime<Utc>>> {
    let tokens = sessions::table.filter(sessions::family_id.eq(family)).order(sessions::id.desc());
    tokens.offset(n.saturating_sub(1)).select(sessions::created_at).first(conn).optional()
}

/// Ends the family: its newest token, since the others were exchanged.
pub fn revoke_family(conn: &mut PgConnection, family: i64, at: DateTime<Utc>) -> QueryResult<()> {
    let live = sessions::table
        .filter(sessions::family_id.eq(family))
        .filter(sessions::rotated_at.is_null())
        .filter(sessions::revoked_at.is_null());
    diesel::update(live).set(sessions::revoked_at.eq(at)).execute(conn).map(drop)
}

/// Signs the account out everywhere, except in the session of the family that is kept.
pub fn revoke_user(
    conn: &mut PgConnection,
    user: UserId,
    kept_family: Option<i64>,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    let live = sessions::table
        .filter(sessions::user_id.eq(user))
        // Families are counted from 1.
        .filter(sessions::family_id.ne(kept_family.unwrap_or(0)))
        .filter(sessions::rotated_at.is_null())
        .filter(sessions::revoked_at.is_null());
    diesel::update(live).set(sessions::revoked_at.eq(at)).execute(conn).map(drop)
}

/// Forgets tokens that expired before this moment, some at a time. Returns how many.
pub fn purge(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    let expired: Vec<i64> = sessions::table
        .filter(sessions::expires_at.lt(before))
        .select(sessions::id)
        .order((sessions::expires_at, sessions::id))
        .limit(limit)
        .load(conn)?;
    diesel::delete(sessions::table.filter(sessions::id.eq_any(expired))).execute(conn)
}
