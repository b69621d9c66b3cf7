//! The SQL that writes shipments. Sets of rows are bound as arrays, which the DSL can neither insert nor join.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use super::ship::NewShipment;
use crate::db::schema::shipments;
use crate::db::{self, Failure};
use crate::kernel::id::{OrderId, ShipmentId, StoreId};
use crate::orders::status::ShipmentStatus;

/// Inserts shipments with their lines. Returns their ids by their numbers.
pub fn insert(
    conn: &mut PgConnection,
    store: StoreId,
    new: &[NewShipment],
    at: DateTime<Utc>,
) -> QueryResult<HashMap<String, ShipmentId>> {
    let ids: Vec<ShipmentId> = db::sql("SELECT nextval('shipments_id_seq') FROM generate_series(1, $1)")
        .bind::<BigInt, _>(db::count(new.len()))
        .columns::<BigInt>()
        .load(conn)?;
    let texts = |value: fn(&NewShipment) -> Option<&str>| new.iter().map(value).collect::<Vec<_>>();
    let lines = || new.iter().flat_map(|new| new.lines.iter().map(move |line| (new, line)));
    db::sql(
        "WITH sent AS ( \
             INSERT INTO shipments (store_id, id, shipment_number, order_id, carrier, tracking_number, tracking_url, actor, \
                    delivered_at, created_at) \
             SELECT $1, unnest($14::int8[]), unnest($3::text[]), unnest($4::int8[]), unnest($5::text[]), \
                    unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), unnest($9::timestamptz[]), $2 \
             RETURNING id, shipment_number) \
         INSERT INTO shipment_lines (store_id, shipment_id, variant_id, location_id, quantity) \
         SELECT $1, s.id, l.variant_id, l.location_id, l.quantity \
         FROM unnest($10::text[], $11::int8[], $12::int8[], $13::int8[]) \
              AS l (shipment_number, variant_id, location_id, quantity) JOIN sent s USING (shipment_number)",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<Text>, _>(new.iter().map(|new| new.shipment_number.as_str()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(new.iter().map(|new| new.order).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(texts(|new| new.carrier.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(texts(|new| new.tracking_number.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(texts(|new| new.tracking_url.as_deref()))
    .bind::<Array<Text>, _>(new.iter().map(|new| new.actor.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(new.iter().map(|new| new.delivered_at).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(lines().map(|(new, _)| new.shipment_number.as_str()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(lines().map(|(_, line)| line.variant).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(lines().map(|(_, line)| line.location).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(lines().map(|(_, line)| line.quantity).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(&ids)
    .execute(conn)?;
    Ok(new.iter().map(|new| new.shipment_number.clone()).zip(ids).collect())
}

/// A shipment without its lines: what can change of it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = shipments)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct SentShipment {
    pub id: ShipmentId,
    pub order_id: OrderId,
    pub shipment_number: String,
    pub version: i64,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub lost_at: Option<DateTime<Utc>>,
    pub lost_reason: Option<String>,
}

impl SentShipment {
    #[must_use]
    pub const fn status(&self) -> ShipmentStatus {
        ShipmentStatus::from_times(self.delivered_at, self.lost_at)
    }
}

/// The shipments of locked orders, the oldest first. An order without shipments has an empty list.
pub fn list_sent(
    conn: &mut PgConnection,
    store: StoreId,
    orders: &[OrderId],
) -> QueryResult<HashMap<OrderId, Vec<SentShipment>>> {
    let rows: Vec<SentShipment> = shipments::table
        .filter(shipments::store_id.eq(store))
        .filter(shipments::order_id.eq_any(orders))
        .order(shipments::id)
        .select(SentShipment::as_select())
        .load(conn)?;
    let mut sent: HashMap<OrderId, Vec<SentShipment>> = orders.iter().map(|order| (*order, Vec::new())).collect();
    for shipment in rows {
        sent.entry(shipment.order_id).or_default().push(shipment);
    }
    Ok(sent)
}

/// Writes back what can change of shipments. Their orders must have been locked in this transaction. Each version is the
/// one before it plus 1.
pub fn update(conn: &mut PgConnection, store: StoreId, changed: &[&SentShipment]) -> Result<(), Failure> {
    let texts = |value: fn(&SentShipment) -> Option<&str>| changed.iter().map(|one| value(one)).collect::<Vec<_>>();
    let updated = db::sql(
        "UPDATE shipments s SET version = n.version, carrier = n.carrier, tracking_number = n.tracking_number, \
                tracking_url = n.tracking_url, delivered_at = n.delivered_at, lost_at = n.lost_at, \
                lost_reason = n.lost_reason \
         FROM (SELECT unnest($2::int8[]) AS id, unnest($3::int8[]) AS version, unnest($4::text[]) AS carrier, \
                      unnest($5::text[]) AS tracking_number, unnest($6::text[]) AS tracking_url, \
                      unnest($7::timestamptz[]) AS delivered_at, unnest($8::timestamptz[]) AS lost_at, \
                      unnest($9::text[]) AS lost_reason LIMIT $10) n \
         WHERE s.store_id = $1 AND s.id = n.id AND s.version = n.version - 1",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(changed.iter().map(|one| one.id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(changed.iter().map(|one| one.version).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(texts(|one| one.carrier.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(texts(|one| one.tracking_number.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(texts(|one| one.tracking_url.as_deref()))
    .bind::<Array<Nullable<Timestamptz>>, _>(changed.iter().map(|one| one.delivered_at).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(changed.iter().map(|one| one.lost_at).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(texts(|one| one.lost_reason.as_deref()))
    .bind::<BigInt, _>(db::count(changed.len()))
    .execute(conn)?;
    db::expect_rows(updated, changed.len(), "shipments were written")
}
