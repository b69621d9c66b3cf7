//! Transfers between the places of a store.

use crate::auth::{Access, Permission};
use crate::error::Code;
use crate::inventory::transfers::api::{self, TransferResponse, TransferSummaryResponse};
use crate::kernel::page::{NEWEST_FIRST, PageQuery};
use crate::openapi::Endpoint;
use crate::openapi::endpoint::{get, patch, post};

const UPDATE: Access = Access::Permission(Permission::InventoryUpdate);

/// The errors of a request that changes a transfer.
const CHANGE_ERRORS: [Code; 3] = [Code::TransferNotFound, Code::StaleDocument, Code::InvalidTransition];

/// The errors of a plan.
const PLAN_ERRORS: [Code; 5] =
    [Code::ProductNotFound, Code::SizeNotFound, Code::SizeRequired, Code::LocationNotFound, Code::LocationClosed];

pub(super) fn transfers() -> Vec<Endpoint> {
    [plans(), acts()].into_iter().flatten().collect()
}

fn plans() -> Vec<Endpoint> {
    vec![
        get("/transfers", UPDATE, api::list)
            .id("listTransfers")
            .summary("List transfers")
            .query::<PageQuery>()
            .sorted_by(&api::SORTS, NEWEST_FIRST)
            .query::<api::TransfersQuery>()
            .lists::<TransferSummaryResponse>(),
        post("/transfers", UPDATE, api::create)
            .id("createTransfer")
            .summary("Plan a transfer from one place to another; no unit moves")
            .takes::<api::NewTransferRequest>()
            .answers::<TransferResponse>(201)
            .errors(&PLAN_ERRORS),
        get("/transfers/{id}", UPDATE, api::show)
            .id("getTransfer")
            .summary("Read a transfer by id or number")
            .answers::<TransferResponse>(200)
            .errors(&[Code::TransferNotFound]),
        patch("/transfers/{id}", UPDATE, api::update)
            .id("updateTransfer")
            .summary("Change a draft")
            .takes::<api::UpdateTransferRequest>()
            .answers::<TransferResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&PLAN_ERRORS),
    ]
}

fn acts() -> Vec<Endpoint> {
    vec![
        post("/transfers/{id}/ready", UPDATE, api::make_ready)
            .id("readyTransfer")
            .summary("Hold the planned units at the source")
            .takes::<api::TransferVersionRequest>()
            .answers::<TransferResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::LocationClosed, Code::InsufficientStock]),
        post("/transfers/{id}/draft", UPDATE, api::make_draft)
            .id("withdrawTransfer")
            .summary("Make a ready transfer a draft again, and release its units")
            .takes::<api::TransferVersionRequest>()
            .answers::<TransferResponse>(200)
            .errors(&CHANGE_ERRORS),
        post("/transfers/{id}/cancel", UPDATE, api::cancel)
            .id("cancelTransfer")
            .summary("Cancel a transfer that was not sent, and release its units")
            .takes::<api::CancelTransferRequest>()
            .answers::<TransferResponse>(200)
            .errors(&CHANGE_ERRORS),
        post("/transfers/{id}/send", UPDATE, api::send)
            .id("sendTransfer")
            .summary("Send the units; they are in transit to the destination")
            .takes::<api::SendTransferRequest>()
            .answers::<TransferResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::LocationClosed, Code::QuantityExceeded]),
        post("/transfers/{id}/receive", UPDATE, api::receive)
            .id("receiveTransfer")
            .summary("Receive units; rejected ones go to quarantine")
            .takes::<api::ReceiveTransferRequest>()
            .answers::<TransferResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::LocationClosed, Code::OverReceipt]),
        post("/transfers/{id}/settle", UPDATE, api::settle)
            .id("settleTransfer")
            .summary("Settle units that do not arrive: lost or returned")
            .takes::<api::SettleTransferRequest>()
            .answers::<TransferResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::LocationClosed, Code::QuantityExceeded]),
        post("/transfers/{id}/receipts/{number}/reverse", UPDATE, api::reverse)
            .id("reverseTransferReceipt")
            .summary("Reverse a receipt, by its number")
            .takes::<api::ReverseReceiptRequest>()
            .answers::<TransferResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::NotFound, Code::LocationClosed, Code::InsufficientStock]),
    ]
}
