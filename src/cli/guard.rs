//! Keeps the embedded server running as long as this process needs it.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use stockroom::embedded_postgres::Embedded;

use super::error::CommandError;

const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// Attempts to restart the server grow apart up to this time, because each one writes to its log.
const LONGEST_INTERVAL: Duration = Duration::from_secs(8);

/// The embedded server, and the thread that restarts it if it dies.
pub struct Guard {
    embedded: Arc<Embedded>,
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Guard {
    pub fn new(embedded: Embedded) -> Result<Self, CommandError> {
        let embedded = Arc::new(embedded);
        let (stop, stopped) = mpsc::channel();
        let watched = Arc::clone(&embedded);
        let thread = thread::Builder::new()
            .name("postgres-guard".to_owned())
            .spawn(move || {
                let mut failed = 0;
                while stopped.recv_timeout(pause_after(failed)) == Err(RecvTimeoutError::Timeout) {
                    failed = monitor(&watched, failed);
                }
            })
            .map_err(CommandError::io("start a thread"))?;
        Ok(Self { embedded, stop, thread })
    }

    /// Releases the server, and stops it if no other process uses it.
    pub fn stop(self) -> Result<(), CommandError> {
        let Self { embedded, stop, thread } = self;
        drop(stop);
        if thread.join().is_err() {
            log::error!("the thread that monitors PostgreSQL panicked");
        }
        match Arc::into_inner(embedded) {
            Some(embedded) => Ok(embedded.stop()?),
            None => Ok(()),
        }
    }
}

/// Restarts the server if it has stopped. Takes and returns the number of attempts that failed since it stopped. The
/// reason is logged once.
fn monitor(embedded: &Embedded, failed: u32) -> u32 {
    match embedded.ensure_running() {
        Ok(false) if failed == 0 => {}
        // Another process may have restarted it.
        Ok(_) => log::warn!(failed_attempts = failed; "the embedded PostgreSQL had stopped and was restarted"),
        Err(error) => {
            if failed == 0 {
                log::error!(error:% = error; "the embedded PostgreSQL can't be restarted");
            }
            return failed.saturating_add(1);
        }
    }
    0
}

fn pause_after(failed: u32) -> Duration {
    CHECK_INTERVAL.saturating_mul(2_u32.saturating_pow(failed)).min(LONGEST_INTERVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_grow_apart_up_to_a_limit() {
        let pauses: Vec<u64> = [0, 1, 2, 3, 4, 1_000].map(|failed| pause_after(failed).as_secs()).into();
        assert_eq!(pauses, [1, 2, 4, 8, 8, 8]);
    }
}
