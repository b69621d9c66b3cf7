//! The preview: the response that a checkout would get now.

use std::iter;

use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::decide::Decider;
use super::load::{self, Locking};
use super::placement::Placement;
use super::plan::PlannedOrder;
use super::preview_order::PreviewOrder;
use super::refusal::Refusal;
use super::write;
use crate::error::{Abort, ApiError, Problem};
use crate::inventory::routing::RoutedPart;
use crate::kernel::id::{LocationId, ProductId, StoreId, VariantId};
use crate::orders::order::OrderItem;
use crate::orders::response::OrderResponse;
use crate::stores::routing_policy::RoutingRule;

#[derive(Serialize, ToSchema)]
pub struct PreviewResponse {
    pub ok: bool,
    /// The order, without the numbers that are assigned when it is placed.
    #[schema(value_type = Option<PreviewOrder>)]
    pub order: Option<OrderResponse>,
    /// The places that would serve the order. Empty if it would be refused.
    #[schema(max_items = 100)]
    pub routing: Vec<RoutedPartResponse>,
    /// The refusal that the checkout would get.
    pub refusal: Option<Problem>,
}

/// The units that one place gives.
#[derive(Serialize, ToSchema)]
pub struct RoutedPartResponse {
    pub location_id: LocationId,
    pub lines: Vec<RoutedLineResponse>,
    /// The first rule that prefers this place. Null if there was no choice, or if none of the rules decided.
    pub rule: Option<RoutingRule>,
    /// The distance from the shipping address. Null if the coordinates of one of the two are not known.
    pub distance_km: Option<f64>,
}

#[derive(Serialize, ToSchema)]
pub struct RoutedLineResponse {
    pub product_id: ProductId,
    pub variant_id: VariantId,
    #[schema(max_length = 151)]
    pub sku: String,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    pub quantity: i64,
}

/// Decides like checkout, without locks, and writes nothing.
pub fn preview(conn: &mut PgConnection, store: StoreId, placement: &Placement) -> Result<PreviewResponse, Abort> {
    let placements = [placement];
    let carts = load::load_and_lock_carts(conn, store, &placements, Locking::None)?;
    let mut holds = load::lock_stock(conn, store, &carts, Locking::None)?;
    let (context, mut ids) = load::read_context(conn, store, &placements, &carts, &mut holds, Locking::None)?;
    let resolved = carts.resolved.first().map(Vec::as_slice).unwrap_or_default();
    let mut decider = Decider::new(&context, &carts, &mut holds, &mut ids);
    match decider.check(placement, resolved) {
        Ok(checked) => {
            let route = checked.route.clone();
            let mut plan = decider.take(placement, checked)?;
            if let Some(unfulfilled) = &mut plan.order.unfulfilled {
                write::add_alternatives(conn, &context, iter::once(unfulfilled))?;
            }
            let routing = route.into_iter().map(|part| routed_part(part, &plan.items)).collect();
            let order = PlannedOrder::new(plan, placement).response().into_preview();
            Ok(PreviewResponse { ok: true, order: Some(order), routing, refusal: None })
        }
        Err(Refusal::Failed(failure)) => Err(failure.into()),
        Err(refusal) => refuse(refusal),
    }
}

fn routed_part(part: RoutedPart, items: &[OrderItem]) -> RoutedPartResponse {
    let RoutedPart { location, lines, rule, distance_km } = part;
    let quantity = |item: &OrderItem| lines.iter().find(|line| line.0 == item.variant_id).map(|line| line.1);
    let line = |item: &OrderItem| {
        let OrderItem { product_id, variant_id, sku, size, .. } = item.clone();
        Some(RoutedLineResponse { product_id, variant_id, sku, size, quantity: quantity(item)? })
    };
    RoutedPartResponse { location_id: location, lines: items.iter().filter_map(line).collect(), rule, distance_km }
}

/// Errors of the request (401, 404, 422) stay errors. Refusals because of the store's state become the response.
fn refuse(refusal: Refusal) -> Result<PreviewResponse, Abort> {
    let refusal = ApiError::from(refusal);
    match refusal.code.status().as_u16() {
        400 | 409 => {
            Ok(PreviewResponse { ok: false, order: None, routing: Vec::new(), refusal: Some(refusal.problem(None)) })
        }
        _ => Err(refusal.into()),
    }
}
