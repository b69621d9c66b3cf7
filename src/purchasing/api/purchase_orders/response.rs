//! Purchase orders in responses.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::inventory::inbounds::line::{InboundLine, LineCounts};
use crate::inventory::inbounds::queries::lines::LineSums;
use crate::inventory::inbounds::receipt::Receipt;
use crate::inventory::inbounds::response::{Costs, InboundHistoryResponse, ReceiptResponse};
use crate::inventory::inbounds::status::InboundStatus;
use crate::kernel::history_step::HistoryStep;
use crate::kernel::id::{InboundId, InboundLineId, LocationId, ProductId, SupplierId, VariantId};
use crate::kernel::money::{Amount, Currency, Money};
use crate::purchasing::purchase_orders::PurchaseOrder;
use crate::purchasing::queries::suppliers::Supplier;

/// A purchase order in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchaseOrderSummaryResponse {
    pub id: InboundId,
    #[schema(pattern = "^PO-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub purchase_order_number: String,
    pub status: InboundStatus,
    pub supplier_id: SupplierId,
    #[schema(max_length = 255)]
    pub supplier_name: String,
    /// The place where the goods arrive.
    pub location_id: LocationId,
    #[schema(max_length = 100)]
    pub reference: Option<String>,
    pub expected_on: Option<NaiveDate>,
    /// The ordered units of all lines.
    pub quantity: i64,
    /// The units that may still arrive.
    pub outstanding_quantity: i64,
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// The cost of the ordered units.
    pub total: Amount,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A purchase order with its lines, receipts and history.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchaseOrderResponse {
    pub id: InboundId,
    #[schema(pattern = "^PO-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub purchase_order_number: String,
    pub status: InboundStatus,
    pub supplier_id: SupplierId,
    #[schema(max_length = 255)]
    pub supplier_name: String,
    /// The place where the goods arrive.
    pub location_id: LocationId,
    #[schema(max_length = 100)]
    pub reference: Option<String>,
    pub expected_on: Option<NaiveDate>,
    #[schema(max_length = 2000)]
    pub notes: Option<String>,
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// The cost of the ordered units.
    pub total: Amount,
    /// Every write increases it by one.
    pub version: i64,
    pub lines: Vec<PurchaseLineResponse>,
    pub receipts: Vec<ReceiptResponse>,
    pub history: Vec<InboundHistoryResponse>,
    /// `user:<id>` or `system`.
    #[schema(max_length = 100)]
    pub actor: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A line: `quantity + over = accepted + rejected + cancelled + outstanding`.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchaseLineResponse {
    pub id: InboundLineId,
    pub product_id: ProductId,
    pub variant_id: VariantId,
    #[schema(max_length = 151)]
    pub sku: String,
    #[schema(max_length = 255)]
    pub product_name: String,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    /// The cost of a unit, as it was ordered.
    pub unit_cost: Amount,
    /// The day on which the units should arrive. Null if it is not known.
    pub expected_on: Option<NaiveDate>,
    /// The ordered units.
    pub quantity: i64,
    /// The units that arrived and were not ordered.
    pub over_quantity: i64,
    pub accepted_quantity: i64,
    /// The units that went to quarantine, or were refused when they arrived.
    pub rejected_quantity: i64,
    /// The units that will not arrive.
    pub cancelled_quantity: i64,
    /// The units that may still arrive.
    pub outstanding_quantity: i64,
}

impl PurchaseOrderSummaryResponse {
    pub fn new(order: PurchaseOrder, supplier_name: String, sums: LineSums, currency: &Currency) -> Self {
        let LineSums { planned, sent: _, outstanding, cost } = sums;
        Self {
            id: order.id,
            purchase_order_number: order.inbound_number,
            status: order.status,
            supplier_id: order.origin,
            supplier_name,
            location_id: order.to_location_id,
            reference: order.reference,
            expected_on: order.expected_on,
            quantity: planned,
            outstanding_quantity: outstanding,
            currency: currency.code().to_owned(),
            total: currency.total(cost.0),
            version: order.version,
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }
}

impl PurchaseOrderResponse {
    pub fn new(
        (order, supplier): (PurchaseOrder, Supplier),
        lines: Vec<InboundLine>,
        (receipts, costs): (Vec<Receipt>, Costs),
        history: Vec<HistoryStep<InboundStatus>>,
        currency: &Currency,
    ) -> Self {
        let cost = |line: &InboundLine| i128::from(line.counts.planned).saturating_mul(unit_cost(line).0.into());
        let total = lines.iter().map(cost).fold(0, i128::saturating_add);
        let day = order.expected_on;
        Self {
            id: order.id,
            purchase_order_number: order.inbound_number,
            status: order.status,
            supplier_id: order.origin,
            supplier_name: supplier.settings.name,
            location_id: order.to_location_id,
            reference: order.reference,
            expected_on: order.expected_on,
            notes: order.notes,
            currency: currency.code().to_owned(),
            total: currency.total(total),
            version: order.version,
            lines: lines.into_iter().map(|line| PurchaseLineResponse::new(line, day, currency)).collect(),
            receipts: ReceiptResponse::list(receipts, &costs),
            history: history.into_iter().map(InboundHistoryResponse::from).collect(),
            actor: order.actor,
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }
}

/// The cost of a line of a purchase, which always has one.
fn unit_cost(line: &InboundLine) -> Money {
    line.unit_cost.unwrap_or_default()
}

impl PurchaseLineResponse {
    fn new(line: InboundLine, day_of_order: Option<NaiveDate>, currency: &Currency) -> Self {
        let unit_cost = currency.amount(unit_cost(&line));
        let InboundLine { id, variant_id, product_id, sku, product_name, size, counts, expected_on, .. } = line;
        let LineCounts { planned, surplus, accepted, rejected, cancelled, outstanding, .. } = counts;
        Self {
            id,
            product_id,
            variant_id,
            sku,
            product_name,
            size,
            unit_cost,
            expected_on: expected_on.or(day_of_order),
            quantity: planned,
            over_quantity: surplus,
            accepted_quantity: accepted,
            rejected_quantity: rejected,
            cancelled_quantity: cancelled,
            outstanding_quantity: outstanding,
        }
    }
}
