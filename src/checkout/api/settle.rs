//! The calls that record money.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::{ReasonRequest, answer, find};
use crate::checkout::cancel::Cancellation;
use crate::checkout::settle::{self, Settlement};
use crate::error::ApiError;
use crate::idempotency::Command;
use crate::kernel::money::AmountInput;
use crate::orders::order::OrderRef;

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmRequest {
    /// The provider's reference of the payment.
    #[validate(length(min = 1, max = 255, message = "must have 1 to 255 characters"))]
    pub payment_reference: String,
    /// The order's total if it is left out.
    pub amount: Option<AmountInput>,
}

/// `POST /orders/{id}/payment/confirm`
pub async fn confirm_payment(
    path: web::Path<String>,
    command: Command<ConfirmRequest>,
) -> Result<HttpResponse, ApiError> {
    let named = OrderRef::from_path(&path);
    command
        .run("confirm_payment", move |conn, scope, body| {
            let id = find(conn, scope, &named)?;
            let actor = scope.actor();
            let settlement = Settlement { reference: &body.payment_reference, amount: body.amount, actor: &actor };
            let order = settle::confirm(conn, scope.store, id, settlement)?;
            answer(conn, &order)
        })
        .await
}

/// `POST /orders/{id}/payment/fail`
pub async fn fail_payment(path: web::Path<String>, command: Command<ReasonRequest>) -> Result<HttpResponse, ApiError> {
    let named = OrderRef::from_path(&path);
    command
        .run("fail_payment", move |conn, scope, body| {
            let id = find(conn, scope, &named)?;
            let actor = scope.actor();
            let cancellation = Cancellation { actor: &actor, reason: body.reason.as_deref() };
            let order = settle::fail(conn, scope.store, id, cancellation)?;
            answer(conn, &order)
        })
        .await
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    #[validate(length(min = 1, max = 255, message = "must have 1 to 255 characters"))]
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
            let settlement = Settlement { reference: &body.refund_reference, amount: body.amount, actor: &actor };
            let order = settle::refund(conn, scope.store, id, settlement)?;
            answer(conn, &order)
        })
        .await
}
