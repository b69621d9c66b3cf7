//! A line for each caller before a shared queue, so that many requests of one caller do not delay the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Failure;
use crate::kernel::current_request::{Caller, Wait};

/// The lines of all callers. A line exists while it has requests, so the memory is bounded by their number.
pub struct Lines {
    /// The requests of one caller that are past its line at the same time.
    permits: usize,
    /// The requests of one caller that wait in its line.
    length: usize,
    lines: Mutex<HashMap<Caller, Line>>,
}

struct Line {
    permits: Arc<Semaphore>,
    /// The requests in the line and past it.
    requests: usize,
}

impl Lines {
    pub fn new(permits: usize, length: usize) -> Arc<Self> {
        Arc::new(Self { permits, length, lines: Mutex::default() })
    }

    /// Adds a request to its caller's line, if the line is not full.
    pub fn join(self: &Arc<Self>, caller: Caller) -> Result<InLine, Failure> {
        let mut lines = self.lines();
        let requests = lines.get(&caller).map_or(0, |line| line.requests);
        if requests >= self.permits.saturating_add(self.length) {
            return Err(Failure::QueueFull);
        }
        let new_line = || Line { permits: Arc::new(Semaphore::new(self.permits)), requests };
        let line = lines.entry(caller.clone()).or_insert_with(new_line);
        line.requests = line.requests.saturating_add(1);
        let permits = Arc::clone(&line.permits);
        Ok(InLine { lines: Arc::clone(self), caller, permits })
    }

    fn leave(&self, caller: &Caller) {
        let mut lines = self.lines();
        let Some(line) = lines.get_mut(caller) else { return };
        line.requests = line.requests.saturating_sub(1);
        if line.requests == 0 {
            lines.remove(caller);
        }
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<Caller, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.lines().is_empty()
    }
}

/// A request in its caller's line or past it. It leaves on drop.
pub struct InLine {
    lines: Arc<Lines>,
    caller: Caller,
    /// A request is past its line while it has one of these.
    pub permits: Arc<Semaphore>,
}

impl Drop for InLine {
    fn drop(&mut self) {
        self.lines.leave(&self.caller);
    }
}

/// Takes a permit at once. Or takes a slot, and waits for a permit.
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
