//! The SQL of claims. A claim is the first row that a transaction writes, and so its first lock. Sets of keys are bound
//! as arrays, which the DSL can neither insert nor join.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, SmallInt, Text, Timestamptz};

use super::answer::Answer;
use crate::db::schema::idempotency_keys;
use crate::db::{self, Failure};
use crate::kernel::id::StoreId;

/// The claim of a request to be done once: its key, within its store and its caller, and its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub caller: String,
    pub key: String,
    pub fingerprint: Vec<u8>,
}

impl Claim {
    pub fn has_same_key(&self, other: &Self) -> bool {
        self.caller == other.caller && self.key == other.key
    }
}

/// The state of a request after the keys of its batch were claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimStatus {
    /// The key was free, and now belongs to this request. The work must be done.
    Fresh,
    /// An earlier request with this key is complete.
    Done(Answer),
    /// The key belongs to another request.
    Reused,
    /// Another transaction holds this key.
    InProgress,
    /// An earlier request of this batch has the same key.
    SameAs(usize),
}

#[derive(QueryableByName)]
struct StoredRow {
    #[diesel(sql_type = Text)]
    caller: String,
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Binary)]
    fingerprint: Vec<u8>,
    #[diesel(sql_type = Nullable<SmallInt>)]
    status: Option<i16>,
    #[diesel(sql_type = Nullable<Binary>)]
    body: Option<Vec<u8>>,
}

