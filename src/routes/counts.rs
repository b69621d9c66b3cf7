//! Counts of the stock at a location.

use crate::auth::{Access, Permission};
use crate::error::Code;
use crate::inventory::counts::api::{self, CountEntryResponse, CountLineResponse, CountResponse, CountSummaryResponse};
use crate::kernel::page::NEWEST_FIRST;
use crate::openapi::Endpoint;
use crate::openapi::endpoint::{get, post};

const COUNT: Access = Access::Permission(Permission::InventoryCount);
const READ: Access = Access::Permission(Permission::InventoryRead);
/// Without `inventory:approve`, only lines within the store's tolerance are posted.
const POST: Access = Access::Either(Permission::InventoryCount, Permission::InventoryApprove);

/// The errors of a request that changes a count.
const CHANGE_ERRORS: [Code; 3] = [Code::CountNotFound, Code::StaleDocument, Code::InvalidTransition];

pub(super) fn counts() -> Vec<Endpoint> {
    [documents(), acts()].into_iter().flatten().collect()
}

fn documents() -> Vec<Endpoint> {
    vec![
        get("/counts", COUNT, api::list)
            .named("listCounts", "List counts")
            .sorted_by(&api::SORTS, NEWEST_FIRST)
            .query::<api::CountsQuery>()
            .lists::<CountSummaryResponse>(),
        post("/counts", COUNT, api::create)
            .named("openCount", "Open a count of the stock at a location; selling goes on")
            .takes::<api::NewCountRequest>()
            .answers::<CountResponse>(201)
            .errors(&[Code::LocationNotFound, Code::LocationClosed, Code::ProductNotFound])
            .of_many_lines(),
        get("/counts/{id}", COUNT, api::show_count)
            .named("getCount", "Read a count by id or number, with a page of its lines")
            .query::<api::CountLinesQuery>()
            .answers::<CountResponse>(200)
            .errors(&[Code::CountNotFound]),
        get("/counts/{id}/entries", COUNT, api::list_entries)
            .named("listCountEntries", "List what was entered, by whom and when")
            .sorted_by(&api::ENTRY_SORTS, "line")
            .query::<api::EntriesQuery>()
            .lists::<CountEntryResponse>()
            .errors(&[Code::CountNotFound]),
        get("/counts/{id}/variances", READ, api::list_variances)
            .named("listCountVariances", "List the differences of the counted lines")
            .sorted_by(&api::LINE_SORTS, "line")
            .query::<api::VariancesQuery>()
            .lists::<CountLineResponse>()
            .errors(&[Code::CountNotFound]),
    ]
}

fn acts() -> Vec<Endpoint> {
    vec![
        post("/counts/{id}/entries", COUNT, api::enter)
            .named("enterCount", "Enter counted units, now or later")
            .takes::<api::CountEntriesRequest>()
            .answers::<CountResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound, Code::SizeRequired, Code::InvalidBarcode])
            .of_many_lines(),
        post("/counts/{id}/submit", COUNT, api::submit)
            .named("submitCount", "End the counting, so that the lines can be posted")
            .takes_optionally::<api::CountVersionRequest>()
            .answers::<CountResponse>(200)
            .errors(&CHANGE_ERRORS),
        post("/counts/{id}/lines/{n}/recount", COUNT, api::recount)
            .named("recountLine", "Open a line again, so that it is counted once more")
            .takes_optionally::<api::CountVersionRequest>()
            .answers::<CountResponse>(200)
            .errors(&CHANGE_ERRORS)
            .errors(&[Code::NotFound]),
        post("/counts/{id}/cancel", COUNT, api::cancel)
            .named("cancelCount", "Cancel a count; posted lines stay posted")
            .takes_optionally::<api::CancelCountRequest>()
            .answers::<CountResponse>(200)
            .errors(&CHANGE_ERRORS),
        post("/counts/{id}/post", POST, api::post)
            .named("postCount", "Post the differences; without approval only those within the store's tolerance")
            .takes_optionally::<api::PostCountRequest>()
            .of_many_lines()
            .answers::<CountResponse>(200)
            .errors(&CHANGE_ERRORS),
    ]
}
