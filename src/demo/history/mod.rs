//! The history of the demo store: months of orders, deliveries, counts and returns, so that lists and charts have
//! something to show.
//!
//! The agenda has a list of tasks with their times. Each task runs the use case of the API with the clock at that time, and
//! plans the tasks that follow from it: an order is paid, shipped, delivered and perhaps sent back. Tasks of the future
//! are never run. So the store ends with orders to ship, payments that run out soon, and goods that are expected today.

mod agenda;
mod calendar;
mod chance;
mod goods;
mod opening;
mod people;
mod returns;
mod sale;
mod selling;
mod shelves;
mod shipping;
mod supply;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::places::Places;
use crate::alerts::queries::progress;
use crate::auth::Scope;
use crate::catalogue::product::NewProduct;
use crate::db::{self, clock, outbox, statistics};
use crate::error::Abort;
use crate::kernel::id::{OrderId, SupplierId};
use crate::stores::queries::scarcity_changes;
use agenda::{Agenda, Task};
use calendar::Calendar;
use chance::Chance;
use goods::Source;
use people::Customer;
use sale::SoldOrder;

/// The store and its people, as far as the tasks need them.
struct Shop {
    scope: Scope,
    calendar: Calendar,
    places: Places,
    goods: Vec<NewProduct>,
    suppliers: Vec<(Source, SupplierId)>,
    agenda: Agenda,
    chance: Chance,
    customers: Vec<Customer>,
    orders: HashMap<OrderId, SoldOrder>,
    /// The orders that wait for their shipment, with the beginning of the wait.
    unshipped: BTreeMap<OrderId, DateTime<Utc>>,
    /// The delivered orders of the demo customer.
    delivered_to_demo: Vec<OrderId>,
    returns: u64,
}

/// The number of tasks after which the database analyzes its tables for the first time. It does so again when they have four
/// times as many rows.
const FIRST_ANALYSIS: u64 = 100;

/// Creates the store with its history. Returns false if it exists.
pub(super) fn fill(conn: &mut PgConnection, days: i64) -> Result<bool, Abort> {
    let calendar = Calendar { end: db::clock(conn)?, days };
    let opened = moment(conn, calendar, calendar.opening(), |conn| opening::open(conn, calendar))?;
    let Some(mut shop) = opened else { return Ok(false) };
    opening::plan(&mut shop);
    let (mut tasks, mut next_analysis) = (0, FIRST_ANALYSIS);
    while let Some((at, task)) = shop.agenda.take_first() {
        moment(conn, calendar, at, |conn| shop.run(conn, at, task))?;
        tasks += 1;
        if tasks == next_analysis {
            statistics::analyze(conn)?;
            next_analysis *= 4;
        }
    }
    // Events of the past lead to no mail.
    let now = db::clock(conn)?;
    progress::start_at(conn, shop.scope.store, now)?;
    // Its movements have times before the last run of the job.
    scarcity_changes::note_store(conn, shop.scope.store)?;
    Ok(true)
}

/// Works with the clock at a time of the past. The events that it records get a row of the outbox of their own, with
/// that time.
fn moment<T>(
    conn: &mut PgConnection,
    calendar: Calendar,
    at: DateTime<Utc>,
    work: impl FnOnce(&mut PgConnection) -> Result<T, Abort>,
) -> Result<T, Abort> {
    clock::earlier(calendar.end.signed_duration_since(at), || {
        let done = work(conn)?;
        outbox::insert_moment(conn)?;
        Ok(done)
    })
}

impl Shop {
    fn run(&mut self, conn: &mut PgConnection, at: DateTime<Utc>, task: Task) -> Result<(), Abort> {
        match task {
            Task::Join => self.join(conn),
            Task::Sell(sale) => self.sell(conn, at, sale),
            Task::Pay(order) => self.pay(conn, at, order),
            Task::Expire(order) => self.expire(conn, order),
            Task::Cancel(order) => self.cancel(conn, at, order),
            Task::Refund(order) => self.refund(conn, at, order),
            Task::Ship(day) => self.ship(conn, at, day),
            Task::Deliver(orders) => self.deliver(conn, at, &orders),
            Task::Collect(orders) => self.collect(conn, &orders),
            Task::SendBack(order) => self.send_back(conn, at, order),
            Task::Approve(document, order) => self.approve(conn, at, (document, order)),
            Task::TakeBack(document, order) => self.take_back(conn, at, (document, order)),
            Task::Inspect { sku, size, quantity, location } => {
                self.inspect(conn, &sku, &shelves::quarantined(size, quantity, location))
            }
            Task::Reorder(day) => self.reorder(conn, day),
            Task::Unload { purchase, is_first } => self.unload(conn, at, purchase, is_first),
            Task::Transfer { to, cover_days, expected_on } => self.transfer(conn, to, cover_days, expected_on),
            Task::Unpack(transfer) => self.unpack(conn, transfer),
            Task::Count(number) => self.count(conn, number),
            Task::Spoil => self.spoil(conn),
            Task::RaisePrice => self.raise_price(conn),
            Task::FreeDelivery => self.make_delivery_free(conn),
            Task::OrderForToday => self.order_for_today(conn),
            Task::SellOut => self.sell_out(conn),
            Task::AskForReturn => self.ask_for_return(conn),
            Task::OpenCount => self.open_count(conn),
        }
    }

    fn join(&mut self, conn: &mut PgConnection) -> Result<(), Abort> {
        let joined = people::join(conn, self.scope.store, self.customers.len())?;
        self.customers.extend(joined);
        Ok(())
    }
}
