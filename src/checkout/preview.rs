//! The preview: the answer that checkout would give now.

use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::decide::Decider;
use super::load::{self, Locking};
use super::placement::Placement;
use super::plan::Placed;
use super::preview_order::PreviewOrder;
use super::refusal::Refusal;
use crate::error::{Abort, ApiError, Problem};
use crate::kernel::id::StoreId;
use crate::orders::response::OrderResponse;

#[derive(Serialize, ToSchema)]
pub struct PreviewResponse {
    pub ok: bool,
    /// The order, without the numbers that are assigned when it is placed.
    #[schema(value_type = Option<PreviewOrder>)]
    pub order: Option<OrderResponse>,
    /// The refusal that the checkout would get.
    pub refusal: Option<Problem>,
}

/// Decides like checkout, without locks, and writes nothing.
pub fn preview(conn: &mut PgConnection, store: StoreId, placement: &Placement) -> Result<PreviewResponse, Abort> {
    let placements = [placement];
    let carts = load::load_and_lock_carts(conn, store, &placements, Locking::None)?;
    let mut holds = load::lock_stock(conn, store, &carts, Locking::None)?;
    let (context, mut ids) = load::read_context(conn, store, &placements, &carts, Locking::None)?;
    holds.stock_mut().set_places(context.places.clone());
    let resolved = carts.resolved.first().map(Vec::as_slice).unwrap_or_default();
    let mut decider = Decider::new(&context, &carts, &mut holds, &mut ids);
    match decider.check(placement, resolved) {
        Ok(checked) => {
            let order = Placed::new(decider.take(placement, checked)?, placement).response().into_preview();
            Ok(PreviewResponse { ok: true, order: Some(order), refusal: None })
        }
        Err(Refusal::Failed(failure)) => Err(failure.into()),
        Err(refusal) => refuse(refusal),
    }
}

/// Errors of the request (401, 404, 422) stay errors. Refusals because of the store's state become the answer.
fn refuse(refusal: Refusal) -> Result<PreviewResponse, Abort> {
    let refusal = ApiError::from(refusal);
    match refusal.code.status().as_u16() {
        400 | 409 => Ok(PreviewResponse { ok: false, order: None, refusal: Some(refusal.problem(None)) }),
        _ => Err(refusal.into()),
    }
}
