//! The SQL that reads shipments. The DSL has no LATERAL, which limits the shipments of each order.

use std::collections::HashMap;

use crate::kernel::document_ref::DocumentRef;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use crate::db;
use crate::db::schema::shipments;
use crate::kernel::id::{LocationId, OrderId, ShipmentId, StoreId, VariantId};
use crate::orders::status::ShipmentStatus;

/// The most shipments of an order in the responses about orders.
pub const MAX_OF_ORDER: i64 = 20;

/// The most shipments in a list of the shipments of an order.
pub const MAX_OF_LIST: i64 = 500;

/// A shipment as it is stored, with its lines.
#[derive(Clone, Debug)]
pub struct Shipment {
    pub id: ShipmentId,
    pub order: OrderId,
    pub shipment_number: String,
    pub version: i64,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
    pub actor: String,
    pub created_at: DateTime<Utc>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub lost_at: Option<DateTime<Utc>>,
    pub lost_reason: Option<String>,
    pub lines: Vec<ShipmentLine>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShipmentLine {
    pub variant: VariantId,
    pub location: LocationId,
    pub quantity: i64,
}

impl Shipment {
    #[must_use]
    pub const fn status(&self) -> ShipmentStatus {
        ShipmentStatus::from_times(self.delivered_at, self.lost_at)
    }
}

/// One line of a shipment, with the shipment.
#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: ShipmentId,
    #[diesel(sql_type = BigInt)]
    order_id: OrderId,
    #[diesel(sql_type = Text)]
    shipment_number: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Nullable<Text>)]
    carrier: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    tracking_number: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    tracking_url: Option<String>,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    delivered_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    lost_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    lost_reason: Option<String>,
    #[diesel(sql_type = BigInt)]
    variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    location_id: LocationId,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
}

/// The newest shipments of each of these orders, the oldest first, in one statement. Their rows are looked up by the
/// whole key (OFFSET 0 keeps it so).
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    orders: &[OrderId],
    most: i64,
) -> QueryResult<HashMap<OrderId, Vec<Shipment>>> {
    load(conn, store, orders, most, None)
}

/// A shipment of an order.
pub fn get(
    conn: &mut PgConnection,
    store: StoreId,
    (order, id): (OrderId, ShipmentId),
) -> QueryResult<Option<Shipment>> {
    let found = load(conn, store, &[order], 1, Some(&[id]))?;
    Ok(found.into_values().flatten().next())
}

/// These shipments.
pub fn list_by_id(conn: &mut PgConnection, store: StoreId, ids: &[ShipmentId]) -> QueryResult<Vec<Shipment>> {
    let orders: Vec<OrderId> = shipments::table
        .filter(shipments::store_id.eq(store))
        .filter(shipments::id.eq_any(ids))
        .select(shipments::order_id)
        .distinct()
        .load(conn)?;
    let found = load(conn, store, &orders, db::count(ids.len()), Some(ids))?;
    Ok(found.into_values().flatten().collect())
}

fn load(
    conn: &mut PgConnection,
    store: StoreId,
    orders: &[OrderId],
    most: i64,
    only: Option<&[ShipmentId]>,
) -> QueryResult<HashMap<OrderId, Vec<Shipment>>> {
    let rows: Vec<Row> = db::sql(
        "SELECT s.id, s.order_id, s.shipment_number, s.version, s.carrier, s.tracking_number, s.tracking_url, s.actor, \
                s.created_at, s.delivered_at, s.lost_at, s.lost_reason, l.variant_id, l.location_id, l.quantity \
         FROM unnest($2::int8[]) AS o (id) \
         CROSS JOIN LATERAL (SELECT * FROM shipments WHERE store_id = $1 AND order_id = o.id \
                             AND ($4 IS NULL OR id = ANY($4)) \
                             ORDER BY id DESC LIMIT $3) s \
         CROSS JOIN LATERAL (SELECT * FROM shipment_lines WHERE store_id = $1 AND shipment_id = s.id OFFSET 0) l \
         ORDER BY s.id, l.variant_id, l.location_id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(orders)
    .bind::<BigInt, _>(most)
    .bind::<Nullable<Array<BigInt>>, _>(only)
    .load(conn)?;
    let mut shipments: HashMap<OrderId, Vec<Shipment>> = HashMap::new();
    for row in rows {
        let of_order = shipments.entry(row.order_id).or_default();
        let (line, shipment) = row.split();
        match of_order.last_mut().filter(|last| last.id == shipment.id) {
            Some(last) => last.lines.push(line),
            None => of_order.push(Shipment { lines: vec![line], ..shipment }),
        }
    }
    Ok(shipments)
}

impl Row {
    /// The line, and the shipment without lines.
    fn split(self) -> (ShipmentLine, Shipment) {
        let line = ShipmentLine { variant: self.variant_id, location: self.location_id, quantity: self.quantity };
        let shipment = Shipment {
            id: self.id,
            order: self.order_id,
            shipment_number: self.shipment_number,
            version: self.version,
            carrier: self.carrier,
            tracking_number: self.tracking_number,
            tracking_url: self.tracking_url,
            actor: self.actor,
            created_at: self.created_at,
            delivered_at: self.delivered_at,
            lost_at: self.lost_at,
            lost_reason: self.lost_reason,
            lines: Vec::new(),
        };
        (line, shipment)
    }
}

/// Finds the shipment that a path names, and its order.
pub fn find(
    conn: &mut PgConnection,
    store: StoreId,
    name: &DocumentRef<ShipmentId>,
) -> QueryResult<Option<(ShipmentId, OrderId)>> {
    let query = shipments::table
        .filter(shipments::store_id.eq(store))
        .select((shipments::id, shipments::order_id))
        .into_boxed();
    let query = match name {
        DocumentRef::Id(id) => query.filter(shipments::id.eq(*id)),
        DocumentRef::Number(number) => query.filter(shipments::shipment_number.eq(number)),
    };
    query.first(conn).optional()
}
