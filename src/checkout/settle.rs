//! Settling: what happens when money comes, and when it goes back.

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::PgConnection;

use super::cancel::{self, Cancellation};
use super::expire::{self, Locking};
use crate::db::{self, Failure};
use crate::error::{ApiError, Code, Halt};
use crate::inventory::hold::{Ending, Hold, Holder};
use crate::inventory::level::{Figures, MovementKind};
use crate::inventory::shelf::{Note, Shelf};
use crate::inventory::store::holds;
use crate::kernel::id::{HoldId, OrderId, StoreId, VariantId};
use crate::kernel::money::{AmountInput, Money};
use crate::orders::order::Order;
use crate::orders::status::{OrderStatus, PaymentStatus};
use crate::orders::store::history::{self, NewStep};
use crate::orders::store::orders;
use crate::payments::store::payments::{self as store, Kind, NewPayment};

/// A payment that somebody reports, or a refund.
#[derive(Clone, Copy, Debug)]
pub struct Settlement<'a> {
    pub reference: &'a str,
    pub amount: Option<AmountInput>,
    pub actor: &'a str,
}

/// Takes the payment of an order that exists. The same reference again changes nothing.
///
/// Money that comes too late is refused and recorded all the same: it has to be given back.
pub fn confirm(
    conn: &mut PgConnection,
    store: StoreId,
    order: OrderId,
    settlement: Settlement<'_>,
) -> Result<Order, Halt> {
    let mut order = orders::get_for_update(conn, store, order)?;
    let amount = amount_of(&order, settlement.amount, order.total_amount)?;
    let known = store::find_amount(conn, store, order.id, Kind::Payment, settlement.reference)?;
    let kept = Kept::lock(conn, &order)?;
    let at = db::clock(conn)?;
    if order.status == OrderStatus::UnderPaying && order.payment_expires_at.is_some_and(|deadline| at >= deadline) {
        order = expire_now(conn, &order)?;
    }
    if order.status == OrderStatus::Cancelled {
        if known.is_none() {
            record_payment(conn, &mut order, settlement, amount, at)?;
            orders::update(conn, &order)?;
        }
        return Err(Halt::Recorded(too_late(&order)));
    }
    if order.payment_reference.as_deref() == Some(settlement.reference) {
        return Ok(order);
    }
    if known.is_some() {
        return Err(ApiError::field("payment_reference", "was recorded for another amount").into());
    }
    if amount != order.total_amount {
        let total = order.currency.amount(order.total_amount);
        return Err(ApiError::field("amount", format!("must be the order's total, {total}")).into());
    }
    if order.payment_status != PaymentStatus::Pending {
        return Err(already_paid().into());
    }
    record_payment(conn, &mut order, settlement, amount, at)?;
    order.payment_status = PaymentStatus::Paid;
    order.paid_at = Some(at);
    order.payment_reference = Some(settlement.reference.to_owned());
    if order.status == OrderStatus::UnderPaying {
        kept.sell(conn, &mut order, settlement.actor, at)?;
    }
    orders::update(conn, &order)?;
    Ok(order)
}

/// Records money that an order does not take: it can be refunded, and is due when the order is dead.
pub fn record(
    conn: &mut PgConnection,
    store: StoreId,
    order: OrderId,
    settlement: Settlement<'_>,
) -> Result<(), Failure> {
    let mut order = orders::get_for_update(conn, store, order)?;
    let amount = settlement.amount.and_then(|amount| amount.in_currency(&order.currency).ok());
    let known = store::find_amount(conn, store, order.id, Kind::Payment, settlement.reference)?;
    if let (Some(amount), None) = (amount, known) {
        let at = db::clock(conn)?;
        record_payment(conn, &mut order, settlement, amount, at)?;
        orders::update(conn, &order)?;
    }
    Ok(())
}

/// What is kept for an order under payment, with its stock rows locked. Nothing for any other order.
struct Kept {
    holds: Vec<Hold>,
    shelf: Shelf,
}

impl Kept {
    fn lock(conn: &mut PgConnection, order: &Order) -> Result<Self, Failure> {
        let holds = match order.status {
            OrderStatus::UnderPaying => holds::list_active(conn, order.store_id, &[Holder::Order(order.id)])?,
            _ => Vec::new(),
        };
        let variants: Vec<VariantId> = holds.iter().map(|hold| hold.variant).collect();
        let shelf = Shelf::lock(conn, order.store_id, &variants)?;
        Ok(Self { holds, shelf })
    }

    /// Reserved becomes sold, and the order pending.
    fn sell(
        mut self,
        conn: &mut PgConnection,
        order: &mut Order,
        actor: &str,
        at: DateTime<Utc>,
    ) -> Result<(), Failure> {
        let note = Note { reference: &order.order_number, reason: None, actor };
        for hold in &self.holds {
            let place = (hold.variant, hold.location);
            self.shelf.book(place, MovementKind::Fulfil, Figures::fulfil(hold.quantity), note)?;
        }
        self.shelf.write(conn, at)?;
        let ids: Vec<HoldId> = self.holds.iter().map(|hold| hold.id).collect();
        holds::end(conn, order.store_id, &ids, Ending::Sold, at)?;
        let from = order.status;
        order.status = OrderStatus::Pending;
        let step = NewStep { order: order.id, from: Some(from), to: order.status, reason: None, actor };
        Ok(history::append(conn, order.store_id, &[step], at)?)
    }
}

