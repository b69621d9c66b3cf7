//! The SQL of the waiting mails (`mail_outbox`). The DSL has no numbers of rows within a group.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Timestamptz};
use diesel::upsert::excluded;
use serde_json::Value;

use super::outbox::{CAPACITY, CAPACITY_FOR_CONFIRMATIONS, Kind, LEASE, MailKey, NewMail, PendingMail};
use crate::db;
use crate::db::schema::{mail_outbox, users};
use crate::kernel::id::StoreId;
use crate::kernel::moment::after;

#[diesel::declare_sql_function]
extern "SQL" {
    fn least(a: Timestamptz, b: Timestamptz) -> Timestamptz;
}

/// Adds a mail, in the transaction that needs it. If such a mail is already waiting for the recipient, it gets the
/// new deadline and is due soon, but not during an attempt. Returns false if too many mails wait.
pub fn insert_mail(conn: &mut PgConnection, new: &NewMail<'_>, at: DateTime<Utc>) -> QueryResult<bool> {
    if is_full(conn, new.store, new.kind)? {
        return Ok(false);
    }
    // An attempt that runs now ends before this time.
    let soon = after(at, LEASE);
    diesel::insert_into(mail_outbox::table)
        .values(NewRow::new(new, at))
        .on_conflict((mail_outbox::store_id, mail_outbox::kind, mail_outbox::recipient, mail_outbox::about))
        .do_update()
        .set((
            mail_outbox::give_up_at.eq(excluded(mail_outbox::give_up_at)),
            mail_outbox::next_attempt_at.eq(least(mail_outbox::next_attempt_at, soon)),
        ))
        .execute(conn)?;
    Ok(true)
}

/// Adds mails of one store about facts, in the transaction that records the facts. A fact leads to one mail for each
/// recipient. Returns false if too many mails wait. Then the transaction has to be rolled back and repeated later.
pub fn insert_mails(
    conn: &mut PgConnection,
    store: StoreId,
    new: &[NewMail<'_>],
    at: DateTime<Utc>,
) -> QueryResult<bool> {
    let Some(first) = new.first() else { return Ok(true) };
    if is_full(conn, store, first.kind)? {
        return Ok(false);
    }
    for rows in new.chunks(MAX_ROWS) {
        let rows: Vec<_> = rows.iter().map(|new| NewRow::new(new, at)).collect();
        diesel::insert_into(mail_outbox::table).values(rows).on_conflict_do_nothing().execute(conn)?;
    }
    Ok(true)
}

/// The number of mails in one statement. The database limits the number of parameters.
const MAX_ROWS: usize = 5_000;

#[derive(Insertable)]
#[diesel(table_name = mail_outbox)]
struct NewRow<'a> {
    store_id: StoreId,
    kind: Kind,
    recipient: &'a str,
    about: &'a str,
    data: Option<&'a Value>,
    next_attempt_at: DateTime<Utc>,
    give_up_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
}

impl<'a> NewRow<'a> {
    fn new(new: &'a NewMail<'_>, at: DateTime<Utc>) -> Self {
        Self {
            store_id: new.store,
            kind: new.kind,
            recipient: new.recipient,
            about: &new.about,
            data: new.data.as_ref(),
            next_attempt_at: at,
            give_up_at: new.give_up_at,
            created_at: at,
        }
    }
}

/// True if the store has as many waiting mails as are allowed. Requests at the same time may exceed that slightly. Mails
/// that anybody can cause for any address have a limit of their own, so that they do not stop the others.
fn is_full(conn: &mut PgConnection, store: StoreId, kind: Kind) -> QueryResult<bool> {
    let mails = mail_outbox::table.filter(mail_outbox::store_id.eq(store)).select(mail_outbox::id).into_boxed();
    let (mails, capacity) = match kind {
        Kind::StockNoticeConfirmation => (mails.filter(mail_outbox::kind.eq(kind)), CAPACITY_FOR_CONFIRMATIONS),
        _ => (mails.filter(mail_outbox::kind.ne(Kind::StockNoticeConfirmation)), CAPACITY),
    };
    let last: Option<i64> = mails.offset(capacity.saturating_sub(1)).limit(1).first(conn).optional()?;
    Ok(last.is_some())
}

