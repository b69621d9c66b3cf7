//! The calls that place, change and settle orders.

mod callback;
mod change;
mod place;
mod settle;

use diesel::PgConnection;

use crate::auth::Scope;
use crate::error::Halt;
use crate::idempotency::Answer;
use crate::kernel::id::OrderId;
use crate::orders::api::not_found;
use crate::orders::order::{Order, OrderRef};
use crate::orders::queries::{list, orders};

pub use callback::{CallbackResponse, receive};
pub use change::{ReasonQuery, ReasonRequest, UpdateOrderRequest, cancel_order, update_order};
pub use place::{CheckoutRequest, OrderItemRequest, OrderRequest, checkout, place_order, show_preview};
pub use settle::{ConfirmRequest, RefundRequest, confirm_payment, fail_payment, refund_order};

fn find(conn: &mut PgConnection, scope: &Scope, named: &OrderRef) -> Result<OrderId, Halt> {
    orders::find_owner(conn, scope.store, named)?.map(|(id, _)| id).ok_or_else(|| not_found().into())
}

fn answer(conn: &mut PgConnection, order: &Order) -> Result<Answer, Halt> {
    Answer::ok(&list::respond_one(conn, order)?)
}