/// Records that a payment failed: the stock is let go and the order is dead.
pub fn fail(
    conn: &mut PgConnection,
    store: StoreId,
    order: OrderId,
    cancellation: Cancellation<'_>,
) -> Result<Order, Halt> {
    let mut order = orders::get_for_update(conn, store, order)?;
    if order.payment_status == PaymentStatus::Failed {
        return Ok(order);
    }
    let is_over = cancel::is_over(conn, &order)?;
    if is_over {
        order = expire_now(conn, &order)?;
    }
    if order.status != OrderStatus::UnderPaying {
        let detail =
            format!("Order {} is {}; only a payment under way can fail.", order.order_number, order.status.as_str());
        let refusal = ApiError::new(Code::InvalidTransition, detail);
        return Err(if is_over { Halt::Recorded(refusal) } else { refusal.into() });
    }
    Ok(cancel::give_back(conn, order, PaymentStatus::Failed, cancellation)?)
}

fn record_payment(
    conn: &mut PgConnection,
    order: &mut Order,
    settlement: Settlement<'_>,
    amount: Money,
    at: DateTime<Utc>,
) -> Result<(), Failure> {
    let Settlement { reference, actor, .. } = settlement;
    let new = NewPayment { order: order.id, kind: Kind::Payment, reference: Some(reference), amount, actor };
    store::append(conn, order.store_id, new, at)?;
    order.received_amount = add(order.received_amount, amount)?;
    order.updated_at = at;
    Ok(())
}

/// Marks a live order as paid without a provider's reference, as staff do who took the money.
pub fn mark_paid(conn: &mut PgConnection, order: &mut Order, actor: &str, at: DateTime<Utc>) -> Result<(), Halt> {
    let amount = order.total_amount;
    let new = NewPayment { order: order.id, kind: Kind::Payment, reference: None, amount, actor };
    store::append(conn, order.store_id, new, at)?;
    order.received_amount = add(order.received_amount, amount)?;
    order.payment_status = PaymentStatus::Paid;
    order.paid_at = Some(at);
    Ok(())
}

/// Records money that was given back. Partial refunds add up, never over what was received.
pub fn refund(
    conn: &mut PgConnection,
    store: StoreId,
    order: OrderId,
    settlement: Settlement<'_>,
) -> Result<Order, Halt> {
    let mut order = orders::get_for_update(conn, store, order)?;
    if let Some(known) = store::find_amount(conn, store, order.id, Kind::Refund, settlement.reference)? {
        return match settlement.amount.map(|amount| amount.in_currency(&order.currency)) {
            None => Ok(order),
            Some(Ok(amount)) if amount == known => Ok(order),
            Some(_) => Err(ApiError::field("amount", "differs from the refund of this reference").into()),
        };
    }
    let rest = Money(order.received_amount.0.saturating_sub(order.refunded_amount.0));
    if rest == Money(0) {
        let detail = format!("There is no money of order {} to give back.", order.order_number);
        return Err(ApiError::new(Code::InvalidTransition, detail).into());
    }
    let amount = amount_of(&order, settlement.amount, rest)?;
    if amount == Money(0) || amount > rest {
        let most = order.currency.amount(rest);
        return Err(ApiError::field("amount", format!("must be more than nothing and at most {most}")).into());
    }
    let at = db::clock(conn)?;
    let Settlement { reference, actor, .. } = settlement;
    let new = NewPayment { order: order.id, kind: Kind::Refund, reference: Some(reference), amount, actor };
    store::append(conn, store, new, at)?;
    order.refunded_amount = add(order.refunded_amount, amount)?;
    if order.refunded_amount == order.received_amount && order.payment_status == PaymentStatus::Paid {
        order.payment_status = PaymentStatus::Refunded;
    }
    order.updated_at = at;
    orders::update(conn, &order)?;
    Ok(order)
}

/// Ends a locked order whose window has passed, before the job comes to it.
pub(super) fn expire_now(conn: &mut PgConnection, order: &Order) -> Result<Order, Failure> {
    expire::expire(conn, order.store_id, &[Holder::Order(order.id)], Locking::Wait)?;
    let order = orders::get_for_update(conn, order.store_id, order.id)?;
    if order.status == OrderStatus::UnderPaying {
        return Err(Failure::Retry(format!("the clock went back under order {}", order.id)));
    }
    Ok(order)
}

fn amount_of(order: &Order, given: Option<AmountInput>, otherwise: Money) -> Result<Money, ApiError> {
    match given {
        Some(amount) => amount.in_currency(&order.currency).map_err(|message| ApiError::field("amount", message)),
        None => Ok(otherwise),
    }
}

fn add(sum: Money, amount: Money) -> Result<Money, Failure> {
    sum.checked_add(amount).ok_or_else(|| Failure::Internal("the payments of an order are too large".to_owned()))
}

fn already_paid() -> ApiError {
    ApiError::new(Code::AlreadyPaid, "The order was paid under another reference.")
}

/// 409 of money that came too late. It was recorded.
fn too_late(order: &Order) -> ApiError {
    let recorded = "The payment was recorded and has to be refunded.";
    match order.payment_expires_at.filter(|_| order.payment_status == PaymentStatus::Expired) {
        Some(deadline) => {
            let deadline = deadline.to_rfc3339_opts(SecondsFormat::Secs, true);
            ApiError::new(Code::PaymentExpired, format!("The payment window ended at {deadline}. {recorded}"))
        }
        None => {
            let (number, status) = (&order.order_number, order.status.as_str());
            ApiError::new(Code::InvalidTransition, format!("Order {number} is {status}. {recorded}"))
        }
    }
}
