//! Alerts about orders that should have been shipped.

use std::collections::HashMap;

use chrono::Duration;
use diesel::PgConnection;
use serde_json::json;

use super::mails::write_notices;
use super::notice::{Notice, time};
use super::queries::{progress, rules, states};
use super::rule::{AlertKind, DEFAULT_AFTER_HOURS, Rule};
use crate::db::{self, End, Failure};
use crate::kernel::id::{AlertId, OrderId, StoreId};
use crate::kernel::moment::after;
use crate::orders::order::Order;
use crate::orders::queries::orders;

/// The orders of a rule in one transaction.
const MOST_ORDERS: i64 = 500;

/// Finds orders that have become late, and returns their number. An order is late once for each rule. Nothing happens
/// while another server writes alerts of the store, or while too many mails wait.
pub fn find_late_orders(conn: &mut PgConnection, store: StoreId, sends_mail: bool) -> Result<End<usize>, Failure> {
    if progress::lock(conn, store)?.is_none() {
        return Ok(End::RollBack(0));
    }
    let at = db::clock(conn)?;
    let mut late: Vec<Rule> = rules::list_active(conn, store)?;
    late.retain(|rule| rule.kind == AlertKind::OrderLate);
    let hours = |rule: &Rule| rule.settings.after_hours.unwrap_or(DEFAULT_AFTER_HOURS);
    let before: Vec<_> = late.iter().map(|rule| (rule.id, after(at, Duration::hours(-hours(rule))))).collect();
    let ids: Vec<AlertId> = late.iter().map(|rule| rule.id).collect();
    states::leave_shipped_orders(conn, store, &ids)?;
    let entered = states::enter_late_orders(conn, store, &before, (at, MOST_ORDERS))?;
    let order_ids: Vec<OrderId> = entered.iter().map(|(_, order)| OrderId(*order)).collect();
    let found: HashMap<i64, Order> =
        orders::list_by_id(conn, store, &order_ids)?.into_iter().map(|order| (order.id.0, order)).collect();
    let notice = |(alert, order): &(AlertId, i64)| {
        let Order { id, order_number, paid_at, created_at, .. } = found.get(order)?;
        let since = time(paid_at.unwrap_or(*created_at));
        let data = json!({"order_id": id, "order_number": order_number, "since": since});
        Some(Notice { alert: *alert, about: format!("late:{alert}:{id}"), data })
    };
    let notices: Vec<Notice> = entered.iter().filter_map(notice).collect();
    let count = notices.len();
    match write_notices(conn, store, (&late, notices), at, sends_mail)? {
        true => Ok(End::Commit(count)),
        false => Ok(End::RollBack(0)),
    }
}
