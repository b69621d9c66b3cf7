//! A waiting list for each caller before a shared queue, so that many requests of one caller do not delay the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Failure;
use crate::kernel::current_request::{Caller, Wait};

/// The waiting lists of all callers. A list exists while its caller has requests, so the memory is bounded by their
/// number.
pub struct WaitingLists {
    /// The requests of one caller that have left its list at the same time.
    permits: usize,
    /// The requests of one caller that wait in its list.
    length: usize,
    lists: Mutex<HashMap<Caller, WaitingList>>,
}

struct WaitingList {
    permits: Arc<Semaphore>,
    /// The requests that wait in the list, and those that have left it and have not ended.
    requests: usize,
}

impl WaitingLists {
    pub fn new(permits: usize, length: usize) -> Arc<Self> {
        Arc::new(Self { permits, length, lists: Mutex::default() })
    }

    /// Adds a request to its caller's list, if the list is not full.
    pub fn join(self: &Arc<Self>, caller: Caller) -> Result<ListedRequest, Failure> {
        let mut lists = self.lists();
        let requests = lists.get(&caller).map_or(0, |list| list.requests);
        if requests >= self.permits.saturating_add(self.length) {
            return Err(Failure::QueueFull);
        }
        let new_list = || WaitingList { permits: Arc::new(Semaphore::new(self.permits)), requests };
        let list = lists.entry(caller.clone()).or_insert_with(new_list);
        list.requests = list.requests.saturating_add(1);
        let permits = Arc::clone(&list.permits);
        Ok(ListedRequest { lists: Arc::clone(self), caller, permits })
    }

    fn remove_one(&self, caller: &Caller) {
        let mut lists = self.lists();
        let Some(list) = lists.get_mut(caller) else { return };
        list.requests = list.requests.saturating_sub(1);
        if list.requests == 0 {
            lists.remove(caller);
        }
    }

    fn lists(&self) -> MutexGuard<'_, HashMap<Caller, WaitingList>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.lists().is_empty()
    }
}

/// A request that waits in its caller's list, or has left it. Its drop removes the request.
pub struct ListedRequest {
    lists: Arc<WaitingLists>,
    caller: Caller,
    /// A request leaves its list by one of these permits.
    pub permits: Arc<Semaphore>,
}

impl Drop for ListedRequest {
    fn drop(&mut self) {
        self.lists.remove_one(&self.caller);
    }
}

/// Takes a permit at once if one is free. Otherwise takes a slot, and waits for a permit.
pub async fn acquire<S>(
    permits: &Arc<Semaphore>,
    slot: impl FnOnce() -> Result<S, Failure>,
    wait: &Wait,
) -> Result<OwnedSemaphorePermit, Failure> {
    if let Ok(permit) = Arc::clone(permits).try_acquire_owned() {
        return Ok(permit);
    }
    let _slot = slot()?;
    wait.on(Arc::clone(permits).acquire_owned()).await.and_then(Result::ok).ok_or(Failure::QueueFull)
}
