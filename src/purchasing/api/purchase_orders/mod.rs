//! The operations on purchase orders.

mod requests;
mod response;

use actix_web::{HttpResponse, web};
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use crate::audit::document::Target;
use crate::auth::{Ctx, Scope};
use crate::error::{Abort, ApiError};
use crate::http::{Query, SortQuery};
use crate::idempotency::{Answer, Command};
use crate::inventory::inbounds::api::{ReverseReceiptRequest, change_document, check_lines};
use crate::inventory::inbounds::origin::Origin;
use crate::inventory::inbounds::queries::listing::{self, InboundFilter};
use crate::inventory::inbounds::queries::{documents, lines, receipts};
use crate::inventory::inbounds::receive::reverse as reverse_receipt;
use crate::inventory::inbounds::response::Costs;
use crate::inventory::inbounds::status::InboundStatus;
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::document_text::CancelReason;
use crate::kernel::id::{self, InboundId, LocationId, SupplierId};
use crate::kernel::page::{List, NEWEST_FIRST, PageQuery};
use crate::kernel::text_enum;
use crate::purchasing::purchase_orders::draft::{NewPurchaseOrder, PurchaseOrderChange};
use crate::purchasing::purchase_orders::receive::ReceivedPurchase;
use crate::purchasing::purchase_orders::{PurchaseOrder, costs, draft, lifecycle, receive as arrivals};
use crate::purchasing::queries::{receipt_costs, suppliers};
use crate::purchasing::suppliers::get_supplier;
use crate::stores::queries as stores;

pub use crate::inventory::inbounds::queries::listing::SORTS;
pub use requests::{
    CancelPurchaseOrderRequest, ClosePurchaseOrderRequest, CorrectCostsRequest, NewPurchaseOrderRequest,
    PurchaseOrderVersionRequest, ReceivePurchaseOrderRequest, UpdatePurchaseOrderRequest,
};
pub use response::{PurchaseOrderResponse, PurchaseOrderSummaryResponse};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PurchaseOrdersQuery {
    /// Orders with this status.
    #[serde(default, deserialize_with = "text_enum::in_query")]
    pub status: Option<InboundStatus>,
    /// Orders from this supplier, by its id.
    #[serde(default, deserialize_with = "id::in_query")]
    #[validate(range(min = 1, message = "must be an id"))]
    pub supplier: Option<i64>,
    /// Orders to this location, by its id.
    #[serde(default, deserialize_with = "id::in_query")]
    #[validate(range(min = 1, message = "must be an id"))]
    pub location: Option<i64>,
}

/// `GET /purchase-orders`
pub async fn list(
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    Query(query): Query<PurchaseOrdersQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.among(&SORTS, NEWEST_FIRST)?;
    let PurchaseOrdersQuery { status, supplier, location } = query;
    let filter = InboundFilter { status, supplier: supplier.map(SupplierId), to: location.map(LocationId) };
    ctx.answer("list_purchase_orders", move |conn, scope| {
        let found = listing::list::<SupplierId>(conn, scope.store, filter, sort, &page)?;
        let List { items, total, page, limit, pages } = found;
        let items = summarize(conn, scope, items)?;
        Ok(List { items, total, page, limit, pages })
    })
    .await
}

/// Adds the sums of the lines and the names of the suppliers to orders.
pub fn summarize(
    conn: &mut PgConnection,
    scope: &Scope,
    orders: Vec<PurchaseOrder>,
) -> Result<Vec<PurchaseOrderSummaryResponse>, Abort> {
    let currency = stores::get_store(conn, scope.store)?.currency;
    let sums = lines::sum(conn, scope.store, &orders.iter().map(|order| order.id).collect::<Vec<_>>())?;
    let ids: Vec<SupplierId> = orders.iter().map(|order| order.origin).collect();
    let suppliers = suppliers::list_by_id(conn, scope.store, &ids)?;
    let summary = |order: PurchaseOrder| {
        let supplier = suppliers.iter().find(|supplier| supplier.id == order.origin);
        let name = supplier.map(|supplier| supplier.settings.name.clone()).unwrap_or_default();
        let sums = sums.get(&order.id).copied().unwrap_or_default();
        PurchaseOrderSummaryResponse::new(order, name, sums, &currency)
    };
    Ok(orders.into_iter().map(summary).collect())
}

/// `GET /purchase-orders/{id}`
pub async fn show(path: web::Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let name = DocumentRef::from_path(&path);
    ctx.answer("get_purchase_order", move |conn, scope| respond(conn, scope, &name)).await
}

fn respond(
    conn: &mut PgConnection,
    scope: &Scope,
    name: &DocumentRef<InboundId>,
) -> Result<PurchaseOrderResponse, Abort> {
    let order: PurchaseOrder = documents::find(conn, scope.store, name)?.ok_or_else(SupplierId::not_found)?;
    let supplier = get_supplier(conn, scope, order.origin)?;
    let lines = lines::list(conn, scope.store, order.id)?;
    let receipts = receipts::list(conn, scope.store, order.id)?;
    let costs = receipt_costs::list(conn, scope.store, order.id)?;
    let history = documents::list_history(conn, scope.store, order.id)?;
    let currency = stores::get_store(conn, scope.store)?.currency;
    let costs = Costs::Corrected(currency.clone(), costs);
    Ok(PurchaseOrderResponse::new((order, supplier), lines, (receipts, costs), history, &currency))
}

