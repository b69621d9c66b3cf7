//! Credits by staff: an amount of the order, of some items, or of the delivery is forgiven.

use super::credit::{Credit, CreditKind};
use super::rest::OrderRest;
use super::shares::Shares;
use crate::error::{Abort, ApiError, Code};
use crate::fulfilment::order_batch::{By, CreditTerms, OrderBatch};
use crate::kernel::id::{OrderId, OrderItemId};
use crate::kernel::money::{AmountInput, Money};
use crate::orders::order::{Order, item_of_line};
use crate::orders::status::OrderStatus;

/// The forgiven amounts. Each is more than 0.
#[derive(Clone, Debug)]
pub enum Forgiven {
    /// An amount of the order. It gives fees of returns back. The rest is shared over what is left of the items and the
    /// delivery.
    Order(AmountInput),
    Items(Vec<(OrderItemId, AmountInput)>),
    /// An amount of the delivery, or all that is left of it.
    Delivery(Option<AmountInput>),
}

/// Credits amounts of an order that has not ended. An unpaid order of which nothing is left to pay is paid then.
///
/// Returns the number of the credit.
pub fn forgive(batch: &mut OrderBatch, id: OrderId, forgiven: &Forgiven, by: By<'_>) -> Result<String, Abort> {
    let expired = batch.expire_if_overdue(id)?;
    let order = batch.order(id)?;
    if order.status == OrderStatus::Cancelled {
        let refusal = nothing_left(order);
        return Err(if expired { Abort::Recorded(refusal) } else { refusal.into() });
    }
    let amounts = amounts_of(batch, id, forgiven)?;
    let kind = if matches!(forgiven, Forgiven::Delivery(_)) { CreditKind::Shipping } else { CreditKind::Goodwill };
    let credit: &Credit = batch.credit_amounts(id, amounts, CreditTerms { kind, by, return_id: None })?;
    let number = credit.credit_number.clone();
    batch.settle(id, None, by.actor)?;
    Ok(number)
}

fn amounts_of(batch: &OrderBatch, id: OrderId, forgiven: &Forgiven) -> Result<OrderRest, Abort> {
    let (order, rest) = (batch.order(id)?, batch.rest(id)?);
    match forgiven {
        Forgiven::Order(amount) => {
            let amount = check(order, "amount", *amount, rest.total())?;
            Ok(rest.split(amount))
        }
        Forgiven::Delivery(amount) => {
            let left = rest.delivery.total();
            let amount = match amount {
                Some(amount) => check(order, "amount", *amount, left)?,
                None if left == Money(0) => return Err(nothing_left(order).into()),
                None => left,
            };
            Ok(OrderRest { items: Vec::new(), delivery: rest.delivery.part(amount) })
        }
        Forgiven::Items(lines) => {
            let mut amounts = OrderRest { items: Vec::with_capacity(lines.len()), delivery: Shares::default() };
            for (index, (item, amount)) in lines.iter().enumerate() {
                let variant = item_of_line(batch.items(id)?, *item, ("lines", index))?.variant_id;
                let left = rest.of_item(variant);
                let amount = check(order, &format!("lines[{index}].amount"), *amount, left.total())?;
                amounts.items.push((variant, left.part(amount)));
            }
            Ok(amounts)
        }
    }
}

/// The amount in the order's currency. Refuses more than is left.
fn check(order: &Order, field: &str, given: AmountInput, left: Money) -> Result<Money, ApiError> {
    let amount = given.in_currency(&order.currency).map_err(|message| ApiError::field(field, message))?;
    if amount > left {
        return Err(ApiError::field(field, format!("must be at most {}", order.currency.amount(left))));
    }
    Ok(amount)
}

fn nothing_left(order: &Order) -> ApiError {
    let detail = format!("Nothing of order {} is left to credit.", order.order_number);
    ApiError::new(Code::InvalidTransition, detail)
}
