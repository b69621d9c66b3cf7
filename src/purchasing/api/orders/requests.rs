//! The bodies of requests about purchase orders.

use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::catalogue::size;
use crate::inventory::inbounds::plan_line::PlanLine;
use crate::kernel::id::{InboundLineId, LocationId, ProductRef, SupplierId};
use crate::kernel::moment::Day;
use crate::kernel::money::AmountInput;
use crate::kernel::number;
use crate::kernel::quantity::{DocumentQuantity, StockQuantity};
use crate::kernel::text;
use crate::purchasing::orders::costs::LineCost;
use crate::purchasing::orders::lines::OrderLine;
use crate::purchasing::orders::plan::{NewOrder, OrderChange};
use crate::purchasing::orders::receive::{OrderArrival, OrderArrivals};

/// A purchase order to create. It is a draft.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPurchaseOrderRequest {
    pub supplier_id: SupplierId,
    /// The place where the goods arrive.
    pub location_id: LocationId,
    /// Equal lines are added up.
    #[validate(nested)]
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<PurchaseLineRequest>,
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(min = 1, max = 100, message = "must have 1 to 100 characters"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub reference: Option<String>,
    /// The day on which the goods should arrive. Without it, the lead time decides when the goods are ordered.
    pub expected_on: Option<Day>,
    #[validate(length(max = 2000, message = "must have at most 2000 characters"))]
    #[schema(max_length = 2000)]
    pub notes: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchaseLineRequest {
    pub product_id: ProductRef,
    #[validate(custom(function = "size::validate"))]
    #[schema(min_length = 1, max_length = 50)]
    pub size: Option<String>,
    pub quantity: DocumentQuantity,
    /// The cost of a unit. Without it, that of the supplier's item.
    pub unit_cost: Option<AmountInput>,
    /// The day on which these units should arrive. Without it, that of the order.
    pub expected_on: Option<Day>,
}

/// Changes of an order. Absent fields stay as they are. Once the goods are ordered, only the reference, the day and the
/// notes can change.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatePurchaseOrderRequest {
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    pub supplier_id: Option<SupplierId>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    pub location_id: Option<LocationId>,
    /// They replace all lines.
    #[serde(default, deserialize_with = "text::some")]
    #[validate(nested)]
    #[schema(nullable = false, min_items = 1, max_items = 500)]
    pub lines: Option<Vec<PurchaseLineRequest>>,
    #[serde(default, deserialize_with = "text::some")]
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(min = 1, max = 100, message = "must have 1 to 100 characters"))]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = r"\S")]
    pub reference: Option<Option<String>>,
    /// Without `lines`, it replaces the days of all lines, too.
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<Day>)]
    pub expected_on: Option<Option<Day>>,
    #[serde(default, deserialize_with = "text::some")]
    #[validate(length(max = 2000, message = "must have at most 2000 characters"))]
    #[schema(value_type = Option<String>, max_length = 2000)]
    pub notes: Option<Option<String>>,
    /// If the order has another version by now, the request is refused.
    #[serde(default, deserialize_with = "number::deserialize_integer")]
    #[validate(range(min = 1, message = "must be at least 1"))]
    #[schema(minimum = 1)]
    pub expected_version: Option<i64>,
}

/// The body of acts without details.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchaseOrderVersionRequest {
    /// If the order has another version by now, the request is refused.
    #[serde(default, deserialize_with = "number::deserialize_integer")]
    #[validate(range(min = 1, message = "must be at least 1"))]
    #[schema(minimum = 1)]
    pub expected_version: Option<i64>,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelPurchaseOrderRequest {
    /// The reason, for the history of the order.
    #[validate(length(max = 500, message = "must have at most 500 characters"))]
    #[schema(max_length = 500)]
    pub reason: Option<String>,
    /// If the order has another version by now, the request is refused.
    #[serde(default, deserialize_with = "number::deserialize_integer")]
    #[validate(range(min = 1, message = "must be at least 1"))]
    #[schema(minimum = 1)]
    pub expected_version: Option<i64>,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosePurchaseOrderRequest {
    /// The reason why the rest does not arrive.
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(min = 1, max = 500, message = "must have 1 to 500 characters"))]
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    pub reason: String,
    /// If the order has another version by now, the request is refused.
    #[serde(default, deserialize_with = "number::deserialize_integer")]
    #[validate(range(min = 1, message = "must be at least 1"))]
    #[schema(minimum = 1)]
    pub expected_version: Option<i64>,
}

