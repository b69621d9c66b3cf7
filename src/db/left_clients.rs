//! The waiting requests of clients that send no more.
//!
//! Such a client may be gone, or may have ended only its side of the connection and wait for the answer. TCP shows the
//! same for both. So its request waits like any other, until another request finds the queue full.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::kernel::current_request;

/// The requests in the order in which their clients were seen to send no more.
#[derive(Default)]
pub struct LeftClients(Mutex<VecDeque<oneshot::Sender<()>>>);

impl LeftClients {
    /// Waits until the client of the current request sends no more, and another request needs its slot.
    pub async fn slot_is_needed(&self) {
        current_request::client_left().await;
        let (sender, needed) = oneshot::channel();
        {
            let mut waiting = self.waiting();
            waiting.retain(|sender| !sender.is_closed());
            waiting.push_back(sender);
        }
        let _sender_dropped = needed.await;
    }

    /// Ends the wait of one of these requests. Returns false if there is none.
    pub fn make_room(&self) -> bool {
        let mut waiting = self.waiting();
        while let Some(sender) = waiting.pop_front() {
            if sender.send(()).is_ok() {
                return true;
            }
        }
        false
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<oneshot::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
