//! The operations on returns.

mod requests;
mod response;

use actix_web::{HttpResponse, web};
use diesel::PgConnection;

use crate::audit::document::Target;
use crate::auth::{Ctx, Permission, Scope};
use crate::error::{Abort, ApiError, Code};
use crate::fulfilment::returns::create::{self, NewReturn};
use crate::fulfilment::returns::document::not_found;
use crate::fulfilment::returns::lifecycle;
use crate::fulfilment::returns::queries::documents::{self, Return};
use crate::fulfilment::returns::receive::{self, Arrival};
use crate::idempotency::{Answer, Command};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::document_text::CancelReason;
use crate::kernel::id::{OrderId, ReturnId};
use crate::orders::api::Viewer;

pub use requests::{
    CancelReturnRequest, NewReturnLineRequest, NewReturnRequest, ReceiveReturnRequest, RejectReturnRequest,
    ReturnVersionRequest, refuse_repeated,
};
pub use response::{ReturnResponse, respond, respond_one};

/// `POST /orders/{id}/returns`
pub async fn create(
    path: web::Path<String>,
    viewer: Viewer,
    command: Command<NewReturnRequest>,
) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    let command = command.try_map(NewReturn::try_from)?;
    command
        .run("create_return", move |conn, scope, new| {
            let order = viewer.find(conn, scope, &order_ref, Permission::OrdersUpdate)?;
            let id = create::create_return(conn, scope, order, new)?;
            Ok(Answer::created(&show_one(conn, scope, id)?)?)
        })
        .await
}

/// `GET /orders/{id}/returns`
pub async fn list(path: web::Path<String>, viewer: Viewer, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    let list = move |conn: &mut PgConnection, scope: &Scope| -> Result<_, Abort> {
        let order = viewer.find(conn, scope, &order_ref, Permission::OrdersRead)?;
        let found = documents::list(conn, scope.store, order)?;
        respond(conn, scope, order, found)
    };
    ctx.answer("list_returns", list).await
}

/// `GET /returns/{id}`
pub async fn show(path: web::Path<String>, viewer: Viewer, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let name = DocumentRef::from_path(&path);
    let show = move |conn: &mut PgConnection, scope: &Scope| -> Result<_, Abort> {
        let found = find(conn, scope, (&viewer, Permission::OrdersRead), &name)?;
        respond_one(conn, scope, found)
    };
    ctx.answer("get_return", show).await
}

/// `POST /returns/{id}/approve`
pub async fn approve(
    path: web::Path<String>,
    command: Command<ReturnVersionRequest>,
) -> Result<HttpResponse, ApiError> {
    let target = Target::from_path(&path, command.body.expected_version);
    command
        .run("approve_return", move |conn, scope, _body| {
            let id = lifecycle::approve(conn, scope, &target)?;
            answer(conn, scope, id)
        })
        .await
}

/// `POST /returns/{id}/reject`
pub async fn reject(path: web::Path<String>, command: Command<RejectReturnRequest>) -> Result<HttpResponse, ApiError> {
    let target = Target::from_path(&path, command.body.expected_version);
    command
        .run("reject_return", move |conn, scope, body| {
            let id = lifecycle::reject(conn, scope, &target, body.reason.as_str())?;
            answer(conn, scope, id)
        })
        .await
}

/// `POST /returns/{id}/cancel`
pub async fn cancel(
    path: web::Path<String>,
    viewer: Viewer,
    command: Command<CancelReturnRequest>,
) -> Result<HttpResponse, ApiError> {
    let target = Target::from_path(&path, command.body.expected_version);
    command
        .run("cancel_return", move |conn, scope, body| {
            find(conn, scope, (&viewer, Permission::OrdersUpdate), &target.name)?;
            let id = lifecycle::cancel(conn, scope, &target, body.reason.as_ref().map(CancelReason::as_str))?;
            answer(conn, scope, id)
        })
        .await
}

/// `POST /returns/{id}/receive`
pub async fn receive(
    path: web::Path<String>,
    command: Command<ReceiveReturnRequest>,
) -> Result<HttpResponse, ApiError> {
    let target = Target::from_path(&path, command.body.expected_version);
    let command = command.try_map(Arrival::try_from)?;
    command
        .run("receive_return", move |conn, scope, arrival| {
            let id = receive::receive(conn, scope, &target, arrival)?;
            answer(conn, scope, id)
        })
        .await
}

/// Finds the return if the caller may see its order. A return of another owner is reported like a missing one.
fn find(
    conn: &mut PgConnection,
    scope: &Scope,
    (viewer, permission): (&Viewer, Permission),
    name: &DocumentRef<ReturnId>,
) -> Result<Return, Abort> {
    let found = documents::find(conn, scope.store, name)?;
    let order = found.as_ref().map_or(OrderId(0), |found| found.order_id);
    match viewer.find(conn, scope, &DocumentRef::Id(order), permission) {
        Ok(_) => found.ok_or_else(|| not_found().into()),
        Err(Abort::Refused(refusal)) if refusal.code == Code::OrderNotFound => Err(not_found().into()),
        Err(abort) => Err(abort),
    }
}

fn answer(conn: &mut PgConnection, scope: &Scope, id: ReturnId) -> Result<Answer, Abort> {
    Ok(Answer::ok(&show_one(conn, scope, id)?)?)
}

/// A return that exists.
pub fn show_one(conn: &mut PgConnection, scope: &Scope, id: ReturnId) -> Result<ReturnResponse, Abort> {
    let found = documents::find(conn, scope.store, &DocumentRef::Id(id))?.ok_or_else(not_found)?;
    respond_one(conn, scope, found)
}