/// Ordered units that arrived together.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivePurchaseOrderRequest {
    #[validate(nested)]
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<ReceivePurchaseLineRequest>,
    /// The name of the delivery note.
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(min = 1, max = 100, message = "must have 1 to 100 characters"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub reference: Option<String>,
    /// True if more units than the outstanding ones may arrive: up to the store's `over_receipt_percent` of a line, or
    /// any number with the permission `inventory:approve`.
    #[serde(default)]
    pub allow_over: bool,
    /// If the order has another version by now, the request is refused.
    #[serde(default, deserialize_with = "number::deserialize_integer")]
    #[validate(range(min = 1, message = "must be at least 1"))]
    #[schema(minimum = 1)]
    pub expected_version: Option<i64>,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivePurchaseLineRequest {
    pub line_id: InboundLineId,
    /// The units that can be sold.
    pub accepted: StockQuantity,
    /// The units that were refused; 0 by default.
    pub rejected: Option<StockQuantity>,
    /// True if the rejected units go to quarantine. Otherwise they were refused on arrival, and are never in stock.
    #[serde(default)]
    pub keep_rejected: bool,
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(min = 1, max = 500, message = "must have 1 to 500 characters"))]
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    pub reject_reason: Option<String>,
    /// The cost of a unit. Without it, that of the line.
    pub unit_cost: Option<AmountInput>,
}

/// The costs on the supplier's bill.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectCostsRequest {
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<LineCostRequest>,
    /// If the order has another version by now, the request is refused.
    #[serde(default, deserialize_with = "number::deserialize_integer")]
    #[validate(range(min = 1, message = "must be at least 1"))]
    #[schema(minimum = 1)]
    pub expected_version: Option<i64>,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineCostRequest {
    pub line_id: InboundLineId,
    pub unit_cost: AmountInput,
}

impl From<NewPurchaseOrderRequest> for NewOrder {
    fn from(request: NewPurchaseOrderRequest) -> Self {
        let NewPurchaseOrderRequest { supplier_id, location_id, lines, reference, expected_on, notes } = request;
        Self {
            supplier: supplier_id,
            to: location_id,
            lines: lines.into_iter().map(OrderLine::from).collect(),
            reference,
            expected_on: expected_on.map(|day| day.0),
            notes,
        }
    }
}

impl From<PurchaseLineRequest> for OrderLine {
    fn from(request: PurchaseLineRequest) -> Self {
        let PurchaseLineRequest { product_id, size, quantity, unit_cost, expected_on } = request;
        let plan = PlanLine { product: product_id, size, quantity: quantity.get() };
        Self { plan, unit_cost, expected_on: expected_on.map(|day| day.0) }
    }
}

impl From<UpdatePurchaseOrderRequest> for OrderChange {
    fn from(request: UpdatePurchaseOrderRequest) -> Self {
        let UpdatePurchaseOrderRequest { supplier_id, location_id, lines, reference, expected_on, notes, .. } = request;
        Self {
            supplier: supplier_id,
            to: location_id,
            lines: lines.map(|lines| lines.into_iter().map(OrderLine::from).collect()),
            reference,
            expected_on: expected_on.map(|day| day.map(|day| day.0)),
            notes,
        }
    }
}

impl From<ReceivePurchaseOrderRequest> for OrderArrivals {
    fn from(request: ReceivePurchaseOrderRequest) -> Self {
        let ReceivePurchaseOrderRequest { lines, reference, allow_over, expected_version: _ } = request;
        Self { lines: lines.into_iter().map(OrderArrival::from).collect(), reference, allow_over }
    }
}

impl From<ReceivePurchaseLineRequest> for OrderArrival {
    fn from(request: ReceivePurchaseLineRequest) -> Self {
        let ReceivePurchaseLineRequest { line_id, accepted, rejected, keep_rejected, reject_reason, unit_cost } =
            request;
        let rejected = rejected.unwrap_or_default().get();
        Self { line: line_id, accepted: accepted.get(), rejected, keep_rejected, reject_reason, unit_cost }
    }
}

impl From<LineCostRequest> for LineCost {
    fn from(request: LineCostRequest) -> Self {
        let LineCostRequest { line_id, unit_cost } = request;
        Self { line: line_id, unit_cost }
    }
}
