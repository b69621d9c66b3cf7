//! The parts of today's figures of a product.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::availability::SizeQuery;
use super::summary::LevelResponse;
use crate::auth::Ctx;
use crate::db;
use crate::db::tx::Mode;
use crate::error::{Abort, ApiError};
use crate::http::Query;
use crate::inventory::hold::HolderKind;
use crate::inventory::inbounds::origin::InboundKind;
use crate::inventory::product_with_stock::ProductWithStock;
use crate::inventory::queries::explanation::{self, AllocationPart, HoldPart, InboundPart};
use crate::inventory::queries::stock_by_variant;
use crate::inventory::queries::summary::{LevelQuantities, StockAtLocation};
use crate::inventory::threshold::{SetBy, Threshold, ThresholdKind, list_thresholds};
use crate::kernel::id::{InboundId, InboundLineId, LocationId, OrderId, ProductRef, StoreId, SupplierId, VariantId};

/// The maximal number of rows in each list of a response.
const MAX_PARTS: usize = 100;

/// The parts of today's figures. Each list has at most 100 rows; `totals` counts all of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExplanationResponse {
    /// The figures by size and location. Rows without units come last.
    levels: Vec<LevelResponse>,
    /// The reserved units, newest first: together the `reserved_quantity`.
    holds: Vec<HoldPartResponse>,
    /// The units that are sold and not shipped, newest orders first: together the `committed_quantity`.
    allocations: Vec<AllocationPartResponse>,
    thresholds: Vec<ThresholdPartResponse>,
    /// The units in transit and the ordered ones, soonest first: together the `incoming_quantity`.
    inbound: Vec<InboundPartResponse>,
    totals: ExplanationTotalsResponse,
}

/// Units that are reserved for a cart, an order under payment, a reservation or a transfer. Holds that are past their
/// deadline are not among them, because their units are available.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoldPartResponse {
    kind: HolderKind,
    /// The id of the cart, order, reservation or transfer.
    id: i64,
    /// The number of the order or the transfer, the name of the reservation, or `cart:` with the id of the cart.
    #[schema(max_length = 100)]
    reference_id: String,
    /// The caller that reserved the units: `user:` with an id, `guest` or `system`.
    #[schema(max_length = 100)]
    actor: String,
    variant_id: VariantId,
    #[schema(max_length = 50)]
    size: Option<String>,
    location_id: LocationId,
    quantity: i64,
    /// Null for a transfer, which holds its units until it is sent.
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

/// Units of an order that stand at a location until they are shipped.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllocationPartResponse {
    order_id: OrderId,
    #[schema(pattern = "^ORD-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    order_number: String,
    variant_id: VariantId,
    #[schema(max_length = 50)]
    size: Option<String>,
    location_id: LocationId,
    quantity: i64,
    /// The time of the order.
    created_at: DateTime<Utc>,
}

/// A setting that the figures are compared with.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThresholdPartResponse {
    /// `minimum`: fewer or as many units are low. `maximum`: more should not be in stock. `safety`: buyers never get them.
    kind: ThresholdKind,
    /// `product`: `PATCH /inventory/products/{id}` sets it. `size`: the same request, for the size. `location`:
    /// `PUT /inventory/products/{id}/safety` sets it.
    set_by: SetBy,
    /// Null if the product sets it.
    variant_id: Option<VariantId>,
    #[schema(max_length = 50)]
    size: Option<String>,
    /// Null if it holds for all locations together.
    location_id: Option<LocationId>,
    quantity: i64,
}

/// A line of a transfer or of a purchase order of which units may still arrive.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboundPartResponse {
    kind: InboundKind,
    /// The id of the transfer or of the purchase order.
    id: InboundId,
    #[schema(pattern = "^(TRF|PO)-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    number: String,
    line_id: InboundLineId,
    variant_id: VariantId,
    #[schema(max_length = 50)]
    size: Option<String>,
    /// The source of a transfer.
    from_location_id: Option<LocationId>,
    /// The supplier of a purchase order.
    supplier_id: Option<SupplierId>,
    /// The location where the units arrive.
    location_id: LocationId,
    /// The units that may still arrive.
    quantity: i64,
    expected_on: Option<NaiveDate>,
    /// The account that made the document: `user:` with an id, or `system`.
    #[schema(max_length = 100)]
    actor: String,
}

/// The numbers of all rows, also of those beyond 100, and the sums of all levels.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExplanationTotalsResponse {
    levels: i64,
    holds: i64,
    /// Null if there are many more: they are not counted. `committed_quantity` is the sum of all of them.
    allocations: Option<i64>,
    thresholds: i64,
    inbound: i64,
    stock_quantity: i64,
    reserved_quantity: i64,
    available_quantity: i64,
    committed_quantity: i64,
    incoming_quantity: i64,
}

