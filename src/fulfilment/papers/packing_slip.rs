//! The packing slip of a shipment: what is in the parcel, and where it goes. It shows no prices.

use diesel::PgConnection;

use crate::db::Failure;
use crate::kernel::id::{OrderId, ShipmentId, StoreId};
use crate::orders::order::{Order, OrderItem};
use crate::orders::queries::shipments::Shipment;
use crate::orders::queries::{items, orders, shipments};
use crate::stores::queries::get_store;

pub struct PackingSlip {
    pub seller_name: String,
    pub order: Order,
    pub shipment: Shipment,
    pub lines: Vec<PackedLine>,
}

/// The units of an item in the parcel, from all places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedLine {
    pub sku: String,
    pub product_name: String,
    pub size: Option<String>,
    pub quantity: i64,
}

/// Reads the packing slip of a shipment that exists.
pub fn read(
    conn: &mut PgConnection,
    store: StoreId,
    (order, id): (OrderId, ShipmentId),
) -> Result<PackingSlip, Failure> {
    let shipment = shipments::get(conn, store, (order, id))?;
    let shipment = shipment.ok_or_else(|| Failure::Internal(format!("shipment {id} is gone")))?;
    let items = items::list(conn, store, &[order])?.remove(&order).unwrap_or_default();
    let lines = items.iter().map(|item| packed(item, &shipment)).filter(|line| line.quantity > 0).collect();
    let seller_name = get_store(conn, store)?.name;
    Ok(PackingSlip { seller_name, order: orders::get(conn, store, order)?, shipment, lines })
}

fn packed(item: &OrderItem, shipment: &Shipment) -> PackedLine {
    let of_item = shipment.lines.iter().filter(|line| line.variant == item.variant_id);
    PackedLine {
        sku: item.sku.clone(),
        product_name: item.product_name.clone(),
        size: item.size.clone(),
        quantity: of_item.fold(0, |sum: i64, line| sum.saturating_add(line.quantity)),
    }
}
