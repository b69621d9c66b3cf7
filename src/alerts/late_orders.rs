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

/// The largest number of open orders that one transaction reads.
const ORDERS_AT_A_TIME: i64 = 1_000;

/// The work of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    pub alerts: usize,
    /// True if there are further open orders.
    pub is_behind: bool,
}

/// Looks for late orders among the next open orders of the store. After the last one, the search begins again. Each rule
/// sends one alert about a late order. Nothing happens while another server writes alerts of the store, or while too many
/// mails wait.
pub fn find_late_orders(conn: &mut PgConnection, store: StoreId, sends_mail: bool) -> Result<End<Searched>, Failure> {
    let nothing = End::RollBack(Searched::default());
    let Some(progress) = progress::lock(conn, store)? else { return Ok(nothing) };
    let at = db::clock(conn)?;
    let mut late: Vec<Rule> = rules::list_active(conn, store)?;
    late.retain(|rule| rule.kind == AlertKind::OrderLate);
    let hours = |rule: &Rule| rule.settings.after_hours.unwrap_or(DEFAULT_AFTER_HOURS);
    let before: Vec<_> = late.iter().map(|rule| (rule.id, after(at, Duration::hours(-hours(rule))))).collect();
    let ids: Vec<AlertId> = late.iter().map(|rule| rule.id).collect();
    let begin = progress.late_orders_after;
    let open = states::list_open_orders(conn, store, (begin, ORDERS_AT_A_TIME))?;
    // None after the last one.
    let end = open.last().filter(|_| db::count(open.len()) == ORDERS_AT_A_TIME).map(|order| order.0);
    states::leave_shipped_orders(conn, store, &ids, (begin, end.unwrap_or(i64::MAX)))?;
    let entered = states::enter_late_orders(conn, store, &before, &open, at)?;
    if begin != end.unwrap_or(0) {
        progress::set_late_orders_after(conn, store, end.unwrap_or(0))?;
    }
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
    let searched = Searched { alerts: notices.len(), is_behind: end.is_some() };
    match write_notices(conn, store, (&late, notices), at, sends_mail)? {
        true => Ok(End::Commit(searched)),
        false => Ok(nothing),
    }
}
