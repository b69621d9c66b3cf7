//! The operations that cancel and update orders.

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::pay::change;
use super::{answer, find};
use crate::auth::Permission;
use crate::error::ApiError;
use crate::fulfilment::change_orders::{ChangeKind, OrderChanges};
use crate::fulfilment::update::{self, Change};
use crate::http::Query;
use crate::http::metrics::Metrics;
use crate::idempotency::Command;
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::text;
use crate::orders::api::Viewer;
use crate::orders::status::{OrderStatus, PaymentStatus};

/// The reason for a cancellation, in the query or in the body.
#[derive(Clone, Debug, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReasonRequest {
    /// The reason, for the history of the order.
    #[validate(length(max = 500, message = "must have at most 500 characters"))]
    #[schema(max_length = 500)]
    pub reason: Option<String>,
}

/// The query of a cancellation. Other parameters are ignored.
#[derive(Clone, Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReasonQuery {
    /// The reason, for the history of the order. A reason in the body takes its place.
    #[validate(length(max = 500, message = "must have at most 500 characters"))]
    #[param(max_length = 500)]
    pub reason: Option<String>,
}

/// `POST /orders/{id}/cancel`
pub async fn cancel_order(
    path: web::Path<String>,
    Query(query): Query<ReasonQuery>,
    viewer: Viewer,
    command: Command<ReasonRequest>,
    changes: Data<OrderChanges>,
    metrics: Data<Metrics>,
) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    let Command { ctx, body, claim } = command;
    let kind = ChangeKind::Cancel { reason: body.reason.or(query.reason) };
    let find = move |conn: &mut _, scope: &_| viewer.find_order(conn, scope, &order_ref, Permission::OrdersUpdate);
    change(ctx, claim, kind, &changes, &metrics, find).await
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateOrderRequest {
    /// `cancelled` cancels the order.
    pub status: Option<OrderStatus>,
    /// Can only change from `pending` to `paid`, for an active order that was sold at checkout.
    pub payment_status: Option<PaymentStatus>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<String>)]
    #[validate(length(max = 2000, message = "must have at most 2000 characters"))]
    #[schema(max_length = 2000)]
    pub notes: Option<Option<String>>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<String>)]
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[schema(max_length = 100)]
    pub tracking_number: Option<Option<String>>,
}

/// `PUT /orders/{id}`
pub async fn update_order(
    path: web::Path<String>,
    command: Command<UpdateOrderRequest>,
) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    command
        .run("update_order", move |conn, scope, body| {
            let id = find(conn, scope, &order_ref)?;
            let UpdateOrderRequest { status, payment_status, notes, tracking_number } = body.clone();
            let order = update::update(conn, scope, id, &Change { status, payment_status, notes, tracking_number })?;
            answer(conn, &order)
        })
        .await
}
