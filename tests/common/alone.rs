//! A measurement of the whole process runs while no other server of a test runs in it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The servers that run in this process.
struct Running {
    servers: usize,
    /// The one server is alone, and others wait for its end.
    is_alone: bool,
}

static RUNNING: Mutex<Running> = Mutex::new(Running { servers: 0, is_alone: false });
static CHANGED: Condvar = Condvar::new();

/// The right to run a server in this process, until it is dropped.
pub struct Presence(());

impl Presence {
    /// Waits for the end of a server that is alone.
    pub fn among_others() -> Self {
        Self::enter(|running| !running.is_alone, false)
    }

    /// Waits for the end of all other servers.
    pub fn alone() -> Self {
        Self::enter(|running| running.servers == 0, true)
    }

    fn enter(may_enter: impl Fn(&Running) -> bool, is_alone: bool) -> Self {
        let running = lock();
        let mut running =
            CHANGED.wait_while(running, |running| !may_enter(running)).unwrap_or_else(PoisonError::into_inner);
        running.servers += 1;
        running.is_alone = is_alone;
        Self(())
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut running = lock();
        running.servers -= 1;
        running.is_alone = false;
        CHANGED.notify_all();
    }
}

fn lock() -> MutexGuard<'static, Running> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}
