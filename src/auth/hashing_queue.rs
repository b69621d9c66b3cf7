//! The bounded queue before the threads that hash passwords. Each caller has a waiting list of its own before it, as
//! before the database.
//!
//! Callers who have proved that an account is theirs have a share of the queue, and everybody else has another one. At
//! most as many requests of a share as there are threads wait for a thread, and threads take requests in order. So a
//! request waits for few hashes of the other share, no matter how many requests wait there.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::db::Failure;
use crate::db::waiting_lists::{ListedRequest, WaitingLists, acquire};
use crate::kernel::current_request::{Caller, Wait};
use crate::settings::Limits;

/// The caller whose request needs a hash. Its waiting list is that of an account, or of the client's network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashCaller {
    /// Has proved that an account is theirs: by an access token, by a mailed link, or by a sign-in from this address.
    Known(Caller),
    Unknown(Caller),
}

/// Gives out the permits for the threads.
pub(super) struct HashingQueue {
    threads: Arc<Semaphore>,
    known: Share,
    unknown: Share,
    /// The time that a request may wait.
    time: Duration,
}

/// A part of the queue.
struct Share {
    waiting_lists: Arc<WaitingLists>,
    /// The requests that hash or wait for a thread.
    permits: Arc<Semaphore>,
    /// The requests that have left their lists and wait for a permit.
    slots: Arc<Semaphore>,
}

/// The part of the queue that the waiting requests of one caller may have.
const CALLERS_PART: usize = 8;

impl Share {
    fn new(threads: usize, length: usize) -> Self {
        // One request of each caller may leave its list, because a hash takes all of a processor.
        let waiting_lists = WaitingLists::new(1, length.div_ceil(CALLERS_PART));
        let slots = Semaphore::new(length.min(Semaphore::MAX_PERMITS));
        Self { waiting_lists, permits: Arc::new(Semaphore::new(threads)), slots: Arc::new(slots) }
    }
}

impl HashingQueue {
    pub(super) fn new(threads: usize, limits: &Limits) -> Self {
        Self {
            threads: Arc::new(Semaphore::new(threads)),
            known: Share::new(threads, limits.queue_length),
            unknown: Share::new(threads, limits.queue_length),
            time: Duration::from_millis(limits.queue_ms),
        }
    }

    /// A permit at once, or after a wait.
    pub(super) async fn permit(&self, caller: HashCaller) -> Result<HashingPermit, Failure> {
        let wait = Wait::begin(self.time);
        let (share, caller) = match caller {
            HashCaller::Known(caller) => (&self.known, caller),
            HashCaller::Unknown(caller) => (&self.unknown, caller),
        };
        self.wait_in(share, caller, &wait).await.map_err(|_full| Failure::HashingQueueFull)
    }

    async fn wait_in(&self, share: &Share, caller: Caller, wait: &Wait) -> Result<HashingPermit, Failure> {
        let listed = share.waiting_lists.join(caller)?;
        let leave_permit = acquire(&listed.permits, || Ok(()), wait).await?;
        let slot = || Arc::clone(&share.slots).try_acquire_owned().map_err(|_none_left| Failure::QueueFull);
        let permit = acquire(&share.permits, slot, wait).await?;
        let thread = acquire(&self.threads, || Ok(()), wait).await?;
        Ok(HashingPermit { _permits: [thread, permit, leave_permit], _listed: listed })
    }
}

/// The right to hash on one thread, given back on drop.
pub(super) struct HashingPermit {
    _permits: [OwnedSemaphorePermit; 3],
    _listed: ListedRequest,
}

#[cfg(test)]
mod tests;
