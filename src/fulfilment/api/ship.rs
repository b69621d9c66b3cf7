//! The operations that ship orders.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::find;
use crate::auth::{Ctx, Permission, Scope};
use crate::db::Failure;
use crate::error::{Abort, ApiError};
use crate::fulfilment::change_orders::change_one;
use crate::fulfilment::order_batch::{By, Intent};
use crate::fulfilment::queries::{self, Shipment, ShipmentLine};
use crate::fulfilment::ship::{self, Dispatch, DispatchLine};
use crate::idempotency::{Answer, Command};
use crate::kernel::id::{LocationId, OrderId, OrderItemId, ProductId, ShipmentId, VariantId};
use crate::kernel::quantity::{MAX_DOCUMENT_LINES, Quantity, check_line_count};
use crate::kernel::text;
use crate::orders::api::Viewer;
use crate::orders::order::OrderRef;
use crate::orders::status::OrderStatus;

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

#[derive(Debug, Serialize, ToSchema)]
pub struct ShipmentResponse {
    pub id: ShipmentId,
    #[schema(pattern = "^SHP-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub shipment_number: String,
    pub order_id: OrderId,
    #[schema(pattern = "^ORD-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub order_number: String,
    pub order_status: OrderStatus,
    #[schema(max_length = 100)]
    pub carrier: Option<String>,
    #[schema(max_length = 100)]
    pub tracking_number: Option<String>,
    #[schema(max_length = 500)]
    pub tracking_url: Option<String>,
    pub lines: Vec<ShipmentLineResponse>,
    /// `user:<id>` or `system`.
    #[schema(max_length = 100)]
    pub actor: String,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ShipmentLineResponse {
    pub item_id: OrderItemId,
    pub product_id: ProductId,
    pub variant_id: VariantId,
    #[schema(max_length = 151)]
    pub sku: String,
    #[schema(max_length = 255)]
    pub product_name: String,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    pub location_id: LocationId,
    pub quantity: i64,
}

/// `POST /orders/{id}/shipments`
pub async fn ship_order(path: web::Path<String>, command: Command<ShipRequest>) -> Result<HttpResponse, ApiError> {
    let order_ref = OrderRef::from_path(&path);
    let command = command.try_map(Dispatch::try_from)?;
    command
        .run("ship_order", move |conn, scope, dispatch| {
            let (id, actor) = (find(conn, scope, &order_ref)?, scope.actor());
            let by = By { actor: &actor, reason: None };
            let (_, number) =
                change_one(conn, scope.store, id, Intent::Ship, |batch| ship::ship(batch, id, dispatch, by))?;
            let shipments = queries::list(conn, scope.store, id)?;
            let shipment = shipments.into_iter().find(|(shipment, _)| shipment.shipment_number == number);
            let (shipment, lines) = shipment.ok_or_else(|| Failure::Internal(format!("no shipment {number}")))?;
            Ok(Answer::created(&ShipmentResponse::new(shipment, lines))?)
        })
        .await
}

/// `GET /orders/{id}/shipments`
pub async fn list_shipments(path: web::Path<String>, viewer: Viewer, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let order_ref = OrderRef::from_path(&path);
    let list = move |conn: &mut PgConnection, scope: &Scope| -> Result<_, Abort> {
        let id = viewer.find(conn, scope, &order_ref, Permission::OrdersRead)?;
        Ok(queries::list(conn, scope.store, id)?)
    };
    let shipments = ctx.read("list_shipments", list).await?;
    let responses = shipments.into_iter().map(|(shipment, lines)| ShipmentResponse::new(shipment, lines));
    Ok(HttpResponse::Ok().json(responses.collect::<Vec<_>>()))
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

impl ShipmentResponse {
    fn new(shipment: Shipment, lines: Vec<ShipmentLine>) -> Self {
        Self {
            id: shipment.id,
            shipment_number: shipment.shipment_number,
            order_id: shipment.order_id,
            order_number: shipment.order_number,
            order_status: shipment.order_status,
            carrier: shipment.carrier,
            tracking_number: shipment.tracking_number,
            tracking_url: shipment.tracking_url,
            lines: lines.into_iter().map(ShipmentLineResponse::from).collect(),
            actor: shipment.actor,
            created_at: shipment.created_at,
        }
    }
}

impl From<ShipmentLine> for ShipmentLineResponse {
    fn from(line: ShipmentLine) -> Self {
        Self {
            item_id: line.item_id,
            product_id: line.product_id,
            variant_id: line.variant_id,
            sku: line.sku,
            product_name: line.product_name,
            size: line.size,
            location_id: line.location_id,
            quantity: line.quantity,
        }
    }
}
