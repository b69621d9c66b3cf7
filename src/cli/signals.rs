//! SIGINT and SIGTERM: the first requests an orderly stop, the second ends the process immediately.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::error::CommandError;

/// The exit code that shells report for a process ended by Ctrl-C.
const ENDED_BY_SIGNAL: i32 = 130;

/// Receives the request to stop, from a signal.
#[derive(Clone)]
pub struct StopSignal(watch::Receiver<bool>);

impl StopSignal {
    /// Starts to listen, on the current runtime.
    pub fn listen() -> Result<Self, CommandError> {
        let listen = |kind| signal(kind).map_err(CommandError::io("listen for signals"));
        let (interrupt, terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
        let (requested, receiver) = watch::channel(false);
        tokio::spawn(pass_on(interrupt, terminate, requested));
        Ok(Self(receiver))
    }

    /// True if a stop was requested.
    pub fn is_received(&self) -> bool {
        *self.0.borrow()
    }

    pub async fn wait(&mut self) {
        if self.0.wait_for(|requested| *requested).await.is_err() {
            log::error!("signals are no longer received");
        }
    }
}

async fn pass_on(mut interrupt: Signal, mut terminate: Signal, requested: watch::Sender<bool>) {
    either(&mut interrupt, &mut terminate).await;
    log::info!("stopping; a second signal ends the process at once");
    requested.send_replace(true);
    either(&mut interrupt, &mut terminate).await;
    std::process::exit(ENDED_BY_SIGNAL);
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
