//! Sees to it that the embedded server runs as long as this process needs it.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use stockroom::embedded_postgres::Embedded;

use super::error::CommandError;

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The embedded server, and the thread that starts it again when it dies.
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
                while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                    look_after(&watched);
                }
            })
            .map_err(CommandError::io("start a thread"))?;
        Ok(Self { embedded, stop, thread })
    }

    /// Gives up the use of the server, and stops it if nobody else uses it.
    pub fn stop(self) -> Result<(), CommandError> {
        let Self { embedded, stop, thread } = self;
        drop(stop);
        if thread.join().is_err() {
            log::error!("the thread that looks after PostgreSQL panicked");
        }
        match Arc::into_inner(embedded) {
            Some(embedded) => Ok(embedded.stop()?),
            None => Ok(()),
        }
    }
}

fn look_after(embedded: &Embedded) {
    match embedded.ensure_running() {
        Ok(false) => {}
        Ok(true) => log::warn!("the embedded PostgreSQL was gone and has been started again"),
        Err(error) => log::error!(error:% = error; "the embedded PostgreSQL can't be started again"),
    }
}
