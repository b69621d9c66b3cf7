//! The SQL of shipments. Sets of rows come in as arrays, which the DSL cannot insert.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use super::ship::NewShipment;
use crate::db;
use crate::db::schema::{order_items, orders, shipment_lines, shipments};
use crate::kernel::id::{LocationId, OrderId, OrderItemId, ProductId, ShipmentId, StoreId, VariantId};
use crate::orders::status::OrderStatus;

/// Inserts shipments with their lines.
pub fn insert(conn: &mut PgConnection, store: StoreId, new: &[NewShipment], at: DateTime<Utc>) -> QueryResult<()> {
    let texts = |value: fn(&NewShipment) -> Option<&str>| new.iter().map(value).collect::<Vec<_>>();
    let lines = || new.iter().flat_map(|new| new.lines.iter().map(move |line| (new, line)));
    db::sql(
        "WITH sent AS ( \
             INSERT INTO shipments (store_id, shipment_number, order_id, carrier, tracking_number, tracking_url, actor, \
                    created_at) \
             SELECT $1, unnest($3::text[]), unnest($4::int8[]), unnest($5::text[]), unnest($6::text[]), \
                    unnest($7::text[]), unnest($8::text[]), $2 RETURNING id, shipment_number) \
         INSERT INTO shipment_lines (store_id, shipment_id, variant_id, location_id, quantity) \
         SELECT $1, s.id, l.variant_id, l.location_id, l.quantity \
         FROM unnest($9::text[], $10::int8[], $11::int8[], $12::int8[]) \
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
    .bind::<Array<Text>, _>(lines().map(|(new, _)| new.shipment_number.as_str()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(lines().map(|(_, line)| line.variant).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(lines().map(|(_, line)| line.location).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(lines().map(|(_, line)| line.quantity).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

/// A shipment as it is stored, with the number and the status of its order.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = shipments)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Shipment {
    pub id: ShipmentId,
    pub shipment_number: String,
    pub order_id: OrderId,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
    pub actor: String,
    pub created_at: DateTime<Utc>,
    #[diesel(select_expression = orders::order_number)]
    pub order_number: String,
    #[diesel(select_expression = orders::status)]
    pub order_status: OrderStatus,
}

/// A line of a shipment, with the data of its order item.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = shipment_lines)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct ShipmentLine {
    pub shipment_id: ShipmentId,
    pub variant_id: VariantId,
    pub location_id: LocationId,
    pub quantity: i64,
    #[diesel(select_expression = order_items::id)]
    pub item_id: OrderItemId,
    #[diesel(select_expression = order_items::product_id)]
    pub product_id: ProductId,
    #[diesel(select_expression = order_items::sku)]
    pub sku: String,
    #[diesel(select_expression = order_items::product_name)]
    pub product_name: String,
    #[diesel(select_expression = order_items::size)]
    pub size: Option<String>,
}

/// The shipments of an order with their lines, the oldest first.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    order: OrderId,
) -> QueryResult<Vec<(Shipment, Vec<ShipmentLine>)>> {
    let found: Vec<Shipment> = shipments::table
        .inner_join(orders::table.on(orders::store_id.eq(shipments::store_id).and(orders::id.eq(shipments::order_id))))
        .filter(shipments::store_id.eq(store))
        .filter(shipments::order_id.eq(order))
        .order(shipments::id)
        .select(Shipment::as_select())
        .load(conn)?;
    let is_item = order_items::store_id
        .eq(shipment_lines::store_id)
        .and(order_items::order_id.eq(order))
        .and(order_items::variant_id.eq(shipment_lines::variant_id));
    let lines: Vec<ShipmentLine> = shipment_lines::table
        .inner_join(order_items::table.on(is_item))
        .filter(shipment_lines::store_id.eq(store))
        .filter(shipment_lines::shipment_id.eq_any(found.iter().map(|shipment| shipment.id)))
        .order((shipment_lines::shipment_id, order_items::id, shipment_lines::location_id))
        .select(ShipmentLine::as_select())
        .load(conn)?;
    let mut of_shipment: HashMap<ShipmentId, Vec<ShipmentLine>> = HashMap::new();
    for line in lines {
        of_shipment.entry(line.shipment_id).or_default().push(line);
    }
    let with_lines = |shipment: Shipment| {
        let lines = of_shipment.remove(&shipment.id).unwrap_or_default();
        (shipment, lines)
    };
    Ok(found.into_iter().map(with_lines).collect())
}
