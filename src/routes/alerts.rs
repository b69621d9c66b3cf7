//! Alerts for staff, and stock notices: requests of buyers for a mail when a product is back in stock.

use crate::alerts::api::{self, AlertPatchRequest, AlertResponse, NewAlertRequest};
use crate::alerts::stock_notices::api::{self as stock_notices, StockNoticeRequest};
use crate::auth::{Access, Permission};
use crate::error::Code;
use crate::kernel::page::NEWEST_FIRST;
use crate::openapi::Endpoint;
use crate::openapi::endpoint::{delete, get, patch, post};

pub(super) fn alerts() -> Vec<Endpoint> {
    let manage = Access::Permission(Permission::AlertsManage);
    vec![
        get("/alerts", manage, api::list)
            .named("listAlerts", "The rules by which staff get alerts, newest first")
            .sorted_by(&api::SORTS, NEWEST_FIRST)
            .lists::<AlertResponse>(),
        post("/alerts", manage, api::create)
            .named("createAlert", "Create a rule: mails to staff when something happens")
            .takes::<NewAlertRequest>()
            .answers::<AlertResponse>(201)
            .errors(&[Code::LocationNotFound, Code::ProductNotFound]),
        get("/alerts/{id}", manage, api::show)
            .named("getAlert", "Read a rule")
            .answers::<AlertResponse>(200)
            .errors(&[Code::AlertNotFound]),
        patch("/alerts/{id}", manage, api::update)
            .named("updateAlert", "Change a rule; a rule that is not active forgets the alerts that wait")
            .takes::<AlertPatchRequest>()
            .answers::<AlertResponse>(200)
            .errors(&[Code::AlertNotFound, Code::LocationNotFound, Code::ProductNotFound]),
        delete("/alerts/{id}", manage, api::delete)
            .named("deleteAlert", "Delete a rule")
            .answers_nothing(204)
            .errors(&[Code::AlertNotFound]),
    ]
}

/// The path comes before those with two parameters after `/inventory/products`.
pub(super) fn stock_notices() -> Vec<Endpoint> {
    vec![
        post("/inventory/products/{id}/notify", Access::Public, stock_notices::notify)
            .named(
                "requestStockNotice",
                "Ask for one mail when the product is back in stock; the owner of the address has to confirm it",
            )
            .takes::<StockNoticeRequest>()
            .answers_nothing(202)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound, Code::SizeRequired, Code::MailNotConfigured]),
    ]
}
