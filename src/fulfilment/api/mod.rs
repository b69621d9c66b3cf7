//! The operations that change orders: payments, refunds, shipments, reroutes, cancellations, updates.

mod callback;
mod cancel_lines;
mod change;
mod credits;
mod exchange;
mod papers;
mod pay;
mod pickup;
mod reroute;
pub mod returns;
mod ship;
mod shipments;

use diesel::PgConnection;

use crate::auth::Scope;
use crate::error::{Abort, ApiError};
use crate::idempotency::Answer;
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::OrderId;
use crate::kernel::money::AmountInput;
use crate::orders::api::not_found;
use crate::orders::order::Order;
use crate::orders::queries::orders::FoundOrder;
use crate::orders::queries::{list, orders};

pub use callback::{CallbackResponse, receive};
pub use cancel_lines::{CancelLinesRequest, cancel_order_lines};
pub use change::{ReasonQuery, ReasonRequest, UpdateOrderRequest, cancel_order, update_order};
pub use credits::{CreditResponse, NewCreditRequest, give_credit, list_credits};
pub use exchange::{ExchangeRequest, ExchangeResponse, exchange_order};
pub use papers::{issue_invoice, show_invoice, show_packing_slip};
pub use pay::{ConfirmRequest, RefundRequest, confirm_payment, fail_payment, refund_order};
pub use pickup::{collect_order, make_order_ready};
pub use reroute::{RerouteRequest, reroute_order};
pub use ship::{ShipRequest, list_shipments, ship_order};
pub use shipments::{
    LoseShipmentRequest, ShipmentVersionRequest, UpdateShipmentRequest, deliver_shipment, lose_shipment, show_shipment,
    update_shipment,
};

fn find(conn: &mut PgConnection, scope: &Scope, order_ref: &DocumentRef<OrderId>) -> Result<OrderId, Abort> {
    find_order(conn, scope, order_ref).map(|order| order.id)
}

fn find_order(conn: &mut PgConnection, scope: &Scope, order_ref: &DocumentRef<OrderId>) -> Result<FoundOrder, Abort> {
    orders::find_order(conn, scope.store, order_ref)?.ok_or_else(|| not_found().into())
}

/// Refuses an amount of 0. It needs no currency, so a handler calls it before it looks the order up.
fn refuse_zero(field: &str, amount: Option<AmountInput>) -> Result<(), ApiError> {
    match amount {
        Some(amount) if amount.is_zero() => Err(ApiError::field(field, "must be more than nothing")),
        _ => Ok(()),
    }
}

fn answer(conn: &mut PgConnection, order: &Order) -> Result<Answer, Abort> {
    Ok(Answer::ok(&list::respond_one(conn, order)?)?)
}
