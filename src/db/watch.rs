//! Abandons work whose statement the database does not answer.
//!
//! A connection may have gone silent without a sign, or the server may be frozen. The request is then answered, and
//! the socket of the connection is shut down. So the thread wakes up from its wait in libpq. It finds that its work was
//! abandoned: it commits nothing, closes its connection, and gives its permit back.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::Failure;
use super::queue::ConnectionPermit;
use super::socket::Socket;
use super::tx::Mode;

/// The interval at which the watchdog looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// If a look is this late, the whole process was paused. Then no work counts as silent.
const HELD_UP: Duration = Duration::from_secs(2);

thread_local! {
    /// The work that this thread does.
    static CURRENT: RefCell<Option<Arc<Work>>> = const { RefCell::new(None) };
}

/// The least time for which an answer is awaited during an outage: longer than any wait for a lock.
const LEAST_SILENCE: Duration = Duration::from_millis(2_500);

/// All work on database connections that has not ended.
pub(super) struct Watchdog {
    works: Mutex<Vec<Weak<Work>>>,
}

/// Work on one thread.
pub(super) struct Work {
    state: Mutex<State>,
    /// Answers the requests of the work.
    abandon: Box<dyn Fn(Failure) + Send + Sync>,
}

struct State {
    /// Given back when the work ends.
    permit: Option<ConnectionPermit>,
    /// That of the connection that is used at the moment.
    socket: Option<Socket>,
    mode: Mode,
    /// The time for which an answer to a statement is awaited.
    silence_limit: Duration,
    started: Instant,
    /// When it last sent something to the database.
    progress: Instant,
    /// A COMMIT was sent, and its answer is not known.
    commit_is_open: bool,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    AtWork,
    Abandoned,
    Ended,
}

impl Watchdog {
    /// Watches until it is dropped. `on_abandon` is called after a look that abandoned something, before the requests of
    /// that work are answered.
    pub(super) fn start(on_abandon: impl Fn(&Failure) + Send + 'static) -> Arc<Self> {
        let watchdog = Arc::new(Self { works: Mutex::default() });
        let watched = Arc::downgrade(&watchdog);
        let spawned = std::thread::Builder::new().name("database-watch".to_owned()).spawn(move || {
            let mut last = Instant::now();
            while let Some(watchdog) = watched.upgrade() {
                if last.elapsed() > HELD_UP {
                    watchdog.works().iter().filter_map(Weak::upgrade).for_each(|work| work.note_progress());
                }
                last = Instant::now();
                watchdog.look(&on_abandon);
                drop(watchdog);
                std::thread::sleep(LOOK_EVERY);
            }
        });
        if let Err(error) = spawned {
            log::error!(error:% = error; "silent database connections will not be noticed");
        }
        watchdog
    }

    /// Begins to watch work that is about to start. `abandon` may be called once.
    pub(super) fn watch(
        &self,
        permit: ConnectionPermit,
        abandon: impl Fn(Failure) + Send + Sync + 'static,
    ) -> Arc<Work> {
        let now = Instant::now();
        let state = State {
            permit: Some(permit),
            socket: None,
            mode: Mode::Write,
            silence_limit: Mode::Write.silence_limit(),
            started: now,
            progress: now,
            commit_is_open: false,
            stage: Stage::AtWork,
        };
        let work = Arc::new(Work { state: Mutex::new(state), abandon: Box::new(abandon) });
        self.works().push(Arc::downgrade(&work));
        work
    }

    /// Abandons what is overdue. An answer lets the next work begin, so `on_abandon` is called before the first one.
    fn look(&self, on_abandon: &impl Fn(&Failure)) {
        let works: Vec<Arc<Work>> = {
            let mut works = self.works();
            works.retain(|work| work.upgrade().is_some_and(|work| work.is_at_work()));
            works.iter().filter_map(Weak::upgrade).collect()
        };
        let abandoned: Vec<(&Arc<Work>, Failure)> =
            works.iter().filter_map(|work| Some((work, work.abandon_if_overdue()?))).collect();
        if let Some((_, failure)) = abandoned.first() {
            on_abandon(failure);
        }
        for (work, failure) in abandoned {
            work.answer_abandoned(failure);
        }
    }

