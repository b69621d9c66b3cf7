//! An order in responses.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::order::{Order, OrderItem, StockReduction};
use super::queries::shipments::Shipment;
use super::status::{FulfilmentStatus, OrderStatus, PaymentStatus, PickupStatus, ShipmentStatus};
use super::tax_line::TaxLine;
use super::unfulfilled::UnfulfilledLine;
use crate::cart::response::TaxLineResponse;
use crate::inventory::alternatives::AlternativeResponse;
use crate::kernel::history_step::history_response;
use crate::kernel::id::{LocationId, OrderId, ProductId, StoreId, UserId};
use crate::kernel::money::{Amount, Currency, Money};

mod item;
mod shipment;

pub use item::{AllocationResponse, OrderItemResponse};
pub use shipment::{ShipmentLineResponse, ShipmentResponse};

#[derive(Debug, Serialize, ToSchema)]
pub struct OrderResponse {
    #[schema(value_type = OrderId)]
    pub id: Option<OrderId>,
    #[schema(value_type = String)]
    #[schema(pattern = "^ORD-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub order_number: Option<String>,
    pub store_id: StoreId,
    pub user_id: Option<UserId>,
    pub created_by: Option<UserId>,
    #[schema(max_length = 255)]
    pub customer_name: Option<String>,
    #[schema(max_length = 50)]
    pub customer_phone: Option<String>,
    /// The address for mails about the order, as it was sent with it.
    #[schema(max_length = 254)]
    pub customer_email: Option<String>,
    #[schema(max_length = 1000)]
    pub delivery_address: Option<String>,
    pub status: OrderStatus,
    pub payment_status: PaymentStatus,
    pub fulfilment_status: FulfilmentStatus,
    #[schema(max_length = 50)]
    pub payment_method: String,
    pub payment_expires_at: Option<DateTime<Utc>>,
    pub paid_at: Option<DateTime<Utc>>,
    #[schema(max_length = 255)]
    pub payment_reference: Option<String>,
    /// The sum of the credits: the cancelled, returned and forgiven parts of the order.
    pub credited_amount: Amount,
    /// `total_amount` without `credited_amount`.
    pub net_total: Amount,
    /// The sum of all payments received for the order.
    pub received_amount: Amount,
    /// The part of the credits that paid for the orders of exchanges.
    pub credit_used_amount: Amount,
    /// Received money that was not accepted, and is due back: too late, a second payment, a reused reference, or the
    /// part above the total.
    pub unapplied_amount: Amount,
    /// True if a refund is due.
    pub refund_due: bool,
    /// The amount of the due refund: the accepted payments above `net_total`, and `unapplied_amount`.
    pub refund_due_amount: Amount,
    pub refunded_amount: Amount,
    #[schema(max_length = 100)]
    pub tracking_number: Option<String>,
    /// Null until the invoice is issued.
    #[schema(max_length = 50)]
    pub invoice_number: Option<String>,
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    pub subtotal: Amount,
    /// The tax that is added to the prices.
    pub tax_amount: Amount,
    /// The tax that the prices contain.
    pub included_tax_amount: Amount,
    /// The taxes by rate. Empty if nothing is taxed.
    pub tax_lines: Vec<TaxLineResponse>,
    pub shipping_amount: Amount,
    pub discount_amount: Amount,
    pub total_amount: Amount,
    pub items: Vec<OrderItemResponse>,
    /// The number of units in all items.
    pub total_items: i64,
    pub stock_reductions: Vec<StockReductionResponse>,
    /// The newest 20 shipments, the oldest first. `GET /orders/{id}/shipments` lists more.
    #[schema(max_items = 20)]
    pub shipments: Vec<ShipmentResponse>,
    #[schema(value_type = Option<crate::customers::api::AddressResponse>)]
    pub shipping_address: Option<Value>,
    #[schema(value_type = Option<crate::customers::api::AddressResponse>)]
    pub billing_address: Option<Value>,
    #[schema(max_length = 2000)]
    pub notes: Option<String>,
    /// The location where the buyer collects the order. Null if it is delivered.
    pub pickup_location_id: Option<LocationId>,
    /// `ready` as soon as the buyer can collect the order, and `collected` after that. Null before, for cancelled orders,
    /// and for orders that are delivered.
    pub pickup_status: Option<PickupStatus>,
    /// When the order was ready to be collected.
    pub ready_at: Option<DateTime<Utc>>,
    /// The lines that the order did not get in full, because it was placed with `allow_partial`.
    #[schema(max_items = 100)]
    pub unfulfilled: Vec<UnfulfilledResponse>,
    /// The order whose goods this one replaces. Null for other orders.
    pub exchange_of: Option<OrderId>,
    /// The statuses that can be set next.
    pub next_statuses: Vec<OrderStatus>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Gives access to this order with the header X-Order-Token. It is only in the response that created the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    #[schema(max_length = 255)]
    pub guest_token: Option<String>,
}

/// A requested line with too few units.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnfulfilledResponse {
    pub product_id: ProductId,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    pub requested_quantity: i64,
    /// The quantity of the order item. 0 if the order has no item of the product.
    pub fulfilled_quantity: i64,
    pub shortage: i64,
    /// Up to five products of the same category that were in stock after the order, for each of the first 20 lines.
    #[schema(max_items = 5)]
    pub alternatives: Vec<AlternativeResponse>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StockReductionResponse {
    pub product_id: ProductId,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    pub quantity: i64,
    pub previous_stock: i64,
    pub new_stock: i64,
    #[schema(value_type = String)]
    #[schema(max_length = 100)]
    pub reference_id: Option<String>,
}