/// Claims the keys of a batch, always in the same order. If another transaction holds a key, the insert waits, up to
/// the lock timeout.
///
/// The claims must differ in caller or key. Each is fresh, done or reused afterwards.
pub fn claim_all(conn: &mut PgConnection, store: StoreId, claims: &[&Claim]) -> Result<Vec<ClaimStatus>, Failure> {
    let now = Utc::now();
    let fresh: Vec<KeyName> = db::sql(
        "INSERT INTO idempotency_keys (store_id, caller, key, fingerprint, created_at) \
         SELECT $1, c.caller, c.key, c.fingerprint, $2 \
         FROM unnest($3::text[], $4::text[], $5::bytea[]) AS c (caller, key, fingerprint) \
         ORDER BY c.caller, c.key \
         ON CONFLICT DO NOTHING RETURNING caller, key",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<Text>, _>(claims.iter().map(|claim| claim.caller.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(claims.iter().map(|claim| claim.key.as_str()).collect::<Vec<_>>())
    .bind::<Array<Binary>, _>(claims.iter().map(|claim| claim.fingerprint.as_slice()).collect::<Vec<_>>())
    .columns::<(Text, Text)>()
    .load(conn)?;
    let stored = if fresh.len() == claims.len() { Vec::new() } else { load_stored(conn, store, claims)? };
    claims.iter().map(|claim| state_of(claim, &fresh, &stored)).collect()
}

/// True if a request with the same key is complete.
pub fn is_answered(conn: &mut PgConnection, store: StoreId, claim: &Claim) -> QueryResult<bool> {
    let stored = idempotency_keys::table.find((store, &claim.caller, &claim.key));
    diesel::select(diesel::dsl::exists(stored.filter(idempotency_keys::status.is_not_null()))).get_result(conn)
}

fn load_stored(conn: &mut PgConnection, store: StoreId, claims: &[&Claim]) -> QueryResult<Vec<StoredRow>> {
    db::sql(
        "SELECT k.* FROM unnest($2::text[], $3::text[]) AS c (caller, key) CROSS JOIN LATERAL \
              (SELECT caller, key, fingerprint, status, body FROM idempotency_keys \
               WHERE store_id = $1 AND caller = c.caller AND key = c.key OFFSET 0) k",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<Text>, _>(claims.iter().map(|claim| claim.caller.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(claims.iter().map(|claim| claim.key.as_str()).collect::<Vec<_>>())
    .load(conn)
}

fn state_of(claim: &Claim, fresh: &[KeyName], stored: &[StoredRow]) -> Result<ClaimStatus, Failure> {
    if fresh.iter().any(|(caller, key)| *caller == claim.caller && *key == claim.key) {
        return Ok(ClaimStatus::Fresh);
    }
    let missing = |what: &str| Failure::Internal(format!("the key of {} has no {what}", claim.caller));
    let row = stored.iter().find(|row| row.caller == claim.caller && row.key == claim.key);
    // A job deleted the old key in between.
    let row = row.ok_or_else(|| Failure::Retry("a key was deleted while it was claimed".to_owned()))?;
    if row.fingerprint != claim.fingerprint {
        return Ok(ClaimStatus::Reused);
    }
    let status = row.status.and_then(|status| u16::try_from(status).ok()).ok_or_else(|| missing("status"))?;
    let body = row.body.clone().ok_or_else(|| missing("answer"))?;
    Ok(ClaimStatus::Done(Answer { status, body, replayed: true, order_id: None }))
}

/// Stores the responses of claims whose work is done.
pub fn store_answers(conn: &mut PgConnection, store: StoreId, done: &[(&Claim, &Answer)]) -> Result<(), Failure> {
    // The claims exist, so this only updates. ON CONFLICT finds each by its whole key, also if the statement was planned
    // for an empty table.
    let stored = db::sql(
        "INSERT INTO idempotency_keys (store_id, caller, key, status, body, order_id, fingerprint, created_at) \
         SELECT $1, unnest($2::text[]), unnest($3::text[]), unnest($4::int2[]), unnest($5::bytea[]), \
                unnest($6::int8[]), '', $now \
         ON CONFLICT (store_id, caller, key) DO UPDATE \
         SET status = EXCLUDED.status, body = EXCLUDED.body, order_id = EXCLUDED.order_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<Text>, _>(done.iter().map(|(claim, _)| claim.caller.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(done.iter().map(|(claim, _)| claim.key.as_str()).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(
        done.iter().map(|(_, answer)| i16::try_from(answer.status).unwrap_or(500)).collect::<Vec<_>>(),
    )
    .bind::<Array<Binary>, _>(done.iter().map(|(_, answer)| answer.body.as_slice()).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(done.iter().map(|(_, answer)| answer.order_id).collect::<Vec<_>>())
    .execute(conn)?;
    db::expect_rows(stored, done.len(), "answers were stored")
}

/// Deletes the claims of refused requests, so that they may be sent again.
pub fn delete(conn: &mut PgConnection, store: StoreId, claims: &[&Claim]) -> Result<(), Failure> {
    db::sql(
        "DELETE FROM idempotency_keys k USING unnest($2::text[], $3::text[]) AS c (caller, key) \
         WHERE k.store_id = $1 AND k.caller = c.caller AND k.key = c.key",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<Text>, _>(claims.iter().map(|claim| claim.caller.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(claims.iter().map(|claim| claim.key.as_str()).collect::<Vec<_>>())
    .execute(conn)?;
    Ok(())
}

/// The caller and the key of a claim.
pub type KeyName = (String, String);

/// The keys of claims from before this time, in one store or in all, the oldest first. Takes no lock.
pub fn discover_old(
    conn: &mut PgConnection,
    store: Option<StoreId>,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<(StoreId, KeyName)>> {
    let old = idempotency_keys::table
        .filter(idempotency_keys::created_at.lt(before))
        .select((idempotency_keys::store_id, (idempotency_keys::caller, idempotency_keys::key)))
        .order(idempotency_keys::created_at)
        .limit(limit)
        .into_boxed();
    match store {
        Some(store) => old.filter(idempotency_keys::store_id.eq(store)).load(conn),
        None => old.load(conn),
    }
}

/// Deletes these keys with their responses, unless a key was deleted and used again meanwhile. Returns their number.
pub fn purge(conn: &mut PgConnection, store: StoreId, before: DateTime<Utc>, keys: &[KeyName]) -> QueryResult<usize> {
    db::sql(
        "DELETE FROM idempotency_keys k USING unnest($3::text[], $4::text[]) AS o (caller, key) \
         WHERE k.store_id = $1 AND k.created_at < $2 AND k.caller = o.caller AND k.key = o.key",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(before)
    .bind::<Array<Text>, _>(keys.iter().map(|(caller, _)| caller.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(keys.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>())
    .execute(conn)
}

/// The time before which stored responses may be deleted.
pub fn purge_before(keep_hours: i64) -> DateTime<Utc> {
    Duration::try_hours(keep_hours)
        .and_then(|keep| Utc::now().checked_sub_signed(keep))
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}
