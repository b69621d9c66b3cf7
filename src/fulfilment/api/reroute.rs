//! The operation that takes units of an order from another place.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::{answer, find};
use crate::error::ApiError;
use crate::fulfilment::reroute::{self, RerouteLine};
use crate::idempotency::Command;
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::{LocationId, OrderItemId};
use crate::kernel::quantity::{MAX_DOCUMENT_LINES, Quantity, check_line_count};

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RerouteRequest {
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<RerouteLineRequest>,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RerouteLineRequest {
    pub item_id: OrderItemId,
    pub quantity: Quantity,
    /// The location to which the units are allocated.
    pub from_location_id: LocationId,
    /// Without it, the rules of the store choose other locations.
    pub to_location_id: Option<LocationId>,
}

/// `POST /orders/{id}/reroute`
pub async fn reroute_order(
    path: web::Path<String>,
    command: Command<RerouteRequest>,
) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    let command = command.try_map(to_lines)?;
    command
        .run("reroute_order", move |conn, scope, lines| {
            let id = find(conn, scope, &order_ref)?;
            let order = reroute::reroute(conn, scope, id, lines)?;
            answer(conn, &order)
        })
        .await
}

fn to_lines(request: RerouteRequest) -> Result<Vec<RerouteLine>, ApiError> {
    let RerouteRequest { lines } = request;
    check_line_count(lines.len(), MAX_DOCUMENT_LINES).map_err(|message| ApiError::field("lines", message))?;
    if let Some(index) = lines.iter().position(|line| line.to_location_id == Some(line.from_location_id)) {
        return Err(ApiError::field(format!("lines[{index}].to_location_id"), "must differ from from_location_id"));
    }
    Ok(lines.into_iter().map(RerouteLine::from).collect())
}

impl From<RerouteLineRequest> for RerouteLine {
    fn from(request: RerouteLineRequest) -> Self {
        let RerouteLineRequest { item_id, quantity, from_location_id, to_location_id } = request;
        Self { item: item_id, quantity: quantity.get(), from: from_location_id, to: to_location_id }
    }
}
