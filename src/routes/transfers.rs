//! Transfers between the places of a store.

use crate::auth::{Access, Permission};
use crate::error::Code;
use crate::inventory::inbounds::api::ReverseReceiptRequest;
use crate::inventory::transfers::api::{self, TransferResponse, TransferSummaryResponse};
use crate::kernel::page::NEWEST_FIRST;
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
            .named("listTransfers", "List transfers")
            .sorted_by(&api::SORTS, NEWEST_FIRST)
            .query::<api::TransfersQuery>()
            .lists::<TransferSummaryResponse>(),
        post("/transfers", UPDATE, api::create)
            .named("createTransfer", "Plan a transfer from one place to another; no unit moves")
            .takes::<api::NewTransferRequest>()
            .of_many_lines()
            .answers::<TransferResponse>(201)
            .errors(&PLAN_ERRORS),
        get("/transfers/{id}", UPDATE, api::show)
            .named("getTransfer", "Read a transfer by id or number")
            .answers::<TransferResponse>(200)
            .errors(&[Code::TransferNotFound]),
        patch("/transfers/{id}", UPDATE, api::update)
            .named("updateTransfer", "Change a draft")
            .takes::<api::UpdateTransferRequest>()
            .of_many_lines()
            .answers::<TransferResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&PLAN_ERRORS),
    ]
}

fn acts() -> Vec<Endpoint> {
    vec![
        post("/transfers/{id}/ready", UPDATE, api::make_ready)
            .named("readyTransfer", "Hold the planned units at the source")
            .takes_optionally::<api::TransferVersionRequest>()
            .answers::<TransferResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::LocationClosed, Code::InsufficientStock]),
        post("/transfers/{id}/draft", UPDATE, api::make_draft)
            .named("withdrawTransfer", "Make a ready transfer a draft again, and release its units")
            .takes_optionally::<api::TransferVersionRequest>()
            .answers::<TransferResponse>(200)
            .errors(&CHANGE_ERRORS),
        post("/transfers/{id}/cancel", UPDATE, api::cancel)
            .named("cancelTransfer", "Cancel a transfer that was not sent, and release its units")
            .takes_optionally::<api::CancelTransferRequest>()
            .answers::<TransferResponse>(200)
            .errors(&CHANGE_ERRORS),
        post("/transfers/{id}/send", UPDATE, api::send)
            .named("sendTransfer", "Send the units, once; they are in transit to the destination")
            .takes_optionally::<api::SendTransferRequest>()
            .of_many_lines()
            .answers::<TransferResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::LocationClosed, Code::QuantityExceeded]),
        post("/transfers/{id}/receive", UPDATE, api::receive)
            .named("receiveTransfer", "Receive units; rejected ones go to quarantine")
            .takes::<api::ReceiveTransferRequest>()
            .of_many_lines()
            .answers::<TransferResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::LocationClosed, Code::OverReceipt]),
        post("/transfers/{id}/settle", UPDATE, api::settle)
            .named("settleTransfer", "Settle units that do not arrive: lost (needs `inventory:approve`) or returned")
            .takes::<api::SettleTransferRequest>()
            .of_many_lines()
            .answers::<TransferResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::LocationClosed, Code::QuantityExceeded]),
        post("/transfers/{id}/receipts/{number}/reverse", UPDATE, api::reverse)
            .named("reverseTransferReceipt", "Reverse a receipt, by its number")
            .takes::<ReverseReceiptRequest>()
            .answers::<TransferResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::NotFound, Code::LocationClosed, Code::InsufficientStock]),
    ]
}
