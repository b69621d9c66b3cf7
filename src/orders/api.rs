//! The operations that read orders.

use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::guest_token;
use super::queries::list::{self, OrderFilter};
use super::queries::orders::FoundOrder;
use super::queries::{history, orders};
use super::response::HistoryResponse;
use super::status::{OrderStatus, PaymentStatus};
use crate::auth::authorize::ORDER_TOKEN;
use crate::auth::{Ctx, Permission, Principal, Role, Scope};
use crate::db::tx::Mode;
use crate::error::{Abort, ApiError, Code};
use crate::http::{Query, SortQuery, headers};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::folded_text;
use crate::kernel::id::{self, OrderId, UserId};
use crate::kernel::page::PageQuery;
use crate::kernel::{moment, number, text_enum};

pub use super::queries::list::SORTS;

/// The default order of a list.
pub const NEWEST_FIRST: &str = "-created_at";

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilterQuery {
    /// Orders with this status.
    #[serde(default, deserialize_with = "text_enum::in_query")]
    pub status: Option<OrderStatus>,
    /// Orders with this payment status.
    #[serde(default, deserialize_with = "text_enum::in_query")]
    pub payment_status: Option<PaymentStatus>,
    /// Orders of the customer with this id.
    #[serde(default, deserialize_with = "id::in_query")]
    #[param(minimum = 1)]
    pub user_id: Option<i64>,
    /// Words of the order number, or of a name or phone of the customer or an address. The words may be in any order,
    /// without regard to case and accents. A phone is found in any grouping and with the digits of any script. A
    /// national number finds the international one.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[param(max_length = 100)]
    pub q: Option<String>,
    /// Placed at or after this time.
    #[serde(default, deserialize_with = "moment::in_query")]
    pub from: Option<DateTime<Utc>>,
    /// Placed before this time.
    #[serde(default, deserialize_with = "moment::in_query")]
    pub to: Option<DateTime<Utc>>,
    /// Orders with a refund that is due: orders with payments above their net total, or with payments that were not
    /// accepted.
    #[serde(default, deserialize_with = "number::flag_in_query")]
    pub refund_due: Option<bool>,
}

/// `GET /orders/me`
pub async fn list_mine(
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    Query(filter): Query<FilterQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.among(&SORTS, NEWEST_FIRST)?;
    let mode = mode(&filter, &page);
    let filter = OrderFilter { user: Some(ctx.principal.account()?.id), ..filter.into() };
    ctx.answer_in("list_my_orders", mode, move |conn, scope| Ok(list::list(conn, scope.store, &filter, sort, &page)?))
        .await
}

/// `GET /orders`
pub async fn list_all(
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    Query(filter): Query<FilterQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.among(&SORTS, NEWEST_FIRST)?;
    let (mode, filter) = (mode(&filter, &page), OrderFilter::from(filter));
    let list = move |conn: &mut PgConnection, scope: &Scope| Ok(list::list(conn, scope.store, &filter, sort, &page)?);
    ctx.answer_in("list_orders", mode, list).await
}

/// A search compares many orders, and an order has all its lines in a list.
fn mode(filter: &FilterQuery, page: &PageQuery) -> Mode {
    if filter.q.is_some() || page.is_long() { Mode::List } else { Mode::Read }
}

impl From<FilterQuery> for OrderFilter {
    fn from(query: FilterQuery) -> Self {
        let FilterQuery { status, payment_status, user_id, q, from, to, refund_due } = query;
        let patterns = q.as_deref().map(folded_text::phone_patterns).unwrap_or_default();
        Self { user: user_id.map(UserId), status, payment_status, patterns, from, to, refund_due }
    }
}

/// `GET /orders/{id}`
pub async fn show(path: web::Path<String>, viewer: Viewer, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    ctx.answer("get_order", move |conn, scope| {
        let id = viewer.find(conn, scope, &order_ref, Permission::OrdersRead)?;
        let order = orders::get(conn, scope.store, id)?;
        Ok(list::respond_one(conn, &order)?)
    })
    .await
}

/// `GET /orders/{id}/history`
pub async fn show_history(path: web::Path<String>, viewer: Viewer, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    ctx.answer("get_order_history", move |conn, scope| {
        let id = viewer.find(conn, scope, &order_ref, Permission::OrdersRead)?;
        let steps = history::list(conn, scope.store, id)?;
        Ok(steps.into_iter().map(HistoryResponse::from).collect::<Vec<_>>())
    })
    .await
}

/// A caller who wants to see or cancel one order: its owner, staff, or a caller with its token.
#[derive(Clone, Debug)]
pub struct Viewer {
    token: Option<String>,
}

impl actix_web::FromRequest for Viewer {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut actix_web::dev::Payload) -> Self::Future {
        let token = headers::single(request.headers(), ORDER_TOKEN);
        let as_text = |value: &HeaderValue| value.to_str().ok().map(ToOwned::to_owned);
        std::future::ready(token.map(|value| Self { token: value.and_then(as_text) }))
    }
}

impl Viewer {
    /// Finds the id of the order if this viewer may see it.
    pub fn find(
        &self,
        conn: &mut PgConnection,
        scope: &Scope,
        order_ref: &DocumentRef<OrderId>,
        permission: Permission,
    ) -> Result<OrderId, Abort> {
        self.find_order(conn, scope, order_ref, permission).map(|order| order.id)
    }

    /// Finds the order if this viewer may see it. An order of another owner is reported like a missing one.
    pub fn find_order(
        &self,
        conn: &mut PgConnection,
        scope: &Scope,
        order_ref: &DocumentRef<OrderId>,
        permission: Permission,
    ) -> Result<FoundOrder, Abort> {
        let found = orders::find_order(conn, scope.store, order_ref)?;
        let visible = found.filter(|order| {
            let is_owner = matches!(&scope.principal, Principal::User(account) if order.user_id == Some(account.id));
            let has_token = match (&self.token, &order.guest_token_hash) {
                (Some(token), Some(hash)) => guest_token::opens(token, hash),
                _ => false,
            };
            is_owner || has_token || scope.principal.can(permission)
        });
        match (visible, &scope.principal) {
            (Some(order), _) => Ok(order),
            // Staff get an error about the missing permission, which does not reveal if the order exists.
            (None, Principal::User(account)) if account.role == Role::Staff && !scope.principal.can(permission) => {
                Err(permission.missing().into())
            }
            (None, _) => Err(not_found().into()),
        }
    }
}

/// The 404 error for an order.
#[must_use]
pub fn not_found() -> ApiError {
    ApiError::new(Code::OrderNotFound, "There is no such order.")
}
