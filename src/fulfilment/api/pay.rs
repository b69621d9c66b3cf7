//! The operations that record payments and refunds.

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::{ReasonRequest, answer, find, find_order, refuse_zero};
use crate::auth::{Ctx, Scope};
use crate::error::{Abort, ApiError};
use crate::fulfilment::change_orders::{ChangeKind, OrderChange, OrderChanges};
use crate::fulfilment::pay::{Accept, Paid};
use crate::fulfilment::staff_refund;
use crate::http::metrics::Metrics;
use crate::idempotency::queries::Claim;
use crate::idempotency::{Command, Done, Keyed};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::CreditId;
use crate::kernel::money::AmountInput;
use crate::kernel::text;
use crate::orders::queries::orders::FoundOrder;

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmRequest {
    /// The provider's reference of the payment.
    /// At least one visible character.
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    pub payment_reference: String,
    /// The outstanding amount if absent. For an order that is paid, it is the total less the credits.
    pub amount: Option<AmountInput>,
    /// `true` accepts a reference that was recorded for another order before.
    #[serde(default)]
    pub accept_reused: bool,
}

/// `POST /orders/{id}/payment/confirm`
pub async fn confirm_payment(
    path: web::Path<String>,
    command: Command<ConfirmRequest>,
    changes: Data<OrderChanges>,
    metrics: Data<Metrics>,
) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    let Command { ctx, body, claim } = command;
    refuse_zero("amount", body.amount)?;
    let accept = if body.accept_reused { Accept::ExactOrReused } else { Accept::Exact };
    let kind = ChangeKind::Confirm { reference: body.payment_reference, amount: body.amount, accept };
    change(ctx, claim, kind, &changes, &metrics, move |conn, scope| find_order(conn, scope, &order_ref)).await
}

/// `POST /orders/{id}/payment/fail`
pub async fn fail_payment(
    path: web::Path<String>,
    command: Command<ReasonRequest>,
    changes: Data<OrderChanges>,
    metrics: Data<Metrics>,
) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    let Command { ctx, body, claim } = command;
    let kind = ChangeKind::Fail { reason: body.reason };
    change(ctx, claim, kind, &changes, &metrics, move |conn, scope| find_order(conn, scope, &order_ref)).await
}

/// Finds the order, then submits the change to the queue of its store. The id, the owner and the number of lines of an
/// order never change in between.
pub(super) async fn change<F>(
    ctx: Ctx,
    claim: Claim,
    kind: ChangeKind,
    changes: &OrderChanges,
    metrics: &Metrics,
    find: F,
) -> Result<HttpResponse, ApiError>
where
    F: Fn(&mut PgConnection, &Scope) -> Result<FoundOrder, Abort> + Send + 'static,
{
    let (database, actor) = (ctx.database.clone(), ctx.principal.actor());
    let (store, found) = ctx.read("find_order", move |conn, scope| Ok((scope.store, find(conn, scope)?))).await?;
    let change = Keyed { claim, request: OrderChange { order: found.id, lines: found.lines, actor, kind } };
    let Done { answer, effect: units_sold } = changes.submit(&database, store, &change).await??;
    metrics.count_units_sold(units_sold);
    Ok(answer.into_response())
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    /// At least one visible character.
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    pub refund_reference: String,
    /// If absent, the amount that is due (`refund_due_amount`), or of a credit the part of it that is due. If nothing is
    /// due, a refund without a credit is all received money that is left.
    pub amount: Option<AmountInput>,
    /// The credit that is paid out, at most with the amount that is due. Without one, the refund belongs to no credit.
    pub credit_id: Option<CreditId>,
}

/// `POST /orders/{id}/refund`
pub async fn refund_order(path: web::Path<String>, command: Command<RefundRequest>) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    refuse_zero("amount", command.body.amount)?;
    command
        .run("refund_order", move |conn, scope, body| {
            let id = find(conn, scope, &order_ref)?;
            let paid = Paid { reference: &body.refund_reference, amount: body.amount, actor: &scope.actor() };
            let order = staff_refund::record(conn, scope.store, id, paid, body.credit_id)?;
            answer(conn, &order)
        })
        .await
}
