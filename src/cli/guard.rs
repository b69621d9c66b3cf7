//! Keeps the embedded server running as long as this process needs it.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use stockroom::embedded_postgres::Embedded;

use super::error::CommandError;

const CHECK_INTERVAL: Duration = Duration::from_secs(1);

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
                while stopped.recv_timeout(CHECK_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    monitor(&watched);
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

fn monitor(embedded: &Embedded) {
    match embedded.ensure_running() {
        Ok(false) => {}
        Ok(true) => log::warn!("the embedded PostgreSQL had stopped and was restarted"),
        Err(error) => log::error!(error:% = error; "the embedded PostgreSQL can't be restarted"),
    }
}