impl OrderResponse {
    #[must_use]
    pub fn new(order: &Order, items: &[OrderItem], reductions: &[StockReduction], shipments: &[Shipment]) -> Self {
        let amount = |money| order.currency.amount(money);
        Self {
            id: Some(order.id),
            order_number: Some(order.order_number.clone()),
            store_id: order.store_id,
            user_id: order.user_id,
            created_by: order.created_by,
            customer_name: order.customer_name.clone(),
            customer_phone: order.customer_phone.clone(),
            customer_email: order.customer_email.clone(),
            delivery_address: order.delivery_address.clone(),
            status: order.status,
            payment_status: order.payment_status,
            fulfilment_status: FulfilmentStatus::from_items(items),
            payment_method: order.payment_method.clone(),
            payment_expires_at: order.payment_expires_at,
            paid_at: order.paid_at,
            payment_reference: order.payment_reference.clone(),
            credited_amount: amount(order.credited_amount),
            net_total: amount(order.net_total()),
            received_amount: amount(order.received_amount),
            credit_used_amount: amount(order.credit_used_amount),
            unapplied_amount: amount(order.unapplied_amount),
            refund_due: order.refund_due_amount() > Money(0),
            refund_due_amount: amount(order.refund_due_amount()),
            refunded_amount: amount(order.refunded_amount),
            tracking_number: order.tracking_number.clone(),
            invoice_number: order.invoice_number.clone(),
            currency: order.currency.code().to_owned(),
            subtotal: amount(order.subtotal),
            tax_amount: amount(order.tax_amount),
            included_tax_amount: amount(order.included_tax_amount),
            tax_lines: tax_lines(order),
            shipping_amount: amount(order.shipping_amount),
            discount_amount: amount(order.discount_amount),
            total_amount: amount(order.total_amount),
            items: items.iter().map(|item| OrderItemResponse::new(item, order)).collect(),
            total_items: order.total_items,
            stock_reductions: reductions.iter().map(|cut| StockReductionResponse::new(cut, order)).collect(),
            shipments: shipments.iter().map(|shipment| ShipmentResponse::new(order, items, shipment)).collect(),
            shipping_address: order.shipping_address.clone(),
            billing_address: order.billing_address.clone(),
            notes: order.notes.clone(),
            pickup_location_id: order.pickup_location_id,
            pickup_status: PickupStatus::from_order(order),
            ready_at: order.ready_at,
            unfulfilled: unfulfilled(order),
            exchange_of: order.exchange_of,
            next_statuses: next_statuses(order, items, shipments),
            created_at: order.created_at,
            updated_at: order.updated_at,
            guest_token: None,
        }
    }

    /// The same order without the numbers that are assigned when an order is placed.
    #[must_use]
    pub fn into_preview(mut self) -> Self {
        self.id = None;
        self.order_number = None;
        for item in &mut self.items {
            item.id = None;
        }
        for reduction in &mut self.stock_reductions {
            reduction.reference_id = None;
        }
        self
    }
}

fn unfulfilled(order: &Order) -> Vec<UnfulfilledResponse> {
    let lines = order.unfulfilled.iter().flat_map(|unfulfilled| &unfulfilled.0);
    lines.map(|line| UnfulfilledResponse::new(line, &order.currency)).collect()
}

fn tax_lines(order: &Order) -> Vec<TaxLineResponse> {
    let lines = order.tax_lines.iter().flat_map(|lines| &lines.0);
    lines.map(|line| tax_line(line, &order.currency)).collect()
}

/// The tax of one rate, in the form for the wire.
#[must_use]
pub fn tax_line(line: &TaxLine, currency: &Currency) -> TaxLineResponse {
    let TaxLine { name, percent, base, tax, included } = line.clone();
    TaxLineResponse { name, percent, base: currency.amount(base), tax: currency.amount(tax), included }
}

impl UnfulfilledResponse {
    fn new(line: &UnfulfilledLine, currency: &Currency) -> Self {
        let alternatives = line.alternatives.iter().map(|other| AlternativeResponse::new(other, currency));
        Self {
            product_id: line.product_id,
            size: line.size.clone(),
            requested_quantity: line.requested_quantity,
            fulfilled_quantity: line.fulfilled_quantity,
            shortage: line.shortage(),
            alternatives: alternatives.collect(),
        }
    }
}

impl StockReductionResponse {
    fn new(reduction: &StockReduction, order: &Order) -> Self {
        Self {
            product_id: reduction.product_id,
            size: reduction.size.clone(),
            quantity: reduction.quantity,
            previous_stock: reduction.previous_stock,
            new_stock: reduction.new_stock,
            reference_id: Some(order.order_number.clone()),
        }
    }
}

/// An order that was shipped in part cannot be cancelled. An order whose shipments are all lost cannot be delivered.
fn next_statuses(order: &Order, items: &[OrderItem], shipments: &[Shipment]) -> Vec<OrderStatus> {
    let is_possible = |status: &OrderStatus| match status {
        OrderStatus::Cancelled => FulfilmentStatus::from_items(items) == FulfilmentStatus::None,
        OrderStatus::Delivered => !is_all_lost(items, shipments),
        _ => true,
    };
    order.status.next().iter().copied().filter(is_possible).collect()
}

/// True if the lost shipments have all shipped units. The units are compared, because an order shows only its newest
/// shipments.
fn is_all_lost(items: &[OrderItem], shipments: &[Shipment]) -> bool {
    let shipped = items.iter().fold(0, |sum: i64, item| sum.saturating_add(item.shipped_quantity));
    let lost = shipments.iter().filter(|shipment| shipment.status() == ShipmentStatus::Lost);
    let lost = lost.flat_map(|shipment| &shipment.lines).fold(0, |sum: i64, line| sum.saturating_add(line.quantity));
    lost > 0 && lost == shipped
}

history_response! {
    /// A change of an order's status.
    pub struct HistoryResponse(OrderStatus);
}
