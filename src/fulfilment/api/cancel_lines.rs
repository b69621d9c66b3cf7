//! The operation that cancels units of an order.

use actix_web::{HttpResponse, web};
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::answer;
use crate::auth::{Permission, Scope};
use crate::error::{Abort, ApiError, Code};
use crate::fulfilment::cancel_lines::{self, CancelledLine, CancelledLines, DeliveryCredit};
use crate::fulfilment::change_orders::change_one;
use crate::fulfilment::credits::queries as credits;
use crate::fulfilment::order_batch::{By, Intent};
use crate::idempotency::Command;
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::{OrderId, OrderItemId};
use crate::kernel::quantity::{MAX_DOCUMENT_LINES, Quantity};
use crate::kernel::text;
use crate::orders::api::Viewer;

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelLinesRequest {
    /// Equal items are added up.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<CancelLineRequest>,
    #[validate(custom(function = "text::check_visible"))]
    #[validate(length(min = 1, max = 500, message = "must have 1 to 500 characters"))]
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    pub reason: String,
    /// `true` credits the delivery, too. It needs the permission `orders:update`. If no units are left and none were
    /// shipped, the delivery is always credited.
    #[serde(default)]
    pub refund_shipping: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelLineRequest {
    pub item_id: OrderItemId,
    pub quantity: Quantity,
}

struct Cancellation {
    lines: Vec<CancelledLine>,
    reason: String,
    delivery: DeliveryCredit,
}

/// `POST /orders/{id}/cancel-lines`
pub async fn cancel_order_lines(
    path: web::Path<String>,
    viewer: Viewer,
    command: Command<CancelLinesRequest>,
) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    let command = command.try_map(Cancellation::try_from)?;
    command
        .run("cancel_order_lines", move |conn, scope, cancellation| {
            let Cancellation { lines, reason, delivery } = cancellation;
            let id = viewer.find(conn, scope, &order_ref, Permission::OrdersUpdate)?;
            check_delivery(scope, *delivery)?;
            refuse_many(conn, scope, id)?;
            let actor = scope.actor();
            let by = By { actor: &actor, reason: Some(reason) };
            let (order, ()) = change_one(conn, scope.store, id, Intent::Cancel, |batch| {
                let cancelled = CancelledLines { field: "lines", lines };
                cancel_lines::cancel_lines(batch, id, cancelled, *delivery, by)
            })?;
            answer(conn, &order)
        })
        .await
}

/// The credits of an order up to which its buyer may cancel parts of it. More of them are for staff to give.
const MAX_CREDITS: i64 = 50;

/// Refuses a buyer who cancels an order in too many parts. Each part costs a credit and a row in the ledger.
fn refuse_many(conn: &mut PgConnection, scope: &Scope, id: OrderId) -> Result<(), Abort> {
    if scope.principal.can(Permission::OrdersUpdate) || credits::count(conn, scope.store, id)? < MAX_CREDITS {
        return Ok(());
    }
    let detail = format!("This order has {MAX_CREDITS} credits. Cancel all that is left of it, or ask the store.");
    Err(ApiError::new(Code::InvalidTransition, detail).into())
}

/// A buyer who keeps a part of the order pays the delivery.
fn check_delivery(scope: &Scope, delivery: DeliveryCredit) -> Result<(), Abort> {
    let permission = Permission::OrdersUpdate;
    match delivery {
        DeliveryCredit::Rest if !scope.principal.can(permission) => Err(permission.missing().into()),
        _ => Ok(()),
    }
}

impl TryFrom<CancelLinesRequest> for Cancellation {
    type Error = ApiError;

    fn try_from(request: CancelLinesRequest) -> Result<Self, ApiError> {
        let CancelLinesRequest { lines, reason, refund_shipping } = request;
        if !(1..=MAX_DOCUMENT_LINES).contains(&lines.len()) {
            return Err(ApiError::field("lines", format!("must have 1 to {MAX_DOCUMENT_LINES} lines")));
        }
        let lines = lines.into_iter().map(CancelledLine::from).collect();
        let delivery = if refund_shipping { DeliveryCredit::Rest } else { DeliveryCredit::None };
        Ok(Self { lines, reason, delivery })
    }
}

impl From<CancelLineRequest> for CancelledLine {
    fn from(request: CancelLineRequest) -> Self {
        let CancelLineRequest { item_id, quantity } = request;
        Self { item: item_id, quantity: quantity.get() }
    }
}
