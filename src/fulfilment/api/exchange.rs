//! The operation that exchanges goods of an order.

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::cancel_lines::CancelLineRequest;
use super::credits::{self, CreditResponse};
use super::find;
use super::returns::{self, ReturnResponse, refuse_repeated};
use crate::auth::Scope;
use crate::checkout::api::OrderItemRequest;
use crate::checkout::placement::RequestedItem;
use crate::error::{Abort, ApiError};
use crate::fulfilment::cancel_lines::CancelledLine;
use crate::fulfilment::exchange::{self, Exchanged, NewExchange};
use crate::fulfilment::returns::create::ReturnedLine;
use crate::http::metrics::Metrics;
use crate::idempotency::{Answer, Command, Done};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::document_text::Reason;
use crate::kernel::id::{OrderId, OrderItemId};
use crate::kernel::quantity::{MAX_DOCUMENT_LINES, MAX_LINES, Quantity, check_line_count};
use crate::orders::queries::{list, orders};
use crate::orders::response::OrderResponse;

/// The goods that go, and the goods that come instead. At least one unit is cancelled or returned.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRequest {
    /// Units that are not shipped. Equal items are added up.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub cancel: Vec<CancelLineRequest>,
    /// Shipped units that come back. Each item at most once.
    #[serde(default, rename = "return")]
    #[schema(max_items = 500)]
    pub returned: Vec<ExchangeReturnRequest>,
    /// The items of the new order.
    #[validate(nested)]
    #[schema(min_items = 1, max_items = 100)]
    pub items: Vec<OrderItemRequest>,
    /// The payment method for the rest that the credit does not pay. That of the old order if absent.
    #[validate(length(min = 1, max = 50, message = "must have 1 to 50 characters"))]
    #[schema(min_length = 1, max_length = 50)]
    pub payment_method: Option<String>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeReturnRequest {
    pub item_id: OrderItemId,
    pub quantity: Quantity,
    /// `Exchange` if absent.
    pub reason: Option<Reason>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ExchangeResponse {
    /// The new order.
    pub order: OrderResponse,
    /// The credit of the cancelled units. It pays for the new order at once. Null if no units were cancelled.
    pub credit: Option<CreditResponse>,
    /// The approved return of the shipped units. Its credits pay for the new order. Null if no units come back.
    #[serde(rename = "return")]
    pub returned: Option<ReturnResponse>,
}

/// `POST /orders/{id}/exchange`
pub async fn exchange_order(
    path: web::Path<String>,
    command: Command<ExchangeRequest>,
    metrics: Data<Metrics>,
) -> Result<HttpResponse, ApiError> {
    let order_ref = DocumentRef::from_path(&path);
    let command = command.try_map(NewExchange::try_from)?;
    let exchanged = command
        .run_with_effect("exchange_order", move |conn, scope, new| {
            let id = find(conn, scope, &order_ref)?;
            let exchanged = exchange::exchange(conn, scope, id, new)?;
            let response = respond(conn, scope, id, exchanged)?;
            Ok(Done { answer: Answer::created(&response)?, effect: response.order.total_items })
        })
        .await;
    metrics.count_placement(exchanged.as_ref().map(|done| done.effect));
    Ok(exchanged?.answer.into_response())
}

fn respond(
    conn: &mut PgConnection,
    scope: &Scope,
    old: OrderId,
    exchanged: Exchanged,
) -> Result<ExchangeResponse, Abort> {
    let Exchanged { order, credit, returned } = exchanged;
    let order = orders::get(conn, scope.store, order)?;
    let order = list::respond_one(conn, &order)?;
    let credit = credit.map(|number| credits::respond_one(conn, scope, old, &number)).transpose()?;
    let returned = returned.map(|id| returns::show_one(conn, scope, id)).transpose()?;
    Ok(ExchangeResponse { order, credit, returned })
}

impl TryFrom<ExchangeRequest> for NewExchange {
    type Error = ApiError;

    fn try_from(request: ExchangeRequest) -> Result<Self, ApiError> {
        let ExchangeRequest { cancel, returned, items, payment_method } = request;
        check_line_count(items.len(), MAX_LINES).map_err(|message| ApiError::field("items", message))?;
        for (field, count) in [("cancel", cancel.len()), ("return", returned.len())] {
            if count > MAX_DOCUMENT_LINES {
                return Err(ApiError::field(field, format!("must have at most {MAX_DOCUMENT_LINES} lines")));
            }
        }
        if cancel.is_empty() && returned.is_empty() {
            return Err(ApiError::field("cancel", "must have a line, or else return"));
        }
        refuse_repeated("return", "item_id", returned.iter().map(|line| line.item_id))?;
        Ok(Self {
            cancel: cancel.into_iter().map(CancelledLine::from).collect(),
            returned: returned.into_iter().map(ReturnedLine::from).collect(),
            items: items.into_iter().map(RequestedItem::from).collect(),
            payment_method,
        })
    }
}

impl From<ExchangeReturnRequest> for ReturnedLine {
    fn from(request: ExchangeReturnRequest) -> Self {
        let ExchangeReturnRequest { item_id, quantity, reason } = request;
        let reason = reason.map_or_else(|| exchange::REASON.to_owned(), String::from);
        Self { item: item_id, quantity: quantity.get(), reason }
    }
}
