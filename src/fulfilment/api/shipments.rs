//! The operations on one shipment.

use actix_web::{HttpResponse, web};
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::ship::respond;
use crate::audit::document::Target;
use crate::auth::{Ctx, Permission, Scope};
use crate::error::{Abort, ApiError, Code};
use crate::fulfilment::deliver::{self, ShipmentChange, ShipmentDetails};
use crate::idempotency::{Answer, Command};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::document_text::Reason;
use crate::kernel::expected_version::ExpectedVersion;
use crate::kernel::id::{OrderId, ShipmentId};
use crate::kernel::text;
use crate::orders::api::Viewer;
use crate::orders::queries::{orders, shipments};

#[derive(Clone, Copy, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipmentVersionRequest {
    pub expected_version: Option<ExpectedVersion>,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoseShipmentRequest {
    pub reason: Reason,
    pub expected_version: Option<ExpectedVersion>,
}

/// Null removes a value.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateShipmentRequest {
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<String>)]
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(min = 1, max = 100, message = "must have 1 to 100 characters"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub carrier: Option<Option<String>>,
    /// The order has the tracking number of its latest shipment with one.
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<String>)]
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(min = 1, max = 100, message = "must have 1 to 100 characters"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub tracking_number: Option<Option<String>>,
    /// An address of the web, at which the buyer can follow the parcel.
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<String>)]
    #[validate(custom(function = "text::check_web_address"))]
    #[schema(min_length = 8, max_length = 500, pattern = r"^https?://\S+$")]
    pub tracking_url: Option<Option<String>>,
    pub expected_version: Option<ExpectedVersion>,
}

/// `GET /shipments/{id}`
pub async fn show_shipment(path: web::Path<String>, viewer: Viewer, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let name = DocumentRef::from_path(&path);
    let show = move |conn: &mut PgConnection, scope: &Scope| {
        let (order, id) = find_visible(conn, scope, &viewer, &name)?;
        let order = orders::get(conn, scope.store, order)?;
        Ok(respond(conn, &order, id)?)
    };
    ctx.answer("get_shipment", show).await
}

/// Finds a shipment whose order the viewer may see.
pub(super) fn find_visible(
    conn: &mut PgConnection,
    scope: &Scope,
    viewer: &Viewer,
    name: &DocumentRef<ShipmentId>,
) -> Result<(OrderId, ShipmentId), Abort> {
    let found = shipments::find(conn, scope.store, name)?;
    // A missing shipment is of no order, so the refusal is that of an order of another owner.
    let order = DocumentRef::Id(found.map_or(OrderId(0), |(_, order)| order));
    match (viewer.find(conn, scope, &order, Permission::OrdersRead), found) {
        (Ok(order), Some((id, _))) => Ok((order, id)),
        (Err(Abort::Refused(refusal)), _) if refusal.code == Code::OrderNotFound => Err(deliver::not_found().into()),
        (Err(abort), _) => Err(abort),
        (Ok(_), None) => Err(deliver::not_found().into()),
    }
}

/// `POST /shipments/{id}/delivered`
pub async fn deliver_shipment(
    path: web::Path<String>,
    command: Command<ShipmentVersionRequest>,
) -> Result<HttpResponse, ApiError> {
    let command = command.try_map(|request| Ok((request.expected_version, ShipmentChange::Delivered)))?;
    change("deliver_shipment", &path, command).await
}

/// `POST /shipments/{id}/lost`
pub async fn lose_shipment(
    path: web::Path<String>,
    command: Command<LoseShipmentRequest>,
) -> Result<HttpResponse, ApiError> {
    let command = command.try_map(|request| {
        let LoseShipmentRequest { reason, expected_version } = request;
        Ok((expected_version, ShipmentChange::Lost { reason: reason.into() }))
    })?;
    change("lose_shipment", &path, command).await
}

/// `PATCH /shipments/{id}`
pub async fn update_shipment(
    path: web::Path<String>,
    command: Command<UpdateShipmentRequest>,
) -> Result<HttpResponse, ApiError> {
    let command = command.try_map(|request| {
        let UpdateShipmentRequest { carrier, tracking_number, tracking_url, expected_version } = request;
        let details = ShipmentDetails { carrier, tracking_number, tracking_url };
        Ok((expected_version, ShipmentChange::Details(details)))
    })?;
    change("update_shipment", &path, command).await
}

type ChangeCommand = Command<(Option<ExpectedVersion>, ShipmentChange)>;

async fn change(name: &'static str, path: &str, command: ChangeCommand) -> Result<HttpResponse, ApiError> {
    let shipment = DocumentRef::from_path(path);
    command
        .run(name, move |conn, scope, (expected_version, change)| {
            let target = Target { name: shipment.clone(), expected_version: *expected_version };
            let (order, id) = deliver::change_shipment(conn, scope, &target, change)?;
            Ok(Answer::ok(&respond(conn, &order, id)?)?)
        })
        .await
}