/// `GET /inventory/products/{id}/explain`
pub async fn show(path: web::Path<String>, size: Query<SizeQuery>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let name = ProductRef::from_path(&path);
    ctx.answer_in("explain_stock", Mode::List, move |conn, scope| {
        let product = stock_by_variant::get_stocked(conn, scope.store, &name)?;
        let variants = product.find_all(&name, size.0.size.as_deref())?;
        explain(conn, scope.store, &product, &variants)
    })
    .await
}

/// Reads all parts with the same time for deadlines, so that they add up to the figures.
fn explain(
    conn: &mut PgConnection,
    store: StoreId,
    product: &ProductWithStock,
    variants: &[VariantId],
) -> Result<ExplanationResponse, Abort> {
    let (now, limit) = (db::clock(conn)?, db::count(MAX_PARTS));
    let mut levels = explanation::list_levels(conn, store, variants, now)?;
    let holds = explanation::list_holds(conn, store, variants, now, limit)?;
    let allocations = explanation::list_allocations(conn, store, variants, limit)?;
    let inbound = explanation::list_inbound(conn, store, variants, limit)?;
    let thresholds = list_thresholds(product, variants, &levels);
    let totals = totals(&levels, (&holds, &allocations), &thresholds, &inbound);
    levels.sort_by_key(is_empty);
    let size = |variant: VariantId| size_of(product, variant);
    Ok(ExplanationResponse {
        levels: levels.into_iter().take(MAX_PARTS).map(LevelResponse::from).collect(),
        holds: holds.into_iter().map(|hold| hold_response(hold, size)).collect(),
        allocations: allocations.into_iter().map(|part| allocation_response(part, size)).collect(),
        thresholds: thresholds.into_iter().take(MAX_PARTS).map(|one| threshold_response(&one, size)).collect(),
        inbound: inbound.into_iter().map(|part| inbound_response(part, size)).collect(),
        totals,
    })
}

fn size_of(product: &ProductWithStock, variant: VariantId) -> Option<String> {
    product.variants.iter().find(|known| known.id == variant).and_then(|known| known.size.clone())
}

fn is_empty(level: &StockAtLocation) -> bool {
    let LevelQuantities { quarantined_quantity, .. } = level.quantities;
    level.quantities.on_hand() == 0 && level.quantities.incoming() == 0 && quarantined_quantity == 0
}

fn totals(
    levels: &[StockAtLocation],
    (holds, allocations): (&[HoldPart], &[AllocationPart]),
    thresholds: &[Threshold],
    inbound: &[InboundPart],
) -> ExplanationTotalsResponse {
    let sum = |figure: fn(&LevelQuantities) -> i64| {
        levels.iter().map(|level| figure(&level.quantities)).fold(0, i64::saturating_add)
    };
    let found = allocations.first();
    ExplanationTotalsResponse {
        levels: db::count(levels.len()),
        holds: holds.first().map_or(0, |hold| hold.total),
        allocations: match found {
            None => Some(0),
            Some(part) => (!part.has_more).then_some(part.total),
        },
        thresholds: db::count(thresholds.len()),
        inbound: inbound.first().map_or(0, |part| part.total),
        stock_quantity: sum(|level| level.stock_quantity),
        reserved_quantity: sum(|level| level.reserved_quantity),
        available_quantity: sum(|level| level.available_quantity),
        committed_quantity: sum(|level| level.committed_quantity),
        incoming_quantity: sum(LevelQuantities::incoming),
    }
}

fn hold_response(hold: HoldPart, size: impl Fn(VariantId) -> Option<String>) -> HoldPartResponse {
    let HoldPart { kind, id, reference_id, actor, variant_id, location_id, quantity, expires_at, created_at, total: _ } =
        hold;
    let size = size(variant_id);
    HoldPartResponse { kind, id, reference_id, actor, variant_id, size, location_id, quantity, expires_at, created_at }
}

fn allocation_response(part: AllocationPart, size: impl Fn(VariantId) -> Option<String>) -> AllocationPartResponse {
    let AllocationPart { order_id, order_number, variant_id, location_id, quantity, created_at, total: _, has_more: _ } =
        part;
    let size = size(variant_id);
    AllocationPartResponse { order_id, order_number, variant_id, size, location_id, quantity, created_at }
}

fn threshold_response(threshold: &Threshold, size: impl Fn(VariantId) -> Option<String>) -> ThresholdPartResponse {
    let Threshold { kind, set_by, variant, location, quantity } = *threshold;
    let size = variant.and_then(size);
    ThresholdPartResponse { kind, set_by, variant_id: variant, size, location_id: location, quantity }
}

fn inbound_response(part: InboundPart, size: impl Fn(VariantId) -> Option<String>) -> InboundPartResponse {
    InboundPartResponse {
        kind: part.kind,
        id: part.id,
        number: part.number,
        line_id: part.line_id,
        variant_id: part.variant_id,
        size: size(part.variant_id),
        from_location_id: part.from_location_id,
        supplier_id: part.supplier_id,
        location_id: part.location_id,
        quantity: part.quantity,
        expected_on: part.expected_on,
        actor: part.actor,
    }
}
