//! Alerts about refunds that are due: one when an order enters the state, and none while it lasts.

use std::collections::{BTreeSet, HashMap};

use diesel::PgConnection;
use serde_json::json;

use super::notice::{Batch, Notice};
use super::queries::{facts, states};
use super::rule::AlertKind;
use crate::db::Failure;
use crate::events::SubjectKind;
use crate::kernel::id::OrderId;
use crate::orders::order::Order;
use crate::orders::queries::orders;

/// Compares the orders of the batch with their states. An order may become due without an event, by a payment that is
/// not accepted.
pub fn find_due(conn: &mut PgConnection, batch: &Batch<'_>) -> Result<Vec<Notice>, Failure> {
    if !batch.has_rules(AlertKind::RefundDue) {
        return Ok(Vec::new());
    }
    let of_events = batch.events.iter().filter(|(_, event)| event.event_type.subject() == SubjectKind::Order);
    let mut ids: BTreeSet<OrderId> = of_events.map(|(_, event)| OrderId(event.subject)).collect();
    ids.extend(facts::list_paid_orders(conn, batch.store, batch.positions)?);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = orders::list_by_id(conn, batch.store, &ids.into_iter().collect::<Vec<_>>())?;
    let (due, settled): (Vec<&Order>, Vec<&Order>) = found.iter().partition(|order| order.refund_due_amount().0 > 0);
    let states_of = |orders: &[&Order]| {
        let of_rule = |order: &&Order| batch.rules_of(AlertKind::RefundDue).map(|rule| (rule.id, order.id.0)).collect();
        orders.iter().flat_map::<Vec<states::State>, _>(of_rule).collect::<Vec<_>>()
    };
    states::leave(conn, batch.store, &states_of(&settled))?;
    let entered = states::enter(conn, batch.store, &states_of(&due), batch.at)?;
    let by_id: HashMap<i64, &Order> = due.into_iter().map(|order| (order.id.0, order)).collect();
    let notices = entered.into_iter().filter_map(|(alert, order)| {
        let order = by_id.get(&order)?;
        let amount = format!("{} {}", order.currency.amount(order.refund_due_amount()), order.currency.code());
        let data = json!({"order_id": order.id, "order_number": order.order_number, "amount": amount});
        Some(Notice { alert, about: format!("{}:{alert}:{}", batch.positions.1, order.id), data })
    });
    Ok(notices.collect())
}