/// `POST /purchase-orders`
pub async fn create(command: Command<NewPurchaseOrderRequest>) -> Result<HttpResponse, ApiError> {
    check_lines(Some(&command.body.lines))?;
    command
        .run("create_purchase_order", |conn, scope, body| {
            let id = draft::create(conn, scope, &NewPurchaseOrder::from(body.clone()))?;
            Ok(Answer::created(&respond(conn, scope, &DocumentRef::Id(id))?)?)
        })
        .await
}

/// `PATCH /purchase-orders/{id}`
pub async fn update(
    path: web::Path<String>,
    command: Command<UpdatePurchaseOrderRequest>,
) -> Result<HttpResponse, ApiError> {
    check_lines(command.body.lines.as_ref())?;
    let target = Target::from_path(&path, command.body.expected_version);
    change_document("update_purchase_order", target, command, respond, |conn, scope, target, body| {
        draft::change(conn, scope, target, &PurchaseOrderChange::from(body.clone()))
    })
    .await
}

/// `POST /purchase-orders/{id}/order`
pub async fn order(
    path: web::Path<String>,
    command: Command<PurchaseOrderVersionRequest>,
) -> Result<HttpResponse, ApiError> {
    let target = Target::from_path(&path, command.body.expected_version);
    change_document("order_purchase_order", target, command, respond, |conn, scope, target, _body| {
        lifecycle::order(conn, scope, target)
    })
    .await
}

/// `POST /purchase-orders/{id}/draft`
pub async fn make_draft(
    path: web::Path<String>,
    command: Command<PurchaseOrderVersionRequest>,
) -> Result<HttpResponse, ApiError> {
    let target = Target::from_path(&path, command.body.expected_version);
    change_document("withdraw_purchase_order", target, command, respond, |conn, scope, target, _body| {
        lifecycle::withdraw(conn, scope, target)
    })
    .await
}

/// `POST /purchase-orders/{id}/cancel`
pub async fn cancel(
    path: web::Path<String>,
    command: Command<CancelPurchaseOrderRequest>,
) -> Result<HttpResponse, ApiError> {
    let target = Target::from_path(&path, command.body.expected_version);
    change_document("cancel_purchase_order", target, command, respond, |conn, scope, target, body| {
        lifecycle::cancel(conn, scope, target, body.reason.as_ref().map(CancelReason::as_str))
    })
    .await
}

/// `POST /purchase-orders/{id}/close`
pub async fn close(
    path: web::Path<String>,
    command: Command<ClosePurchaseOrderRequest>,
) -> Result<HttpResponse, ApiError> {
    let target = Target::from_path(&path, command.body.expected_version);
    change_document("close_purchase_order", target, command, respond, |conn, scope, target, body| {
        lifecycle::close(conn, scope, target, body.reason.as_str())
    })
    .await
}

/// `POST /purchase-orders/{id}/receive`
pub async fn receive(
    path: web::Path<String>,
    command: Command<ReceivePurchaseOrderRequest>,
) -> Result<HttpResponse, ApiError> {
    check_lines(Some(&command.body.lines))?;
    let target = Target::from_path(&path, command.body.expected_version);
    change_document("receive_purchase_order", target, command, respond, |conn, scope, target, body| {
        arrivals::receive(conn, scope, target, &ReceivedPurchase::from(body.clone()))
    })
    .await
}

/// `POST /purchase-orders/{id}/receipts/{number}/reverse`
pub async fn reverse(
    path: web::Path<(String, String)>,
    command: Command<ReverseReceiptRequest>,
) -> Result<HttpResponse, ApiError> {
    let (name, number) = path.into_inner();
    let target = Target::from_path(&name, command.body.expected_version);
    change_document("reverse_purchase_receipt", target, command, respond, move |conn, scope, target, body| {
        reverse_receipt::<SupplierId>(conn, scope, target, &number, body.reason.as_str())
    })
    .await
}

/// `POST /purchase-orders/{id}/receipts/{number}/costs`
pub async fn correct_costs(
    path: web::Path<(String, String)>,
    command: Command<CorrectCostsRequest>,
) -> Result<HttpResponse, ApiError> {
    check_lines(Some(&command.body.lines))?;
    let (name, number) = path.into_inner();
    let target = Target::from_path(&name, command.body.expected_version);
    change_document("correct_receipt_costs", target, command, respond, move |conn, scope, target, body| {
        let lines: Vec<_> = body.lines.iter().copied().map(Into::into).collect();
        costs::correct(conn, scope, target, &number, &lines)
    })
    .await
}
