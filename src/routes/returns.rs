//! Returns of shipped units.

use crate::auth::{Access, Permission};
use crate::error::Code;
use crate::fulfilment::api::returns::{self as api, ReturnResponse};
use crate::openapi::Endpoint;
use crate::openapi::endpoint::{get, post};

const UPDATE: Access = Access::Permission(Permission::OrdersUpdate);
const HOLDER: Access = Access::Holder(Permission::OrdersUpdate);
const READER: Access = Access::Holder(Permission::OrdersRead);

/// The errors of a request that changes a return.
const CHANGE_ERRORS: [Code; 3] = [Code::ReturnNotFound, Code::StaleDocument, Code::InvalidTransition];

pub(super) fn returns() -> Vec<Endpoint> {
    vec![
        post("/orders/{id}/returns", HOLDER, api::create)
            .named("createReturn", "Ask for the return of shipped units; staff approve with it")
            .takes::<api::NewReturnRequest>()
            .of_many_lines()
            .answers::<ReturnResponse>(201)
            .errors(&[Code::OrderNotFound, Code::QuantityExceeded, Code::ReturnNotAllowed]),
        get("/orders/{id}/returns", READER, api::list)
            .named("listReturns", "List the returns of an order")
            .answers_array::<ReturnResponse>()
            .errors(&[Code::OrderNotFound]),
        get("/returns/{id}", READER, api::show)
            .named("getReturn", "A return, by id or number")
            .answers::<ReturnResponse>(200)
            .errors(&[Code::ReturnNotFound]),
        post("/returns/{id}/approve", UPDATE, api::approve)
            .named("approveReturn", "Approve the request of a buyer")
            .takes_optionally::<api::ReturnVersionRequest>()
            .answers::<ReturnResponse>(200)
            .errors(&CHANGE_ERRORS),
        post("/returns/{id}/reject", UPDATE, api::reject)
            .named("rejectReturn", "Reject a return before anything has arrived")
            .takes::<api::RejectReturnRequest>()
            .answers::<ReturnResponse>(200)
            .errors(&CHANGE_ERRORS),
        post("/returns/{id}/cancel", HOLDER, api::cancel)
            .named("cancelReturn", "Cancel a return before anything has arrived")
            .takes_optionally::<api::CancelReturnRequest>()
            .answers::<ReturnResponse>(200)
            .errors(&CHANGE_ERRORS),
        post("/returns/{id}/receive", UPDATE, api::receive)
            .named("receiveReturn", "Receive units of a return by their condition, in parts; each receipt is credited")
            .takes::<api::ReceiveReturnRequest>()
            .of_many_lines()
            .answers::<ReturnResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::QuantityExceeded, Code::LocationNotFound, Code::LocationClosed]),
    ]
}
