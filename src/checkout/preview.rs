//! What checkout would answer now, with nothing locked and nothing written.

use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::decide::Decider;
use super::load::{self, Locking};
use super::placement::Placement;
use super::plan::Stop;
use super::preview_order::PreviewOrder;
use super::refusal::Refusal;
use super::write::Placed;
use crate::db;
use crate::error::{ApiError, Halt, Problem};
use crate::kernel::id::StoreId;
use crate::orders::response::OrderResponse;

#[derive(Serialize, ToSchema)]
pub struct PreviewResponse {
    pub ok: bool,
    /// The order, without the numbers that are given when it is placed.
    #[schema(value_type = Option<PreviewOrder>)]
    pub order: Option<OrderResponse>,
    /// What it would be refused with.
    pub refusal: Option<Problem>,
}

pub fn preview(conn: &mut PgConnection, store: StoreId, placement: &Placement) -> Result<PreviewResponse, Halt> {
    let placements = [placement];
    let mut carts = load::validate_carts(conn, store, &placements, Locking::None)?;
    let mut shelf = load::lock_stock(conn, store, &carts, Locking::None)?;
    // Read after the shelf: what falls due in between is taken for kept, and never counted twice.
    carts.forget_overdue(db::clock(conn)?);
    let (terms, mut numbers) = load::read_terms(conn, store, &placements, &carts, Locking::None)?;
    let named = carts.named.first().map(Vec::as_slice).unwrap_or_default();
    match Decider::new(&terms, &carts, &mut shelf, &mut numbers).decide(placement, named) {
        Ok(plan) => {
            let order = Placed::new(plan, placement).response().into_preview();
            Ok(PreviewResponse { ok: true, order: Some(order), refusal: None })
        }
        Err(Stop::Refused(refusal)) => refuse(refusal),
        Err(Stop::Failed(failure)) => Err(failure.into()),
    }
}

/// 401, 404 and 422 stay errors; what the state of the shop refuses is the answer.
fn refuse(refusal: Refusal) -> Result<PreviewResponse, Halt> {
    let refusal = ApiError::from(refusal);
    match refusal.code.status().as_u16() {
        400 | 409 => Ok(PreviewResponse { ok: false, order: None, refusal: Some(refusal.problem(None)) }),
        _ => Err(refusal.into()),
    }
}
