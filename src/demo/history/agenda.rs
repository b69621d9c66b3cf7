//! The tasks of the history, in the order of their times.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::sale::Sale;
use crate::kernel::id::{InboundId, LocationId, OrderId, ReturnId};

/// Something that happens at a time.
#[derive(Clone, Debug)]
pub(super) enum Task {
    /// The next customer opens an account.
    Join,
    Sell(Sale),
    Pay(OrderId),
    /// Ends an order that was not paid in time.
    Expire(OrderId),
    Cancel(OrderId),
    Refund(OrderId),
    /// Ships all orders that are ready.
    Ship(NaiveDate),
    Deliver(Vec<OrderId>),
    Collect(Vec<OrderId>),
    SendBack(OrderId),
    Approve(ReturnId, OrderId),
    TakeBack(ReturnId, OrderId),
    /// Decides on units in quarantine.
    Inspect {
        sku: String,
        size: Option<String>,
        quantity: i64,
        location: LocationId,
    },
    /// Orders from suppliers.
    Reorder(NaiveDate),
    Unload {
        purchase: InboundId,
        is_first: bool,
    },
    /// Sends the units that a place needs for this number of days.
    Transfer {
        to: LocationId,
        cover_days: i64,
        expected_on: NaiveDate,
    },
    Unpack(InboundId),
    Count(i64),
    Spoil,
    RaisePrice,
    FreeDelivery,
    /// The states of the present that pages show.
    OrderForToday,
    SellOut,
    AskForReturn,
    OpenCount,
}

/// The tasks until the present. Later ones are dropped, so the user of the store can do this work.
pub(super) struct Agenda {
    opening: DateTime<Utc>,
    end: DateTime<Utc>,
    tasks: BTreeMap<(DateTime<Utc>, u64), Task>,
    added: u64,
}

impl Agenda {
    pub fn new(opening: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        Self { opening, end, tasks: BTreeMap::new(), added: 0 }
    }

    /// Adds a task, unless its time is before the opening or in the future.
    pub fn add(&mut self, at: DateTime<Utc>, task: Task) {
        if self.opening <= at && at <= self.end {
            self.tasks.insert((at, self.added), task);
            self.added = self.added.saturating_add(1);
        }
    }

    /// Takes the first task. Tasks of the same time are in the order in which they were added.
    pub fn take_first(&mut self) -> Option<(DateTime<Utc>, Task)> {
        self.tasks.pop_first().map(|((at, _), task)| (at, task))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;

    #[test]
    fn tasks_come_in_the_order_of_their_times_and_none_is_later_than_the_present() {
        let opening = DateTime::UNIX_EPOCH;
        let hour = |hours| opening + Duration::hours(hours);
        let mut agenda = Agenda::new(opening, hour(3));
        for (at, task) in [
            (hour(2), Task::Join),
            (hour(4), Task::SellOut),
            (hour(1), Task::Spoil),
            (hour(2), Task::OpenCount),
            (hour(-1), Task::RaisePrice),
        ] {
            agenda.add(at, task);
        }
        let mut done = Vec::new();
        while let Some((at, task)) = agenda.take_first() {
            done.push(((at - opening).num_hours(), format!("{task:?}")));
        }
        assert_eq!(done, [(1, "Spoil".to_owned()), (2, "Join".to_owned()), (2, "OpenCount".to_owned())]);
    }
}
