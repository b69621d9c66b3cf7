//! The shipments of an order in responses.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::kernel::id::{LocationId, OrderId, OrderItemId, ProductId, ShipmentId, VariantId};
use crate::orders::order::{Order, OrderItem};
use crate::orders::queries::shipments::{Shipment, ShipmentLine};
use crate::orders::status::{OrderStatus, ShipmentStatus};

#[derive(Debug, Serialize, ToSchema)]
pub struct ShipmentResponse {
    pub id: ShipmentId,
    #[schema(pattern = "^SHP-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub shipment_number: String,
    pub order_id: OrderId,
    #[schema(pattern = "^ORD-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub order_number: String,
    pub order_status: OrderStatus,
    /// An order that the buyer collects has delivered shipments only.
    pub status: ShipmentStatus,
    #[schema(minimum = 1)]
    pub version: i64,
    #[schema(max_length = 100)]
    pub carrier: Option<String>,
    #[schema(max_length = 100)]
    pub tracking_number: Option<String>,
    #[schema(max_length = 500)]
    pub tracking_url: Option<String>,
    pub lines: Vec<ShipmentLineResponse>,
    /// `user:<id>` or `system`.
    #[schema(max_length = 100)]
    pub actor: String,
    pub created_at: DateTime<Utc>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub lost_at: Option<DateTime<Utc>>,
    #[schema(max_length = 500)]
    pub lost_reason: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ShipmentLineResponse {
    pub item_id: OrderItemId,
    pub product_id: ProductId,
    pub variant_id: VariantId,
    #[schema(max_length = 151)]
    pub sku: String,
    #[schema(max_length = 255)]
    pub product_name: String,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    pub location_id: LocationId,
    pub quantity: i64,
}

impl ShipmentResponse {
    /// The lines are in the order of the order's items.
    #[must_use]
    pub fn new(order: &Order, items: &[OrderItem], shipment: &Shipment) -> Self {
        let lines = items.iter().flat_map(|item| {
            let of_item = shipment.lines.iter().filter(|line| line.variant == item.variant_id);
            of_item.map(|line| ShipmentLineResponse::new(item, *line))
        });
        Self {
            id: shipment.id,
            shipment_number: shipment.shipment_number.clone(),
            order_id: order.id,
            order_number: order.order_number.clone(),
            order_status: order.status,
            status: shipment.status(),
            version: shipment.version,
            carrier: shipment.carrier.clone(),
            tracking_number: shipment.tracking_number.clone(),
            tracking_url: shipment.tracking_url.clone(),
            lines: lines.collect(),
            actor: shipment.actor.clone(),
            created_at: shipment.created_at,
            delivered_at: shipment.delivered_at,
            lost_at: shipment.lost_at,
            lost_reason: shipment.lost_reason.clone(),
        }
    }
}

impl ShipmentLineResponse {
    fn new(item: &OrderItem, line: ShipmentLine) -> Self {
        Self {
            item_id: item.id,
            product_id: item.product_id,
            variant_id: item.variant_id,
            sku: item.sku.clone(),
            product_name: item.product_name.clone(),
            size: item.size.clone(),
            location_id: line.location,
            quantity: line.quantity,
        }
    }
}
