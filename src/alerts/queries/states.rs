//! The SQL of the subjects that are in the state of a rule. Sets of rows come in as arrays, which the DSL can not join.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Timestamptz};

use crate::db;
use crate::kernel::id::{AlertId, StoreId};

/// A rule and the id of a subject.
pub type State = (AlertId, i64);

/// Enters states, and returns those that are new.
pub fn enter(conn: &mut PgConnection, store: StoreId, states: &[State], at: DateTime<Utc>) -> QueryResult<Vec<State>> {
    if states.is_empty() {
        return Ok(Vec::new());
    }
    let (alerts, subjects): (Vec<AlertId>, Vec<i64>) = states.iter().copied().unzip();
    db::sql(
        "INSERT INTO alert_states (store_id, alert_id, subject_id, entered_at) \
         SELECT $1, n.alert_id, n.subject_id, $4 FROM unnest($2::int8[], $3::int8[]) AS n (alert_id, subject_id) \
         ON CONFLICT DO NOTHING RETURNING alert_id, subject_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(alerts)
    .bind::<Array<BigInt>, _>(subjects)
    .bind::<Timestamptz, _>(at)
    .columns::<(BigInt, BigInt)>()
    .load(conn)
}

/// Leaves states.
pub fn leave(conn: &mut PgConnection, store: StoreId, states: &[State]) -> QueryResult<()> {
    if states.is_empty() {
        return Ok(());
    }
    let (alerts, subjects): (Vec<AlertId>, Vec<i64>) = states.iter().copied().unzip();
    db::sql(
        "DELETE FROM alert_states s USING unnest($2::int8[], $3::int8[]) AS n (alert_id, subject_id) \
         WHERE s.store_id = $1 AND s.alert_id = n.alert_id AND s.subject_id = n.subject_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(alerts)
    .bind::<Array<BigInt>, _>(subjects)
    .execute(conn)
    .map(drop)
}

/// Leaves all states of a rule.
pub fn leave_all(conn: &mut PgConnection, store: StoreId, alert: AlertId) -> QueryResult<()> {
    db::sql("DELETE FROM alert_states WHERE store_id = $1 AND alert_id = $2")
        .bind::<BigInt, _>(store)
        .bind::<BigInt, _>(alert)
        .execute(conn)
        .map(drop)
}

/// Enters the state of orders that are paid or in processing, were paid or placed before the time of their rule, and
/// have no shipment. Returns some that are new.
pub fn enter_late_orders(
    conn: &mut PgConnection,
    store: StoreId,
    rules: &[(AlertId, DateTime<Utc>)],
    (at, limit): (DateTime<Utc>, i64),
) -> QueryResult<Vec<State>> {
    let (alerts, before): (Vec<AlertId>, Vec<DateTime<Utc>>) = rules.iter().copied().unzip();
    db::sql(
        "INSERT INTO alert_states (store_id, alert_id, subject_id, entered_at) \
         SELECT $1, r.alert_id, o.id, $4 FROM unnest($2::int8[], $3::timestamptz[]) AS r (alert_id, before) \
         CROSS JOIN LATERAL ( \
             SELECT o.id FROM orders o \
             WHERE o.store_id = $1 AND o.status IN ('pending', 'processing') \
               AND (o.payment_status = 'paid' OR o.status = 'processing') \
               AND COALESCE(o.paid_at, o.created_at) <= r.before \
               AND NOT EXISTS (SELECT FROM shipments s WHERE s.store_id = $1 AND s.order_id = o.id) \
               AND NOT EXISTS (SELECT FROM alert_states a \
                               WHERE a.store_id = $1 AND a.alert_id = r.alert_id AND a.subject_id = o.id) \
             ORDER BY o.id LIMIT $5) o \
         ON CONFLICT DO NOTHING RETURNING alert_id, subject_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(alerts)
    .bind::<Array<Timestamptz>, _>(before)
    .bind::<Timestamptz, _>(at)
    .bind::<BigInt, _>(limit)
    .columns::<(BigInt, BigInt)>()
    .load(conn)
}

/// Leaves the state of orders that are shipped or cancelled.
pub fn leave_shipped_orders(conn: &mut PgConnection, store: StoreId, alerts: &[AlertId]) -> QueryResult<()> {
    db::sql(
        "DELETE FROM alert_states s WHERE s.store_id = $1 AND s.alert_id = ANY ($2) \
           AND NOT EXISTS (SELECT FROM orders o WHERE o.store_id = $1 AND o.id = s.subject_id \
                             AND o.status IN ('pending', 'processing'))",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(alerts)
    .execute(conn)
    .map(drop)
}
