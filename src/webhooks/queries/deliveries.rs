//! The SQL of deliveries. Sets are inserted, claimed and settled as arrays, which the DSL cannot express.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz};
use serde_json::Value;

use super::webhooks::WebhookKey;
use crate::db::schema::webhook_deliveries;
use crate::db::{self, Failure, expect_rows};
use crate::kernel::id::{StoreId, WebhookDeliveryId, WebhookId};
use crate::webhooks::delivery::{Attempts, DeliveryState, Settled};

/// A delivery as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = webhook_deliveries)]
#[diesel(check_for_backend(Pg))]
pub struct Delivery {
    pub id: WebhookDeliveryId,
    pub event_id: String,
    pub event_type: String,
    pub body: Option<Value>,
    pub state: DeliveryState,
    pub attempts: Attempts,
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// An event for which a delivery is created.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    pub event_id: String,
    pub event_type: String,
}

/// A delivery that does not follow from the next events of the feed: a test, an alert, or an event that staff send again.
#[derive(Clone, Debug)]
pub struct ExtraDelivery {
    pub new: NewDelivery,
    /// The body of an event that is not in the feed.
    pub body: Option<Value>,
}

/// The number of deliveries from the feed that wait for their first attempt. The state is a part of the text, because the
/// DSL would bind it, and a plan for all calls could not use the index of waiting deliveries.
pub fn count_new(conn: &mut PgConnection, key: WebhookKey) -> QueryResult<i64> {
    db::sql(
        "SELECT count(*) FROM webhook_deliveries \
         WHERE store_id = $1 AND webhook_id = $2 AND state = 'pending' AND attempt_count = 0 AND NOT is_extra",
    )
    .bind::<BigInt, _>(key.store)
    .bind::<BigInt, _>(key.id)
    .columns::<BigInt>()
    .get_result(conn)
}