/// Deletes the mails of this kind whose recipient has no active account. Returns their number.
pub fn delete_mails_without_account(conn: &mut PgConnection, store: StoreId, kind: Kind) -> QueryResult<usize> {
    let account = users::table
        .filter(users::email.eq(mail_outbox::recipient))
        .filter(users::active.eq(true))
        // Forces a lookup for each mail. Otherwise, the planner may read all accounts.
        .offset(0);
    let mails = mail_outbox::table
        .filter(mail_outbox::store_id.eq(store))
        .filter(mail_outbox::kind.eq(kind))
        .filter(not(exists(account)));
    diesel::delete(mails).execute(conn)
}

/// Mails that are due at this time, in one store or in all: first the longest due of each store, then the second of each,
/// and so on. The stores after the last one that had a turn come first. Nothing is locked.
pub fn discover_due(
    conn: &mut PgConnection,
    store: Option<StoreId>,
    at: DateTime<Utc>,
    (last, limit): (Option<StoreId>, i64),
) -> QueryResult<Vec<MailKey>> {
    let keys: Vec<(StoreId, i64)> = db::sql(
        "SELECT store_id, id FROM ( \
             SELECT store_id, id, row_number() OVER (PARTITION BY store_id ORDER BY next_attempt_at, id) AS ordinal \
             FROM mail_outbox WHERE next_attempt_at <= $1 AND store_id = COALESCE($2, store_id)) due \
         ORDER BY ordinal, store_id <= COALESCE($3, -1), store_id LIMIT $4",
    )
    .bind::<Timestamptz, _>(at)
    .bind::<Nullable<BigInt>, _>(store)
    .bind::<Nullable<BigInt>, _>(last)
    .bind::<BigInt, _>(limit)
    .columns::<(BigInt, BigInt)>()
    .load(conn)?;
    Ok(keys.into_iter().map(|(store, id)| MailKey { store, id }).collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = mail_outbox)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct MailRow {
    kind: Kind,
    recipient: String,
    data: Option<Value>,
    attempts: i64,
    give_up_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
}

/// The mail with its row locked, unless it is not due any more or another server is working on it.
pub fn find_due_for_update(
    conn: &mut PgConnection,
    key: MailKey,
    at: DateTime<Utc>,
) -> QueryResult<Option<PendingMail>> {
    let found: Option<MailRow> = mail_outbox::table
        .find((key.store, key.id))
        .filter(mail_outbox::next_attempt_at.le(at))
        .select(MailRow::as_select())
        .for_update()
        .skip_locked()
        .first(conn)
        .optional()?;
    Ok(found.map(|row| {
        let MailRow { kind, recipient, data, attempts, give_up_at, created_at } = row;
        PendingMail { key, kind, recipient, data, attempts, give_up_at, created_at }
    }))
}

/// Counts an attempt that begins now, and keeps other servers away until this time.
pub fn begin_attempt(conn: &mut PgConnection, mail: &PendingMail, until: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(mail_outbox::table.find((mail.key.store, mail.key.id)))
        .set((mail_outbox::attempts.eq(mail.attempts.saturating_add(1)), mail_outbox::next_attempt_at.eq(until)))
        .execute(conn)
        .map(drop)
}

/// Sets the time of the next attempt, after one that failed.
pub fn set_next_attempt(conn: &mut PgConnection, key: MailKey, next: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(mail_outbox::table.find((key.store, key.id)))
        .set(mail_outbox::next_attempt_at.eq(next))
        .execute(conn)
        .map(drop)
}

/// Deletes a mail that was sent, or that is not to be sent.
pub fn delete_mail(conn: &mut PgConnection, key: MailKey) -> QueryResult<()> {
    diesel::delete(mail_outbox::table.find((key.store, key.id))).execute(conn).map(drop)
}