    fn works(&self) -> MutexGuard<'_, Vec<Weak<Work>>> {
        self.works.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work {
    /// Does the work on this thread. None if it was abandoned meanwhile, and others have been answered for it.
    pub(super) fn run<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> Option<T> {
        let _current = Current::enter(self);
        let done = work();
        let mut state = self.state();
        let in_time = state.stage == Stage::AtWork;
        state.stage = Stage::Ended;
        // The next one need not wait until this one is answered.
        let permit = state.permit.take();
        drop(state);
        drop(permit);
        in_time.then_some(done)
    }

    fn abandon_if_overdue(&self) -> Option<Failure> {
        let mut state = self.state();
        let silent = state.progress.elapsed() > state.silence_limit;
        let too_long = state.started.elapsed() > state.mode.time_limit();
        if state.stage != Stage::AtWork || !(silent || too_long) {
            return None;
        }
        state.stage = Stage::Abandoned;
        Some(match state.commit_is_open {
            true => Failure::OutcomeUnknown,
            false => Failure::Unavailable("it did not answer in time".to_owned()),
        })
    }

    /// Answers the requests of abandoned work, and wakes its thread.
    fn answer_abandoned(&self, failure: Failure) {
        (self.abandon)(failure);
        let socket = self.state().socket.take();
        if let Some(socket) = socket {
            socket.shut_down();
        }
    }

    fn note_progress(&self) {
        self.state().progress = Instant::now();
    }

    fn is_abandoned(&self) -> bool {
        self.state().stage == Stage::Abandoned
    }

    fn is_at_work(&self) -> bool {
        self.state().stage == Stage::AtWork
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sets the current work of this thread. Its drop ends that.
struct Current;

impl Current {
    fn enter(work: &Arc<Work>) -> Self {
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
pub(super) fn begin(mode: Mode) {
    of_current(|work| {
        let mut state = work.state();
        (state.mode, state.silence_limit, state.progress) = (mode, mode.silence_limit(), Instant::now());
    });
}

/// Limits the silence of this thread's work to the rest of its request's wait. During an outage, the request may have
/// waited for another silent connection before. Reports take their time.
pub(super) fn hurry() {
    of_current(|work| {
        let mut state = work.state();
        let until = state.permit.as_ref().map(|permit| permit.connect_until);
        if let Some(until) = until.filter(|_| state.mode != Mode::Report) {
            let rest = until.saturating_duration_since(Instant::now()).max(LEAST_SILENCE);
            state.silence_limit = state.silence_limit.min(rest);
        }
    });
}

/// Notes that this thread sends a statement.
pub(super) fn note_statement() {
    of_current(Work::note_progress);
}

/// True if the work of this thread was abandoned.
pub(super) fn is_abandoned() -> bool {
    of_current(Work::is_abandoned).unwrap_or(false)
}

/// Refuses the work of this thread if it was abandoned. Its requests have been answered, so every further failure is a
/// part of that outage.
pub(super) fn refuse_if_abandoned() -> Result<(), Failure> {
    if is_abandoned() { Err(too_late()) } else { Ok(()) }
}

fn too_late() -> Failure {
    Failure::Unavailable("it answered too late".to_owned())
}

/// Until when this thread may try to connect for the first time.
pub(super) fn connect_until() -> Option<Instant> {
    of_current(|work| work.state().permit.as_ref().map(|permit| permit.connect_until)).flatten()
}

/// Begins the use of a connection with this socket. It is refused to abandoned work.
pub(super) fn begin_use(socket: Option<Socket>) -> Result<(), Failure> {
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

/// Ends the use of a connection. True if the work was abandoned. The socket may then be shut down at any time.
pub(super) fn end_use() -> bool {
    let was_abandoned = of_current(|work| {
        let mut state = work.state();
        state.socket = None;
        state.stage == Stage::Abandoned
    });
    was_abandoned.unwrap_or(false)
}

/// Asks for permission to send COMMIT. From here on the outcome of abandoned work is unknown.
pub(super) fn begin_commit() -> Result<(), Failure> {
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

/// Notes that it is known what became of the COMMIT.
pub(super) fn end_commit() {
    of_current(|work| work.state().commit_is_open = false);
}

#[cfg(test)]
mod tests;