/// The number of other deliveries of these webhooks that wait for their first attempt.
pub fn count_extra(
    conn: &mut PgConnection,
    store: StoreId,
    webhooks: &[WebhookId],
) -> QueryResult<HashMap<WebhookId, i64>> {
    let rows: Vec<(WebhookId, i64)> = db::sql(
        "SELECT webhook_id, count(*) FROM webhook_deliveries \
         WHERE store_id = $1 AND webhook_id = ANY ($2) AND state = 'pending' AND attempt_count = 0 AND is_extra \
         GROUP BY webhook_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(webhooks)
    .columns::<(BigInt, BigInt)>()
    .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Inserts deliveries of events of the feed, in their order. They are due at once.
pub fn insert_all(
    conn: &mut PgConnection,
    key: WebhookKey,
    new: &[NewDelivery],
    at: DateTime<Utc>,
) -> Result<(), Failure> {
    let ids: Vec<&str> = new.iter().map(|delivery| delivery.event_id.as_str()).collect();
    let types: Vec<&str> = new.iter().map(|delivery| delivery.event_type.as_str()).collect();
    let inserted = db::sql(
        "INSERT INTO webhook_deliveries \
             (store_id, webhook_id, event_id, event_type, state, attempts, attempt_count, next_attempt_at, created_at) \
         SELECT $1, $2, n.id, n.type, 'pending', '[]', 0, $5, $5 \
         FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS n (id, type, ordinal) ORDER BY n.ordinal",
    )
    .bind::<BigInt, _>(key.store)
    .bind::<BigInt, _>(key.id)
    .bind::<Array<Text>, _>(ids)
    .bind::<Array<Text>, _>(types)
    .bind::<Timestamptz, _>(at)
    .execute(conn)?;
    expect_rows(inserted, new.len(), "deliveries were inserted")
}

/// Inserts deliveries that are not made from the feed, in their order. They are due at once.
pub fn insert_extra(
    conn: &mut PgConnection,
    store: StoreId,
    extra: &[(WebhookId, ExtraDelivery)],
    at: DateTime<Utc>,
) -> Result<(), Failure> {
    let webhooks: Vec<WebhookId> = extra.iter().map(|(webhook, _)| *webhook).collect();
    let ids: Vec<&str> = extra.iter().map(|(_, extra)| extra.new.event_id.as_str()).collect();
    let types: Vec<&str> = extra.iter().map(|(_, extra)| extra.new.event_type.as_str()).collect();
    let bodies: Vec<Option<&Value>> = extra.iter().map(|(_, extra)| extra.body.as_ref()).collect();
    let inserted = db::sql(
        "INSERT INTO webhook_deliveries (store_id, webhook_id, event_id, event_type, body, is_extra, state, attempts, \
                attempt_count, next_attempt_at, created_at) \
         SELECT $1, n.webhook_id, n.id, n.type, n.body, true, 'pending', '[]', 0, $6, $6 \
         FROM unnest($2::int8[], $3::text[], $4::text[], $5::jsonb[]) WITH ORDINALITY \
              AS n (webhook_id, id, type, body, ordinal) ORDER BY n.ordinal",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(webhooks)
    .bind::<Array<Text>, _>(ids)
    .bind::<Array<Text>, _>(types)
    .bind::<Array<Nullable<Jsonb>>, _>(bodies)
    .bind::<Timestamptz, _>(at)
    .execute(conn)?;
    expect_rows(inserted, extra.len(), "deliveries were inserted")
}

/// Inserts one delivery that is not made from the feed. It is due at once.
pub fn insert(
    conn: &mut PgConnection,
    key: WebhookKey,
    ExtraDelivery { new, body }: &ExtraDelivery,
    at: DateTime<Utc>,
) -> QueryResult<Delivery> {
    diesel::insert_into(webhook_deliveries::table)
        .values((
            webhook_deliveries::store_id.eq(key.store),
            webhook_deliveries::webhook_id.eq(key.id),
            webhook_deliveries::event_id.eq(&new.event_id),
            webhook_deliveries::event_type.eq(&new.event_type),
            webhook_deliveries::body.eq(body),
            webhook_deliveries::is_extra.eq(true),
            webhook_deliveries::state.eq(DeliveryState::Pending),
            webhook_deliveries::attempts.eq(Attempts(Vec::new())),
            webhook_deliveries::attempt_count.eq(0),
            webhook_deliveries::next_attempt_at.eq(at),
            webhook_deliveries::created_at.eq(at),
        ))
        .returning(Delivery::as_returning())
        .get_result(conn)
}

pub fn find(conn: &mut PgConnection, key: WebhookKey, id: WebhookDeliveryId) -> QueryResult<Option<Delivery>> {
    let row = webhook_deliveries::table.find((key.store, id)).filter(webhook_deliveries::webhook_id.eq(key.id));
    row.select(Delivery::as_select()).first(conn).optional()
}

/// A delivery that a server sends.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Claimed {
    #[diesel(sql_type = BigInt)]
    pub id: WebhookDeliveryId,
    #[diesel(sql_type = Text)]
    pub event_id: String,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub body: Option<Value>,
    #[diesel(sql_type = BigInt)]
    pub attempt_count: i64,
}

/// Takes the first due deliveries of a webhook, and keeps other servers away until the end of the lease.
pub fn claim(
    conn: &mut PgConnection,
    key: WebhookKey,
    (at, lease): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> QueryResult<Vec<Claimed>> {
    db::sql(
        "UPDATE webhook_deliveries SET next_attempt_at = $4 \
         WHERE store_id = $1 AND id = ANY(ARRAY( \
             SELECT id FROM webhook_deliveries \
             WHERE store_id = $1 AND webhook_id = $2 AND state = 'pending' AND next_attempt_at <= $3 \
             ORDER BY next_attempt_at, id LIMIT $5 FOR UPDATE SKIP LOCKED)) \
         RETURNING id, event_id, body, attempt_count",
    )
    .bind::<BigInt, _>(key.store)
    .bind::<BigInt, _>(key.id)
    .bind::<Timestamptz, _>(at)
    .bind::<Timestamptz, _>(lease)
    .bind::<BigInt, _>(limit)
    .load(conn)
}

/// Ends the pauses before the next attempts of a webhook. The result of an attempt in progress is then not stored, and the
/// attempt is repeated.
pub fn make_due(conn: &mut PgConnection, key: WebhookKey, at: DateTime<Utc>) -> QueryResult<usize> {
    let pending = webhook_deliveries::table
        .filter(webhook_deliveries::store_id.eq(key.store))
        .filter(webhook_deliveries::webhook_id.eq(key.id))
        .filter(webhook_deliveries::state.eq(DeliveryState::Pending))
        .filter(webhook_deliveries::next_attempt_at.gt(at));
    diesel::update(pending).set(webhook_deliveries::next_attempt_at.eq(at)).execute(conn)
}

/// The result of an attempt, and the new state of its delivery.
#[derive(Clone, Debug)]
pub struct SettledDelivery {
    pub id: WebhookDeliveryId,
    pub attempt: Value,
    pub settled: Settled,
}

/// Stores the results of attempts. Deliveries whose lease has ended, and which another server may have sent again, are left
/// as they are. Returns the number of changed rows.
pub fn settle_all(
    conn: &mut PgConnection,
    store: StoreId,
    lease: DateTime<Utc>,
    settled: &[SettledDelivery],
    at: DateTime<Utc>,
) -> QueryResult<usize> {
    let ids: Vec<WebhookDeliveryId> = settled.iter().map(|delivery| delivery.id).collect();
    let attempts: Vec<&Value> = settled.iter().map(|delivery| &delivery.attempt).collect();
    let states: Vec<&str> = settled.iter().map(|delivery| delivery.settled.state.as_str()).collect();
    let next: Vec<Option<DateTime<Utc>>> = settled.iter().map(|delivery| delivery.settled.next_attempt_at).collect();
    db::sql(
        "UPDATE webhook_deliveries d \
         SET state = n.state, attempts = d.attempts || jsonb_build_array(n.attempt), \
             attempt_count = d.attempt_count + 1, next_attempt_at = n.next_attempt_at, \
             finished_at = CASE WHEN n.next_attempt_at IS NULL THEN $7::timestamptz END \
         FROM unnest($3::int8[], $4::jsonb[], $5::text[], $6::timestamptz[]) AS n (id, attempt, state, next_attempt_at) \
         WHERE d.store_id = $1 AND d.id = n.id AND d.state = 'pending' AND d.next_attempt_at = $2",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(lease)
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<Jsonb>, _>(attempts)
    .bind::<Array<Text>, _>(states)
    .bind::<Array<Nullable<Timestamptz>>, _>(next)
    .bind::<Timestamptz, _>(at)
    .execute(conn)
}

/// Deliveries that finished before this time, in one store or in all.
pub fn discover_old(
    conn: &mut PgConnection,
    store: Option<StoreId>,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<(StoreId, WebhookDeliveryId)>> {
    let mut query = webhook_deliveries::table.filter(webhook_deliveries::finished_at.lt(before)).into_boxed();
    if let Some(store) = store {
        query = query.filter(webhook_deliveries::store_id.eq(store));
    }
    query.select((webhook_deliveries::store_id, webhook_deliveries::id)).limit(limit).load(conn)
}

/// Deletes finished deliveries.
pub fn purge(conn: &mut PgConnection, store: StoreId, ids: &[WebhookDeliveryId]) -> QueryResult<usize> {
    let rows = webhook_deliveries::table.filter(webhook_deliveries::store_id.eq(store));
    let of_ids = webhook_deliveries::id.eq_any(ids);
    diesel::delete(rows.filter(of_ids).filter(webhook_deliveries::finished_at.is_not_null())).execute(conn)
}

/// Deletes some of the deliveries of a webhook. Returns their number.
pub fn delete_some(conn: &mut PgConnection, key: WebhookKey, limit: i64) -> QueryResult<usize> {
    db::sql(
        "DELETE FROM webhook_deliveries WHERE store_id = $1 AND id = ANY(ARRAY( \
             SELECT id FROM webhook_deliveries WHERE store_id = $1 AND webhook_id = $2 ORDER BY id LIMIT $3))",
    )
    .bind::<BigInt, _>(key.store)
    .bind::<BigInt, _>(key.id)
    .bind::<BigInt, _>(limit)
    .execute(conn)
}
