//! The operations on invoices and packing slips.

use actix_web::http::header::{Accept, Header as _, VARY};
use actix_web::{HttpRequest, HttpResponse, mime, web};
use diesel::PgConnection;

use super::find;
use crate::auth::{Ctx, Permission, Scope};
use crate::error::{Abort, ApiError, Code};
use crate::fulfilment::deliver;
use crate::fulfilment::papers::issue::{Issued, issue};
use crate::fulfilment::papers::response::InvoiceResponse;
use crate::fulfilment::papers::{packing_slip, queries, render};
use crate::http::json;
use crate::idempotency::command::NoBody;
use crate::idempotency::{Answer, Command};
use crate::kernel::document_ref::DocumentRef;
use crate::orders::api::Viewer;
use crate::orders::queries::shipments;

const HTML: &str = "text/html; charset=utf-8";

/// `POST /orders/{id}/invoice`
pub async fn issue_invoice(path: web::Path<String>, command: Command<NoBody>) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    command
        .run("issue_invoice", move |conn, scope, _body| {
            let id = find(conn, scope, &order_ref)?;
            match issue(conn, scope, id)? {
                Issued::Now(invoice) => Ok(Answer::created(&InvoiceResponse::from(&invoice))?),
                Issued::Before(invoice) => Ok(Answer::ok(&InvoiceResponse::from(&invoice))?),
            }
        })
        .await
}

/// `GET /orders/{id}/invoice`: a page to print, or JSON if the caller prefers it.
pub async fn show_invoice(
    request: HttpRequest,
    path: web::Path<String>,
    viewer: Viewer,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let (order_ref, is_json) = (DocumentRef::from_path(&path), prefers_json(&request));
    let read = move |conn: &mut PgConnection, scope: &Scope| -> Result<_, Abort> {
        let id = viewer.find(conn, scope, &order_ref, Permission::OrdersRead)?;
        let missing = || ApiError::new(Code::NotFound, "The invoice of this order was not issued yet.");
        let invoice = queries::find(conn, scope.store, id)?.ok_or_else(missing)?;
        Ok(match is_json {
            true => json::to_bytes(&InvoiceResponse::from(&invoice))?,
            false => render::invoice(&invoice)?.into_bytes(),
        })
    };
    let body = ctx.read("get_invoice", read).await?;
    let kind = if is_json { mime::APPLICATION_JSON.as_ref() } else { HTML };
    Ok(HttpResponse::Ok().insert_header((VARY, "Accept")).content_type(kind).body(body))
}

/// True if the header `Accept` prefers JSON. A header that is missing or invalid means the page.
fn prefers_json(request: &HttpRequest) -> bool {
    let Ok(accept) = Accept::parse(request) else { return false };
    let wanted = accept.ranked();
    let known = wanted.iter().find(|wanted| {
        let (kind, part) = (wanted.type_(), wanted.subtype());
        kind == mime::STAR
            || (kind, part) == (mime::TEXT, mime::HTML)
            || (kind, part) == (mime::APPLICATION, mime::JSON)
    });
    known.is_some_and(|known| known.subtype() == mime::JSON)
}

/// `GET /shipments/{id}/packing-slip`: a page to print.
pub async fn show_packing_slip(path: web::Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let name = DocumentRef::from_path(&path);
    let read = move |conn: &mut PgConnection, scope: &Scope| -> Result<_, Abort> {
        let (id, order) = shipments::find(conn, scope.store, &name)?.ok_or_else(deliver::not_found)?;
        Ok(render::packing_slip(&packing_slip::read(conn, scope.store, (order, id))?)?)
    };
    Ok(HttpResponse::Ok().content_type(HTML).body(ctx.read("get_packing_slip", read).await?))
}
