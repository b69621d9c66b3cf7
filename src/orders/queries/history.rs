//! The SQL of an order's history. Append-only.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use crate::db;
use crate::db::schema::order_history;
use crate::kernel::id::{OrderId, StoreId};
use crate::orders::response::HistoryResponse;
use crate::orders::status::OrderStatus;

/// A step of an order from one status to the next.
#[derive(Clone, Debug)]
pub struct NewStep {
    pub order: OrderId,
    pub from: Option<OrderStatus>,
    pub to: OrderStatus,
    pub reason: Option<String>,
    pub actor: String,
}

pub fn append(conn: &mut PgConnection, store: StoreId, steps: &[NewStep], at: DateTime<Utc>) -> QueryResult<()> {
    db::sql(
        "INSERT INTO order_history (store_id, order_id, from_status, to_status, reason, actor, created_at) \
         SELECT $1, unnest($3::int8[]), unnest($4::text[]), unnest($5::text[]), unnest($6::text[]), unnest($7::text[]), $2",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(steps.iter().map(|step| step.order).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(steps.iter().map(|step| step.from).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(steps.iter().map(|step| step.to).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(steps.iter().map(|step| step.reason.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(steps.iter().map(|step| step.actor.as_str()).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

type Row = (Option<OrderStatus>, OrderStatus, DateTime<Utc>, String, Option<String>);

/// Every status that the order has had, oldest first.
pub fn list(conn: &mut PgConnection, store: StoreId, order: OrderId) -> QueryResult<Vec<HistoryResponse>> {
    let rows: Vec<Row> = order_history::table
        .filter(order_history::store_id.eq(store))
        .filter(order_history::order_id.eq(order))
        .order(order_history::id)
        .limit(100)
        .select((
            order_history::from_status,
            order_history::to_status,
            order_history::created_at,
            order_history::actor,
            order_history::reason,
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(|(from, to, at, actor, reason)| HistoryResponse { from, to, at, actor, reason }).collect())
}
