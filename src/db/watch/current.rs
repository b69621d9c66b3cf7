//! The work that a thread does.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Instant;

use super::{Silence, Stage, Work};
use crate::db::Failure;
use crate::db::backend::Backend;
use crate::db::socket::Socket;
use crate::db::tx::Mode;

thread_local! {
    static CURRENT: RefCell<Option<Arc<Work>>> = const { RefCell::new(None) };
}

/// Sets the current work of this thread, until its drop.
pub(super) struct Current;

impl Current {
    pub(super) fn enter(work: &Arc<Work>) -> Self {
        CURRENT.set(Some(Arc::clone(work)));
        Self
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        CURRENT.set(None);
    }
}

fn of_current<T>(ask: impl FnOnce(&Work) -> T) -> Option<T> {
    CURRENT.with_borrow(|current| current.as_deref().map(ask))
}

/// Sets the time limits of this thread's work, and records its progress.
pub(in crate::db) fn begin(mode: Mode) {
    of_current(|work| work.state().silence = Silence::new(mode));
}

/// Limits the silence of this thread's work to the rest of its request's wait. During an outage, the request may have
/// waited for another silent connection before.
pub(in crate::db) fn hurry() {
    of_current(|work| {
        let mut state = work.state();
        if let Some(until) = state.permit.as_ref().map(|permit| permit.connect_until) {
            state.silence.hurry(until);
        }
    });
}

/// Notes the backend that runs this thread's report.
pub(in crate::db) fn note_backend(backend: Backend) {
    of_current(|work| work.state().silence.note_backend(backend));
}

/// Notes that this thread sends a statement or has got its answer.
pub(in crate::db) fn note_statement() {
    of_current(Work::note_progress);
}

/// True if the work of this thread was abandoned.
pub(in crate::db) fn is_abandoned() -> bool {
    of_current(Work::is_abandoned).unwrap_or(false)
}

/// Refuses the work of this thread if it was abandoned. Its requests have been answered, so every further failure is a
/// part of that outage.
pub(in crate::db) fn refuse_if_abandoned() -> Result<(), Failure> {
    if is_abandoned() { Err(too_late()) } else { Ok(()) }
}

fn too_late() -> Failure {
    Failure::Unavailable("it answered too late".to_owned())
}

/// The time until which this thread may try to connect for the first time.
pub(in crate::db) fn connect_until() -> Option<Instant> {
    of_current(|work| work.state().permit.as_ref().map(|permit| permit.connect_until)).flatten()
}

/// Begins the use of a connection with this socket. It is refused to abandoned work.
pub(in crate::db) fn begin_use(socket: Option<Socket>) -> Result<(), Failure> {
    let begun = of_current(|work| {
        let mut state = work.state();
        let at_work = state.stage == Stage::AtWork;
        state.socket = socket.filter(|_| at_work);
        at_work
    });
    match begun {
        Some(true) => Ok(()),
        Some(false) => Err(too_late()),
        None => Err(Failure::Internal("a connection is used without a permit".to_owned())),
    }
}

/// Ends the use of a connection. Returns true if the work was abandoned. The socket may then be shut down at any time.
pub(in crate::db) fn end_use() -> bool {
    let was_abandoned = of_current(|work| {
        let mut state = work.state();
        state.socket = None;
        state.stage == Stage::Abandoned
    });
    was_abandoned.unwrap_or(false)
}

/// Asks for permission to send COMMIT. From here on the outcome of abandoned work is unknown.
pub(in crate::db) fn begin_commit() -> Result<(), Failure> {
    let leave = of_current(|work| {
        let mut state = work.state();
        let leave = state.stage == Stage::AtWork;
        state.commit_is_open |= leave;
        leave
    });
    match leave {
        Some(false) => Err(too_late()),
        _ => Ok(()),
    }
}

/// Notes that the result of the COMMIT is known.
pub(in crate::db) fn end_commit() {
    of_current(|work| work.state().commit_is_open = false);
}
