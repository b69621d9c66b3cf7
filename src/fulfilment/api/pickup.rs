//! The operations on orders that the buyer collects.

use actix_web::{HttpResponse, web};

use super::{answer, find};
use crate::error::{Abort, ApiError};
use crate::fulfilment::change_orders::change_one;
use crate::fulfilment::order_batch::{By, Intent, OrderBatch};
use crate::fulfilment::pickup;
use crate::idempotency::Command;
use crate::idempotency::command::NoBody;
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::OrderId;

/// `POST /orders/{id}/ready`
pub async fn make_order_ready(path: web::Path<String>, command: Command<NoBody>) -> Result<HttpResponse, ApiError> {
    change("ready_order", &path, command, Intent::Update, pickup::make_ready).await
}

/// `POST /orders/{id}/collected`
pub async fn collect_order(path: web::Path<String>, command: Command<NoBody>) -> Result<HttpResponse, ApiError> {
    change("collect_order", &path, command, Intent::Ship, pickup::collect).await
}

async fn change(
    name: &'static str,
    path: &str,
    command: Command<NoBody>,
    intent: Intent,
    decide: fn(&mut OrderBatch, OrderId, By<'_>) -> Result<(), Abort>,
) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(path);
    command
        .run(name, move |conn, scope, _body| {
            let (id, actor) = (find(conn, scope, &order_ref)?, scope.actor());
            let by = By { actor: &actor, reason: None };
            let (order, ()) = change_one(conn, scope.store, id, intent, |batch| decide(batch, id, by))?;
            answer(conn, &order)
        })
        .await
}
