//! The items of an order in responses.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::ObjectBuilder;

use crate::kernel::id::{LocationId, OrderItemId, ProductId, VariantId};
use crate::kernel::money::Amount;
use crate::kernel::schema;
use crate::orders::allocation::Allocation;
use crate::orders::order::{Order, OrderItem};

#[derive(Debug, Serialize, ToSchema)]
pub struct OrderItemResponse {
    #[schema(value_type = OrderItemId)]
    pub id: Option<OrderItemId>,
    pub product_id: ProductId,
    pub variant_id: VariantId,
    #[schema(max_length = 151)]
    pub sku: String,
    #[schema(max_length = 255)]
    pub product_name: String,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    pub quantity: i64,
    pub shipped_quantity: i64,
    /// The units that were cancelled before they were shipped.
    pub cancelled_quantity: i64,
    /// The shipped units that came back.
    pub returned_quantity: i64,
    pub unit_price: Amount,
    pub total_price: Amount,
    /// The share of the item in the discount of the order.
    pub discount_amount: Amount,
    /// The share of the item in the tax that is added to the prices.
    pub tax_amount: Amount,
    /// The tax that the price of the item contains.
    pub included_tax_amount: Amount,
    #[schema(schema_with = attributes)]
    pub attributes: Value,
    /// The locations of the units.
    pub allocations: Vec<AllocationResponse>,
}

/// Units of an item from one location.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllocationResponse {
    pub location_id: LocationId,
    pub quantity: i64,
    pub shipped_quantity: i64,
}

fn attributes() -> ObjectBuilder {
    schema::texts_by_name("Brand, category, unit and barcode of the product, if it has them.", 100)
}

impl OrderItemResponse {
    pub(super) fn new(item: &OrderItem, order: &Order) -> Self {
        Self {
            id: Some(item.id),
            product_id: item.product_id,
            variant_id: item.variant_id,
            sku: item.sku.clone(),
            product_name: item.product_name.clone(),
            size: item.size.clone(),
            quantity: item.quantity,
            shipped_quantity: item.shipped_quantity,
            cancelled_quantity: item.cancelled_quantity,
            returned_quantity: item.returned_quantity,
            unit_price: order.currency.amount(item.unit_price),
            total_price: order.currency.amount(item.total_price),
            discount_amount: order.currency.amount(item.discount_amount),
            tax_amount: order.currency.amount(item.tax_amount),
            included_tax_amount: order.currency.amount(item.included_tax_amount),
            attributes: item.attributes.clone(),
            allocations: item.allocations.0.iter().map(|part| AllocationResponse::from(*part)).collect(),
        }
    }
}

impl From<Allocation> for AllocationResponse {
    fn from(part: Allocation) -> Self {
        let Allocation { location_id, quantity, shipped_quantity } = part;
        Self { location_id, quantity, shipped_quantity }
    }
}
