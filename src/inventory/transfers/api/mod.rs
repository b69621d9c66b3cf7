//! The operations on transfers.

mod requests;
mod response;

use actix_web::{HttpResponse, web};
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::Transfer;
use super::draft::{self, NewTransfer, TransferChange};
use super::lifecycle::{self, Sending};
use super::settle;
use crate::audit::document::Target;
use crate::auth::{Ctx, Scope};
use crate::error::{Abort, ApiError};
use crate::http::{Query, SortQuery};
use crate::idempotency::{Answer, Command};
use crate::inventory::inbounds::api::{ReverseReceiptRequest, change_document, check_lines};
use crate::inventory::inbounds::origin::Origin;
use crate::inventory::inbounds::queries::listing::{self, InboundFilter};
use crate::inventory::inbounds::queries::{documents, lines, receipts};
use crate::inventory::inbounds::receive::{self, ReceivedUnits};
use crate::inventory::inbounds::status::InboundStatus;
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::document_text::CancelReason;
use crate::kernel::id::{InboundId, LocationId};
use crate::kernel::page::{NEWEST_FIRST, PageQuery};
use crate::kernel::text_enum;

pub use crate::inventory::inbounds::queries::listing::SORTS;
pub use requests::{
    CancelTransferRequest, NewTransferRequest, ReceiveTransferRequest, SendTransferRequest, SettleTransferRequest,
    TransferVersionRequest, UpdateTransferRequest,
};
pub use response::{TransferResponse, TransferSummaryResponse};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TransfersQuery {
    /// Transfers with this status.
    #[serde(default, deserialize_with = "text_enum::in_query")]
    pub status: Option<InboundStatus>,
}

/// `GET /transfers`
pub async fn list(
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    Query(query): Query<TransfersQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.among(&SORTS, NEWEST_FIRST)?;
    ctx.answer("list_transfers", move |conn, scope| {
        let filter = InboundFilter { status: query.status, ..InboundFilter::default() };
        let found = listing::list::<LocationId>(conn, scope.store, filter, sort, &page)?;
        let ids: Vec<InboundId> = found.items.iter().map(|transfer| transfer.id).collect();
        let sums = lines::sum(conn, scope.store, &ids)?;
        Ok(found.map(|transfer| {
            let of_transfer = sums.get(&transfer.id).copied().unwrap_or_default();
            TransferSummaryResponse::new(transfer, of_transfer)
        }))
    })
    .await
}

/// `GET /transfers/{id}`
pub async fn show(path: web::Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let name = DocumentRef::from_path(&path);
    ctx.answer("get_transfer", move |conn, scope| respond(conn, scope, &name)).await
}

fn respond(conn: &mut PgConnection, scope: &Scope, name: &DocumentRef<InboundId>) -> Result<TransferResponse, Abort> {
    let transfer: Transfer = documents::find(conn, scope.store, name)?.ok_or_else(LocationId::not_found)?;
    let lines = lines::list(conn, scope.store, transfer.id)?;
    let receipts = receipts::list(conn, scope.store, transfer.id)?;
    let history = documents::list_history(conn, scope.store, transfer.id)?;
    Ok(TransferResponse::new(transfer, lines, receipts, history))
}

/// `POST /transfers`
pub async fn create(command: Command<NewTransferRequest>) -> Result<HttpResponse, ApiError> {
    check_lines(Some(&command.body.lines))?;
    command
        .run("create_transfer", |conn, scope, body| {
            let id = draft::create(conn, scope, &NewTransfer::from(body.clone()))?;
            Ok(Answer::created(&respond(conn, scope, &DocumentRef::Id(id))?)?)
        })
        .await
}

/// `PATCH /transfers/{id}`
pub async fn update(
    path: web::Path<String>,
    command: Command<UpdateTransferRequest>,
) -> Result<HttpResponse, ApiError> {
    check_lines(command.body.lines.as_ref())?;
    let target = Target::from_path(&path, command.body.expected_version);
    change_document("update_transfer", target, command, respond, |conn, scope, target, body| {
        draft::change(conn, scope, target, &TransferChange::from(body.clone()))
    })
    .await
}

/// `POST /transfers/{id}/ready`
pub async fn make_ready(
    path: web::Path<String>,
    command: Command<TransferVersionRequest>,
) -> Result<HttpResponse, ApiError> {
    let target = Target::from_path(&path, command.body.expected_version);
    change_document("ready_transfer", target, command, respond, |conn, scope, target, _body| {
        lifecycle::hold(conn, scope, target)
    })
    .await
}

/// `POST /transfers/{id}/draft`
pub async fn make_draft(
    path: web::Path<String>,
    command: Command<TransferVersionRequest>,
) -> Result<HttpResponse, ApiError> {
    let target = Target::from_path(&path, command.body.expected_version);
    change_document("withdraw_transfer", target, command, respond, |conn, scope, target, _body| {
        lifecycle::withdraw(conn, scope, target)
    })
    .await
}

/// `POST /transfers/{id}/cancel`
pub async fn cancel(
    path: web::Path<String>,
    command: Command<CancelTransferRequest>,
) -> Result<HttpResponse, ApiError> {
    let target = Target::from_path(&path, command.body.expected_version);
    change_document("cancel_transfer", target, command, respond, |conn, scope, target, body| {
        lifecycle::cancel(conn, scope, target, body.reason.as_ref().map(CancelReason::as_str))
    })
    .await
}

/// `POST /transfers/{id}/send`
pub async fn send(path: web::Path<String>, command: Command<SendTransferRequest>) -> Result<HttpResponse, ApiError> {
    check_lines(command.body.lines.as_ref())?;
    let target = Target::from_path(&path, command.body.expected_version);
    change_document("send_transfer", target, command, respond, |conn, scope, target, body| {
        lifecycle::send(conn, scope, target, &Sending::from(body.clone()))
    })
    .await
}

/// `POST /transfers/{id}/receive`
pub async fn receive(
    path: web::Path<String>,
    command: Command<ReceiveTransferRequest>,
) -> Result<HttpResponse, ApiError> {
    check_lines(Some(&command.body.lines))?;
    let target = Target::from_path(&path, command.body.expected_version);
    change_document("receive_transfer", target, command, respond, |conn, scope, target, body| {
        receive::receive::<LocationId>(conn, scope, target, &ReceivedUnits::from(body.clone()))
    })
    .await
}

/// `POST /transfers/{id}/settle`
pub async fn settle(
    path: web::Path<String>,
    command: Command<SettleTransferRequest>,
) -> Result<HttpResponse, ApiError> {
    check_lines(Some(&command.body.lines))?;
    let target = Target::from_path(&path, command.body.expected_version);
    change_document("settle_transfer", target, command, respond, |conn, scope, target, body| {
        let settlements: Vec<_> = body.lines.iter().copied().map(Into::into).collect();
        settle::settle(conn, scope, target, &settlements, body.reason.as_str())
    })
    .await
}

/// `POST /transfers/{id}/receipts/{number}/reverse`
pub async fn reverse(
    path: web::Path<(String, String)>,
    command: Command<ReverseReceiptRequest>,
) -> Result<HttpResponse, ApiError> {
    let (name, number) = path.into_inner();
    let target = Target::from_path(&name, command.body.expected_version);
    change_document("reverse_receipt", target, command, respond, move |conn, scope, target, body| {
        receive::reverse::<LocationId>(conn, scope, target, &number, body.reason.as_str())
    })
    .await
}
