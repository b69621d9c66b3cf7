//! Exchanges: units of an order are cancelled or returned, and a new order takes their place, in one transaction.

use diesel::PgConnection;

use super::cancel_lines::{self, CancelledLine, CancelledLines, DeliveryCredit};
use super::order_batch::{By, Intent, OrderBatch};
use super::returns::create::{self, CheckedReturn, ReturnedLine};
use super::returns::queries::lines::NewReturnLine;
use super::returns::status::ReturnStatus;
use crate::auth::Scope;
use crate::checkout::load::{self, Carts, Locking};
use crate::checkout::place_orders;
use crate::checkout::placement::{Buyer, Contact, Exchange, Placement, RequestedItem, Source};
use crate::checkout::plan::PlannedOrder;
use crate::checkout::write;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::{OrderId, ReturnId};
use crate::orders::order::Order;
use crate::orders::queries::orders;
use crate::orders::status::OrderStatus;

/// The goods that go, and the goods that come instead.
#[derive(Clone, Debug)]
pub struct NewExchange {
    pub cancel: Vec<CancelledLine>,
    /// Shipped units that come back. Their items are distinct.
    pub returned: Vec<ReturnedLine>,
    pub items: Vec<RequestedItem>,
    /// The method of the old order if None.
    pub payment_method: Option<String>,
}

/// The parts of an exchange that was written.
#[derive(Debug)]
pub struct Exchanged {
    /// The new order.
    pub order: OrderId,
    /// The number of the credit for cancelled units.
    pub credit: Option<String>,
    pub returned: Option<ReturnId>,
}

/// The reason of cancelled units, and of returned ones without another.
pub const REASON: &str = "Exchange";

/// Cancels units or approves a return, and places the new order by the steps of a checkout. The credit of cancelled units
/// pays for the new order at once, and that of returned ones when they are received.
///
/// Locks are taken in the global order: the old order, then the stock rows of both orders together.
pub fn exchange(conn: &mut PgConnection, scope: &Scope, id: OrderId, new: &NewExchange) -> Result<Exchanged, Abort> {
    let placement = placement_of(conn, scope, id, new)?;
    let carts = load::load_and_lock_carts(conn, scope.store, &[&placement], Locking::ForUpdate)?;
    let intents = [(id, Intent::Cancel), (id, Intent::Credit)];
    let mut batch = OrderBatch::lock_with(conn, scope.store, &intents, &carts.variants())?;
    if batch.expire_if_overdue(id)? {
        batch.write(conn)?;
        return Err(Abort::Recorded(not_sold(batch.order(id)?)));
    }
    let actor = scope.actor();
    cancel(&mut batch, id, &new.cancel, &actor)?;
    let returned = create::check_units(conn, scope, (&batch, id), ("return", &new.returned))?;
    let planned = decide(conn, scope, &mut batch, (&placement, &carts))?;

    // ---- Nothing is refused after this line: only the database itself may fail. ----
    let order = planned.plan.order.id;
    write::create_orders(conn, scope.store, &[&planned])?;
    write::create_order_items(conn, scope.store, &[&planned])?;
    batch.adopt(planned.plan.order);
    let credit = batch.last_credit(id).map(ToOwned::to_owned);
    if let Some(number) = &credit {
        batch.pay_with_credit(id, number, order, &actor)?;
    }
    batch.write(conn)?;
    let returned = approve(conn, scope, (&batch, id), order, returned)?;
    Ok(Exchanged { order, credit, returned })
}

/// The placement of the new order: the customer, the addresses and the pickup location are those of the old order.
fn placement_of(conn: &mut PgConnection, scope: &Scope, old: OrderId, new: &NewExchange) -> Result<Placement, Abort> {
    let guest_token_hash =
        orders::find_order(conn, scope.store, &DocumentRef::Id(old))?.and_then(|order| order.guest_token_hash);
    let old = orders::get(conn, scope.store, old)?;
    let exchange = Exchange {
        order: old.id,
        customer: old.user_id,
        guest_token_hash,
        shipping_address: old.shipping_address.clone(),
        billing_address: old.billing_address.clone(),
    };
    Ok(Placement {
        actor: scope.actor(),
        buyer: Buyer::Staff(scope.principal.account()?.id),
        contact: Contact {
            customer_name: old.customer_name.clone(),
            customer_phone: old.customer_phone.clone(),
            customer_email: old.customer_email.clone(),
            delivery_address: old.delivery_address.clone(),
        },
        source: Source::Items(new.items.clone()),
        shipping_address: None,
        billing_address: None,
        pickup: old.pickup_location_id,
        payment_method: new.payment_method.clone().unwrap_or_else(|| old.payment_method.clone()),
        notes: None,
        expected_total: None,
        discount: None,
        allow_partial: false,
        payment_window_seconds: 0,
        exchange: Some(exchange),
    })
}

/// Cancels units in memory. So the new order can take them.
fn cancel(batch: &mut OrderBatch, id: OrderId, lines: &[CancelledLine], actor: &str) -> Result<(), Abort> {
    let order = batch.order(id)?;
    if matches!(order.status, OrderStatus::UnderPaying | OrderStatus::Cancelled) {
        return Err(not_sold(order).into());
    }
    if lines.is_empty() {
        return Ok(());
    }
    let by = By { actor, reason: Some(REASON) };
    cancel_lines::cancel_lines(batch, id, CancelledLines { field: "cancel", lines }, DeliveryCredit::None, by)
}

fn not_sold(order: &Order) -> ApiError {
    let detail = format!("Units of an order that is '{}' can't be exchanged.", order.status.as_str());
    ApiError::new(Code::InvalidTransition, detail)
}

/// Decides on the new order, and takes its units in memory.
fn decide(
    conn: &mut PgConnection,
    scope: &Scope,
    batch: &mut OrderBatch,
    (placement, carts): (&Placement, &Carts),
) -> Result<PlannedOrder, Abort> {
    let holds = batch.holds_mut();
    let (context, mut ids) = load::read_context(conn, scope.store, &[placement], carts, holds, Locking::ForUpdate)?;
    place_orders::decide_one(conn, (&context, carts), holds, &mut ids, placement)
}

/// Writes the return of shipped units, whose credits will pay for the new order.
fn approve(
    conn: &mut PgConnection,
    scope: &Scope,
    old: (&OrderBatch, OrderId),
    new: OrderId,
    lines: Vec<NewReturnLine>,
) -> Result<Option<ReturnId>, Abort> {
    if lines.is_empty() {
        return Ok(None);
    }
    let checked = CheckedReturn { status: ReturnStatus::Approved, note: None, exchange_order: Some(new), lines };
    create::insert(conn, scope, old, checked).map(Some)
}
