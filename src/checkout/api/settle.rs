//! The calls that record money.

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::{ReasonRequest, answer, find};
use crate::auth::{Ctx, Scope};
use crate::checkout::settle::{self as settling, Paid};
use crate::checkout::settle_orders::{OrderChange, What};
use crate::checkout::slices::Slices;
use crate::error::{ApiError, Halt};
use crate::http::metrics::Metrics;
use crate::idempotency::{Command, queries::Claim};
use crate::kernel::id::OrderId;
use crate::kernel::money::AmountInput;
use crate::orders::order::OrderRef;

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmRequest {
    /// The provider's reference of the payment.
    #[validate(length(min = 1, max = 255, message = "must have 1 to 255 characters"))]
    #[schema(min_length = 1, max_length = 255)]
    pub payment_reference: String,
    /// The order's total if it is left out.
    pub amount: Option<AmountInput>,
}

/// `POST /orders/{id}/payment/confirm`
pub async fn confirm_payment(
    path: web::Path<String>,
    command: Command<ConfirmRequest>,
    slices: Data<Slices>,
    metrics: Data<Metrics>,
) -> Result<HttpResponse, ApiError> {
    let named = OrderRef::from_path(&path);
    let Command { ctx, body, claim } = command;
    let what = What::Confirm { reference: body.payment_reference, amount: body.amount };
    settle(ctx, claim, what, &slices, &metrics, move |conn, scope| find(conn, scope, &named)).await
}

/// `POST /orders/{id}/payment/fail`
pub async fn fail_payment(
    path: web::Path<String>,
    command: Command<ReasonRequest>,
    slices: Data<Slices>,
    metrics: Data<Metrics>,
) -> Result<HttpResponse, ApiError> {
    let named = OrderRef::from_path(&path);
    let Command { ctx, body, claim } = command;
    let what = What::Fail { reason: body.reason };
    settle(ctx, claim, what, &slices, &metrics, move |conn, scope| find(conn, scope, &named)).await
}

/// Finds the order, then sends the change through the lane. In between nothing can become of the order's
/// id and owner, which never change.
pub(super) async fn settle<F>(
    ctx: Ctx,
    claim: Claim,
    what: What,
    slices: &Slices,
    metrics: &Metrics,
    find: F,
) -> Result<HttpResponse, ApiError>
where
    F: Fn(&mut PgConnection, &Scope) -> Result<OrderId, Halt> + Send + 'static,
{
    let (database, actor) = (ctx.database.clone(), ctx.principal.actor());
    let (store, order) = ctx.read("find_order", move |conn, scope| Ok((scope.store, find(conn, scope)?))).await?;
    let answer = slices.settle(&database, store, &OrderChange { claim, order, actor, what }).await??;
    metrics.count_units_sold(answer.units_sold);
    Ok(answer.into_response())
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    #[validate(length(min = 1, max = 255, message = "must have 1 to 255 characters"))]
    #[schema(min_length = 1, max_length = 255)]
    pub refund_reference: String,
    /// All that is left if it is left out.
    pub amount: Option<AmountInput>,
}

/// `POST /orders/{id}/refund`
pub async fn refund_order(path: web::Path<String>, command: Command<RefundRequest>) -> Result<HttpResponse, ApiError> {
    let named = OrderRef::from_path(&path);
    command
        .run("refund_order", move |conn, scope, body| {
            let id = find(conn, scope, &named)?;
            let actor = scope.actor();
            let settlement = Paid { reference: &body.refund_reference, amount: body.amount, actor: &actor };
            let order = settling::refund(conn, scope.store, id, settlement)?;
            answer(conn, &order)
        })
        .await
}
