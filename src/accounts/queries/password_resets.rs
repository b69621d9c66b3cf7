//! The SQL of links to choose a new password. Changes are made under the lock of the account.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::schema::password_resets;
use crate::kernel::id::UserId;

/// A link to store, by the hash of its token.
#[derive(Clone, Copy, Debug)]
pub struct NewReset<'a> {
    pub user: UserId,
    pub token_hash: &'a [u8],
    pub expires_at: DateTime<Utc>,
}

/// Stores the link. It replaces an earlier one of the account.
pub fn replace_reset(conn: &mut PgConnection, new: &NewReset<'_>, at: DateTime<Utc>) -> QueryResult<()> {
    let values = (
        password_resets::token_hash.eq(new.token_hash),
        password_resets::created_at.eq(at),
        password_resets::expires_at.eq(new.expires_at),
    );
    diesel::insert_into(password_resets::table)
        .values((password_resets::user_id.eq(new.user), values))
        .on_conflict(password_resets::user_id)
        .do_update()
        .set(values)
        .execute(conn)
        .map(drop)
}

/// The account whose link has this token, if the link has not expired at this time.
pub fn find_account_of(conn: &mut PgConnection, token_hash: &[u8], at: DateTime<Utc>) -> QueryResult<Option<UserId>> {
    password_resets::table
        .filter(password_resets::token_hash.eq(token_hash))
        .filter(password_resets::expires_at.gt(at))
        .select(password_resets::user_id)
        .first(conn)
        .optional()
}

/// Ends the link of the account, if it has one.
pub fn delete_reset(conn: &mut PgConnection, user: UserId) -> QueryResult<()> {
    diesel::delete(password_resets::table.find(user)).execute(conn).map(drop)
}

/// Deletes some of the links that expired before this time. Returns their number.
pub fn purge(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    let expired: Vec<UserId> = password_resets::table
        .filter(password_resets::expires_at.lt(before))
        .select(password_resets::user_id)
        .order((password_resets::expires_at, password_resets::user_id))
        .limit(limit)
        .load(conn)?;
    diesel::delete(password_resets::table.filter(password_resets::user_id.eq_any(expired))).execute(conn)
}
