//! The bodies of requests about purchase orders.

use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::catalogue::size;
use crate::inventory::inbounds::draft::{Header, HeaderChange};
use crate::inventory::inbounds::draft_line::DraftLine;
use crate::kernel::document_text::{CancelReason, Notes, Reason, Reference};
use crate::kernel::expected_version::ExpectedVersion;
use crate::kernel::id::{InboundLineId, LocationId, ProductRef, SupplierId};
use crate::kernel::moment::Day;
use crate::kernel::money::AmountInput;
use crate::kernel::quantity::{DocumentQuantity, StockQuantity};
use crate::kernel::text;
use crate::purchasing::purchase_orders::costs::LineCost;
use crate::purchasing::purchase_orders::draft::{NewPurchaseOrder, PurchaseOrderChange};
use crate::purchasing::purchase_orders::lines::PurchaseLine;
use crate::purchasing::purchase_orders::receive::{ReceivedPurchase, ReceivedPurchaseLine};

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
    pub reference: Option<Reference>,
    /// The day on which the goods should arrive. Without it, the lead time decides when the goods are ordered.
    pub expected_on: Option<Day>,
    pub notes: Option<Notes>,
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
    #[schema(value_type = Option<Reference>)]
    pub reference: Option<Option<Reference>>,
    /// Without `lines`, it replaces the days of all lines, too.
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<Day>)]
    pub expected_on: Option<Option<Day>>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<Notes>)]
    pub notes: Option<Option<Notes>>,
    pub expected_version: Option<ExpectedVersion>,
}

/// The body of acts without details.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchaseOrderVersionRequest {
    pub expected_version: Option<ExpectedVersion>,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelPurchaseOrderRequest {
    pub reason: Option<CancelReason>,
    pub expected_version: Option<ExpectedVersion>,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosePurchaseOrderRequest {
    /// The reason why the rest does not arrive.
    pub reason: Reason,
    pub expected_version: Option<ExpectedVersion>,
}

/// Ordered units that arrived together.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivePurchaseOrderRequest {
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<ReceivePurchaseLineRequest>,
    /// The name of the delivery note.
    pub reference: Option<Reference>,
    /// True if more units than the outstanding ones may arrive: up to the store's `over_receipt_percent` of a line, or
    /// any number with the permission `inventory:approve`.
    #[serde(default)]
    pub allow_over: bool,
    pub expected_version: Option<ExpectedVersion>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
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
    pub reject_reason: Option<Reason>,
    /// The cost of a unit. Without it, that of the line.
    pub unit_cost: Option<AmountInput>,
}

/// The costs on the supplier's bill.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectCostsRequest {
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<LineCostRequest>,
    pub expected_version: Option<ExpectedVersion>,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineCostRequest {
    pub line_id: InboundLineId,
    pub unit_cost: AmountInput,
}

impl From<NewPurchaseOrderRequest> for NewPurchaseOrder {
    fn from(request: NewPurchaseOrderRequest) -> Self {
        let NewPurchaseOrderRequest { supplier_id, location_id, lines, reference, expected_on, notes } = request;
        let header = Header {
            origin: supplier_id,
            to: location_id,
            reference: reference.map(String::from),
            expected_on: expected_on.map(|day| day.0),
            notes: notes.map(String::from),
        };
        Self { header, lines: lines.into_iter().map(PurchaseLine::from).collect() }
    }
}

impl From<PurchaseLineRequest> for PurchaseLine {
    fn from(request: PurchaseLineRequest) -> Self {
        let PurchaseLineRequest { product_id, size, quantity, unit_cost, expected_on } = request;
        let draft = DraftLine { product: product_id, size, quantity: quantity.get() };
        Self { draft, unit_cost, expected_on: expected_on.map(|day| day.0) }
    }
}

impl From<UpdatePurchaseOrderRequest> for PurchaseOrderChange {
    fn from(request: UpdatePurchaseOrderRequest) -> Self {
        let UpdatePurchaseOrderRequest { supplier_id, location_id, lines, reference, expected_on, notes, .. } = request;
        let header = HeaderChange {
            origin: supplier_id,
            to: location_id,
            reference: reference.map(|reference| reference.map(String::from)),
            expected_on: expected_on.map(|day| day.map(|day| day.0)),
            notes: notes.map(|notes| notes.map(String::from)),
        };
        Self { header, lines: lines.map(|lines| lines.into_iter().map(PurchaseLine::from).collect()) }
    }
}

impl From<ReceivePurchaseOrderRequest> for ReceivedPurchase {
    fn from(request: ReceivePurchaseOrderRequest) -> Self {
        let ReceivePurchaseOrderRequest { lines, reference, allow_over, expected_version: _ } = request;
        let lines = lines.into_iter().map(ReceivedPurchaseLine::from).collect();
        Self { lines, reference: reference.map(String::from), allow_surplus: allow_over }
    }
}

impl From<ReceivePurchaseLineRequest> for ReceivedPurchaseLine {
    fn from(request: ReceivePurchaseLineRequest) -> Self {
        let ReceivePurchaseLineRequest { line_id, accepted, rejected, keep_rejected, reject_reason, unit_cost } =
            request;
        Self {
            line: line_id,
            accepted: accepted.get(),
            rejected: rejected.unwrap_or_default().get(),
            keep_rejected,
            reject_reason: reject_reason.map(String::from),
            unit_cost,
        }
    }
}

impl From<LineCostRequest> for LineCost {
    fn from(request: LineCostRequest) -> Self {
        let LineCostRequest { line_id, unit_cost } = request;
        Self { line: line_id, unit_cost }
    }
}
