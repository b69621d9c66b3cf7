//! The SQL of the subjects that are in the state of a rule. Sets of rows are bound as arrays, which the DSL cannot
//! join.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Timestamptz};

use crate::db;
use crate::kernel::id::{AlertId, OrderId, StoreId};

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

/// Leaves some states of a rule. Returns their number.
pub fn leave_some(conn: &mut PgConnection, store: StoreId, alert: AlertId, limit: i64) -> QueryResult<usize> {
    db::sql(
        "DELETE FROM alert_states WHERE store_id = $1 AND alert_id = $2 AND subject_id = ANY (ARRAY( \
             SELECT subject_id FROM alert_states WHERE store_id = $1 AND alert_id = $2 ORDER BY subject_id LIMIT $3))",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(alert)
    .bind::<BigInt, _>(limit)
    .execute(conn)
}

/// The next open orders after an order, by their ids. Each status is read in the order of its index.
pub fn list_open_orders(
    conn: &mut PgConnection,
    store: StoreId,
    (after, limit): (i64, i64),
) -> QueryResult<Vec<OrderId>> {
    let rows: Vec<(OrderId,)> = db::sql(
        "SELECT id FROM ( \
             (SELECT id FROM orders WHERE store_id = $1 AND status = 'pending' AND id > $2 ORDER BY id LIMIT $3) \
             UNION ALL \
             (SELECT id FROM orders WHERE store_id = $1 AND status = 'processing' AND id > $2 ORDER BY id LIMIT $3)) o \
         ORDER BY id LIMIT $3",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(limit)
    .columns::<(BigInt,)>()
    .load(conn)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Enters the state of a late order for the orders that are paid or in processing, were paid or placed before the time of
/// their rule, and have no shipment. Returns the states that are new.
pub fn enter_late_orders(
    conn: &mut PgConnection,
    store: StoreId,
    rules: &[(AlertId, DateTime<Utc>)],
    orders: &[OrderId],
    at: DateTime<Utc>,
) -> QueryResult<Vec<State>> {
    let (alerts, before): (Vec<AlertId>, Vec<DateTime<Utc>>) = rules.iter().copied().unzip();
    db::sql(
        "INSERT INTO alert_states (store_id, alert_id, subject_id, entered_at) \
         SELECT $1, r.alert_id, o.id, $4 FROM unnest($5::int8[]) AS p (id) \
         CROSS JOIN LATERAL ( \
             SELECT id, COALESCE(paid_at, created_at) AS since FROM orders \
             WHERE store_id = $1 AND id = p.id AND status IN ('pending', 'processing') \
               AND (payment_status = 'paid' OR status = 'processing') \
               AND NOT EXISTS (SELECT FROM shipments s WHERE s.store_id = $1 AND s.order_id = p.id) OFFSET 0) o \
         JOIN unnest($2::int8[], $3::timestamptz[]) AS r (alert_id, before) ON o.since <= r.before \
         ON CONFLICT DO NOTHING RETURNING alert_id, subject_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(alerts)
    .bind::<Array<Timestamptz>, _>(before)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(orders)
    .columns::<(BigInt, BigInt)>()
    .load(conn)
}

/// Leaves the state of the orders that are shipped or cancelled, among those after the first id and up to the last one.
/// Each of them is looked up.
pub fn leave_shipped_orders(
    conn: &mut PgConnection,
    store: StoreId,
    alerts: &[AlertId],
    (after, until): (i64, i64),
) -> QueryResult<()> {
    db::sql(
        "DELETE FROM alert_states s \
         WHERE s.store_id = $1 AND s.alert_id = ANY ($2) AND s.subject_id > $3 AND s.subject_id <= $4 \
           AND NOT EXISTS (SELECT FROM orders o WHERE o.store_id = $1 AND o.id = s.subject_id \
                             AND o.status IN ('pending', 'processing') OFFSET 0)",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(alerts)
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(until)
    .execute(conn)
    .map(drop)
}
