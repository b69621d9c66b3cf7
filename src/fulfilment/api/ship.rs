//! The operations that ship orders.

use actix_web::{HttpResponse, web};
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::find;
use crate::auth::{Ctx, Permission, Scope};
use crate::db::Failure;
use crate::error::{Abort, ApiError};
use crate::fulfilment::change_orders::change_one;
use crate::fulfilment::order_batch::{By, Intent};
use crate::fulfilment::ship::{self, Dispatch, DispatchLine};
use crate::idempotency::{Answer, Command};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::{LocationId, OrderItemId, ShipmentId};
use crate::kernel::quantity::{MAX_DOCUMENT_LINES, Quantity, check_line_count};
use crate::kernel::text;
use crate::orders::api::Viewer;
use crate::orders::order::Order;
use crate::orders::queries::{items, orders, shipments};
use crate::orders::response::ShipmentResponse;
use crate::stores::change_location;

/// Units of an order that leave together.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipRequest {
    /// Without lines, all units that are left are shipped.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Option<Vec<ShipLineRequest>>,
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(min = 1, max = 100, message = "must have 1 to 100 characters"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub carrier: Option<String>,
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(min = 1, max = 100, message = "must have 1 to 100 characters"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub tracking_number: Option<String>,
    /// An address of the web, at which the buyer can follow the parcel.
    #[validate(custom(function = "text::check_web_address"))]
    #[schema(min_length = 8, max_length = 500, pattern = r"^https?://\S+$")]
    pub tracking_url: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipLineRequest {
    pub item_id: OrderItemId,
    pub quantity: Quantity,
    /// Only units that are allocated to this place.
    pub location_id: Option<LocationId>,
}

/// `POST /orders/{id}/shipments`
pub async fn ship_order(path: web::Path<String>, command: Command<ShipRequest>) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    let command = command.try_map(Dispatch::try_from)?;
    command
        .run("ship_order", move |conn, scope, dispatch| {
            let (id, actor) = (find(conn, scope, &order_ref)?, scope.actor());
            let by = By { actor: &actor, reason: None };
            let places: Vec<LocationId> = dispatch.lines.iter().flatten().filter_map(|line| line.location).collect();
            change_location::refuse_unknown(conn, scope.store, &places)?;
            let (order, number) =
                change_one(conn, scope.store, id, Intent::Ship, |batch| ship::ship(batch, id, dispatch, by))?;
            let found = shipments::find(conn, scope.store, &DocumentRef::Number(number))?;
            let (shipment, _) = found.ok_or_else(|| Failure::Internal(format!("a shipment of order {id} is gone")))?;
            Ok(Answer::created(&respond(conn, &order, shipment)?)?)
        })
        .await
}

/// A shipment of an order, as it is stored.
pub(super) fn respond(conn: &mut PgConnection, order: &Order, id: ShipmentId) -> Result<ShipmentResponse, Failure> {
    let shipment = shipments::get(conn, order.store_id, (order.id, id))?;
    let shipment = shipment.ok_or_else(|| Failure::Internal(format!("shipment {id} is gone")))?;
    let items = items::list(conn, order.store_id, &[order.id])?.remove(&order.id).unwrap_or_default();
    Ok(ShipmentResponse::new(order, &items, &shipment))
}

/// `GET /orders/{id}/shipments`
pub async fn list_shipments(path: web::Path<String>, viewer: Viewer, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    let list = move |conn: &mut PgConnection, scope: &Scope| -> Result<Vec<ShipmentResponse>, Abort> {
        let id = viewer.find(conn, scope, &order_ref, Permission::OrdersRead)?;
        let order = orders::get(conn, scope.store, id)?;
        let items = items::list(conn, scope.store, &[id])?.remove(&id).unwrap_or_default();
        let mut listed = shipments::list(conn, scope.store, &[id], shipments::MAX_OF_LIST)?;
        let listed = listed.remove(&id).unwrap_or_default();
        Ok(listed.iter().map(|shipment| ShipmentResponse::new(&order, &items, shipment)).collect())
    };
    ctx.answer("list_shipments", list).await
}

impl TryFrom<ShipRequest> for Dispatch {
    type Error = ApiError;

    fn try_from(request: ShipRequest) -> Result<Self, ApiError> {
        let ShipRequest { lines, carrier, tracking_number, tracking_url } = request;
        let count = lines.as_ref().map_or(Ok(()), |lines| check_line_count(lines.len(), MAX_DOCUMENT_LINES));
        count.map_err(|message| ApiError::field("lines", message))?;
        let lines = lines.map(|lines| lines.into_iter().map(DispatchLine::from).collect());
        Ok(Self { lines, carrier, tracking_number, tracking_url })
    }
}

impl From<ShipLineRequest> for DispatchLine {
    fn from(request: ShipLineRequest) -> Self {
        let ShipLineRequest { item_id, quantity, location_id } = request;
        Self { item: item_id, quantity: quantity.get(), location: location_id }
    }
}
