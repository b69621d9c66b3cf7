//! Starts accepted connections in turns of their clients.
//!
//! The framework starts connections in the order in which they were accepted. A client that opens thousands of them would
//! delay those of others by seconds. So each connection waits here for its turn. Few of them start before the requests
//! in progress go on, and each of these is of another client, if there are several.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::{Either, select};
use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::activity::Activity;
use super::linger::until_closed;

/// The connections of a thread that start before its other tasks go on.
const STARTED_TOGETHER: usize = 32;

/// The connections of a thread that wait for their turn.
#[derive(Clone, Default)]
pub struct Turns(Rc<RefCell<Waiting>>);

#[derive(Default)]
struct Waiting {
    of_clients: HashMap<Arc<str>, VecDeque<oneshot::Sender<()>>>,
    /// The clients with waiting connections.
    order: VecDeque<Arc<str>>,
    /// True while a task starts the connections.
    is_started: bool,
}

impl Turns {
    /// Waits for the turn of a connection. False if the registry closes it before.
    pub async fn wait(&self, activity: &Activity) -> bool {
        let turn = self.enter(activity.client());
        matches!(select(turn, pin!(until_closed(activity))).await, Either::Left(_))
    }

    fn enter(&self, client: Arc<str>) -> oneshot::Receiver<()> {
        let (sender, turn) = oneshot::channel();
        let mut waiting = self.0.borrow_mut();
        waiting.add(client, sender);
        if !std::mem::replace(&mut waiting.is_started, true) {
            actix_web::rt::spawn(self.clone().start());
        }
        turn
    }

    /// Starts the connections until none waits.
    async fn start(self) {
        while self.start_some() {
            yield_now().await;
        }
    }

    /// Returns false if none waits any more.
    fn start_some(&self) -> bool {
        let mut waiting = self.0.borrow_mut();
        let mut started = 0;
        while started < STARTED_TOGETHER {
            let Some(turn) = waiting.next() else {
                waiting.is_started = false;
                return false;
            };
            // A connection that was closed meanwhile needs no turn.
            started = started.saturating_add(usize::from(turn.send(()).is_ok()));
        }
        true
    }
}

impl Waiting {
    fn add(&mut self, client: Arc<str>, turn: oneshot::Sender<()>) {
        let of_client = self.of_clients.entry(Arc::clone(&client)).or_default();
        if of_client.is_empty() {
            self.order.push_back(client);
        }
        of_client.push_back(turn);
    }

    /// Takes the oldest connection of the next client.
    fn next(&mut self) -> Option<oneshot::Sender<()>> {
        let client = self.order.pop_front()?;
        let of_client = self.of_clients.get_mut(&client)?;
        let turn = of_client.pop_front();
        if of_client.is_empty() {
            self.of_clients.remove(&client);
        } else {
            self.order.push_back(client);
        }
        turn
    }
}

#[cfg(test)]
mod tests {
    use actix_web::rt::System;

    use super::*;
    use crate::http::connection::phase::Phase;

    #[test]
    fn a_client_does_not_wait_for_the_connections_of_another_one() {
        System::new().block_on(async {
            let turns = Turns::default();
            let mut flood: Vec<_> = (0..1_000).map(|_| turns.enter(Arc::from("192.0.2.9"))).collect();
            let mut others: Vec<_> =
                (0..10).map(|number| turns.enter(Arc::from(format!("192.0.2.{}", number % 5)))).collect();
            assert!(turns.start_some());
            assert!(others.iter_mut().all(|turn| turn.try_recv().is_ok()), "the others wait");
            let mut rest = flood.split_off(STARTED_TOGETHER - 10);
            assert!(flood.iter_mut().all(|turn| turn.try_recv().is_ok()), "the oldest ones start");
            assert!(rest.iter_mut().all(|turn| turn.try_recv().is_err()), "too many start");
            while turns.start_some() {}
            assert!(rest.iter_mut().all(|turn| turn.try_recv().is_ok()), "all of them start in the end");
            assert!(turns.0.borrow().of_clients.is_empty() && turns.0.borrow().order.is_empty());
        });
    }

    #[test]
    fn a_connection_that_is_closed_before_its_turn_does_not_start() {
        System::new().block_on(async {
            let turns = Turns::default();
            let activity = Activity::new(None, 1);
            assert!(turns.wait(&activity).await);
            activity.end(Phase::Displaced, 1);
            let closed = Turns::default();
            closed.0.borrow_mut().is_started = true;
            assert!(!closed.wait(&activity).await);
            assert!(!closed.start_some(), "its turn is passed over");
        });
    }
}
