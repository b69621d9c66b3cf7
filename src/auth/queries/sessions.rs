//! The SQL of sessions: refresh tokens, and the cookies of browsers. A transaction that changes them has locked their
//! account, except the one that writes a use.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text, Timestamptz};

use crate::auth::cookie;
use crate::db;
use crate::db::schema::sessions;
use crate::kernel::id::{SessionId, UserId};
use crate::kernel::moment::after;
use crate::kernel::page::{List, PageQuery, Sort};

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

/// The refresh token with this hash.
pub fn find_session(conn: &mut PgConnection, token_hash: &[u8]) -> QueryResult<Option<Session>> {
    let token = sessions::table.filter(sessions::token_hash.eq(token_hash)).filter(sessions::is_cookie.eq(false));
    token.select(Session::as_select()).first(conn).optional()
}

/// A token to insert.
#[derive(Clone, Debug)]
pub struct NewSession<'a> {
    pub user: UserId,
    pub token_hash: &'a [u8],
    /// The hash of the address to which it is given.
    pub address_hash: &'a [u8],
    /// The family that it continues. Without one, it starts a new family.
    pub family: Option<i64>,
    pub expires_at: DateTime<Utc>,
}

/// Inserts a token. A second insert changes nothing, so that a transaction may run again.
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

/// A session of a browser as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = sessions)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct BrowserSession {
    pub id: SessionId,
    pub created_at: DateTime<Utc>,
    /// Null for refresh tokens only.
    pub last_used_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
}

/// A cookie to insert.
#[derive(Clone, Debug)]
pub struct NewCookie<'a> {
    pub user: UserId,
    pub token_hash: &'a [u8],
    pub address_hash: &'a [u8],
    pub address: Option<String>,
    pub user_agent: Option<&'a str>,
    pub expires_at: DateTime<Utc>,
}

/// Inserts a cookie, and returns its session. A second insert changes nothing, so that a transaction may run again.
pub fn insert_cookie(conn: &mut PgConnection, new: &NewCookie<'_>, at: DateTime<Utc>) -> QueryResult<BrowserSession> {
    // A session has its own id as its family, which the DSL can't name while it is inserted.
    db::sql(
        "INSERT INTO sessions (id, family_id, user_id, token_hash, address_hash, address, user_agent, created_at, \
                last_used_at, expires_at, is_cookie) \
         SELECT n.id, n.id, $1, $2, $3, $4, $5, $6, $6, $7, true \
         FROM nextval(pg_get_serial_sequence('sessions', 'id')) AS n (id) \
         ON CONFLICT (token_hash) DO NOTHING",
    )
    .bind::<BigInt, _>(new.user)
    .bind::<Binary, _>(new.token_hash)
    .bind::<Binary, _>(new.address_hash)
    .bind::<Nullable<Text>, _>(new.address.as_deref())
    .bind::<Nullable<Text>, _>(new.user_agent)
    .bind::<Timestamptz, _>(at)
    .bind::<Timestamptz, _>(new.expires_at)
    .execute(conn)?;
    let kept = sessions::table.filter(sessions::token_hash.eq(new.token_hash)).filter(sessions::is_cookie);
    kept.select(BrowserSession::as_select()).first(conn)
}

type Cookies<'a> = sessions::BoxedQuery<'a, Pg>;

/// The sessions of browsers of the account that have not ended.
fn live_cookies<'a>(user: UserId, at: DateTime<Utc>) -> Cookies<'a> {
    sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::is_cookie)
        .filter(sessions::rotated_at.is_null())
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(at))
        .filter(sessions::last_used_at.gt(after(at, -cookie::IDLE)))
        .into_boxed()
}

/// The session of a browser, if it belongs to the account and has not ended.
pub fn find_cookie(
    conn: &mut PgConnection,
    user: UserId,
    session: SessionId,
    at: DateTime<Utc>,
) -> QueryResult<Option<BrowserSession>> {
    let found = live_cookies(user, at).filter(sessions::id.eq(session));
    found.select(BrowserSession::as_select()).first(conn).optional()
}

/// The columns that sessions can be sorted by.
pub const SORTS: [&str; 2] = ["last_used_at", "created_at"];

/// One page of the sessions of browsers of the account.
pub fn list_cookies(
    conn: &mut PgConnection,
    user: UserId,
    at: DateTime<Utc>,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<List<BrowserSession>> {
    let total = live_cookies(user, at).count().get_result(conn)?;
    let query = live_cookies(user, at);
    let query = match (sort.column, sort.descending) {
        ("created_at", false) => query.order((sessions::created_at.asc(), sessions::id.asc())),
        ("created_at", true) => query.order((sessions::created_at.desc(), sessions::id.desc())),
        (_, false) => query.order((sessions::last_used_at.asc(), sessions::id.asc())),
        (_, true) => query.order((sessions::last_used_at.desc(), sessions::id.desc())),
    };
    let found = query.select(BrowserSession::as_select()).limit(page.limit).offset(page.offset()).load(conn)?;
    Ok(page.list(found, total))
}

/// Writes the last use of a session of a browser.
pub fn note_use(conn: &mut PgConnection, session: i64, at: DateTime<Utc>) -> QueryResult<()> {
    let earlier = sessions::table.filter(sessions::id.eq(session)).filter(sessions::last_used_at.lt(at));
    diesel::update(earlier).set(sessions::last_used_at.eq(at)).execute(conn).map(drop)
}

/// The sessions of browsers that were ended after this time, before their expiry.
pub fn list_ended_cookies(conn: &mut PgConnection, since: DateTime<Utc>) -> QueryResult<Vec<i64>> {
    sessions::table.filter(sessions::is_cookie).filter(sessions::revoked_at.gt(since)).select(sessions::id).load(conn)
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

/// The time at which the n-th newest token of the family was created.
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

/// Deletes some of the tokens that expired before this time. Returns their number.
pub fn purge(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    let expired: Vec<i64> = sessions::table
        .filter(sessions::expires_at.lt(before))
        .select(sessions::id)
        .order((sessions::expires_at, sessions::id))
        .limit(limit)
        .load(conn)?;
    diesel::delete(sessions::table.filter(sessions::id.eq_any(expired))).execute(conn)
}
