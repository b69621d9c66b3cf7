//! Abandons work whose statement the database does not answer.
//!
//! A connection may have become silent without an error, or the server may be frozen. The request is then answered, and
//! the socket of the connection is shut down. So the thread wakes up from its wait in libpq. It finds that its work was
//! abandoned: it commits nothing, closes its connection, and gives its permit back.

mod current;
mod silence;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::Failure;
use super::backend::Backend;
use super::queue::ConnectionPermit;
use super::socket::Socket;
use super::tx::Mode;
use current::Current;
pub(super) use current::{
    begin, begin_commit, begin_use, connect_until, end_commit, end_use, hurry, is_abandoned, note_backend,
    note_statement, refuse_if_abandoned,
};
use silence::Silence;

/// The interval of the watchdog's checks.
const CHECK_EVERY: Duration = Duration::from_millis(100);

/// If a check is this late, the whole process was paused. Then no work counts as silent.
const HELD_UP: Duration = Duration::from_secs(2);

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
    silence: Silence,
    started: Instant,
    /// The client has disconnected, so nobody needs the result.
    is_left: bool,
    /// A COMMIT was sent, and its answer is not known.
    commit_is_open: bool,
    stage: Stage,
}

/// The reason to ask about a backend.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// It may not work on the statement any more.
    Find,
    /// The client has disconnected.
    Cancel,
}

/// Marks work whose client has disconnected.
pub(super) struct CancelOnDrop(Arc<Work>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.state().is_left = true;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    AtWork,
    Abandoned,
    Ended,
}

impl Watchdog {
    /// Watches until it is dropped. `on_abandon` is called after a check that abandoned work, before the requests of
    /// that work are answered.
    ///
    /// `ask` is called at each check with the works whose backends are in question.
    pub(super) fn start(
        on_abandon: impl Fn(&Failure) + Send + 'static,
        ask: impl Fn(&Arc<Self>, Vec<Arc<Work>>) + Send + 'static,
    ) -> Arc<Self> {
        let watchdog = Arc::new(Self { works: Mutex::default() });
        let watched = Arc::downgrade(&watchdog);
        let spawned = std::thread::Builder::new().name("database-watch".to_owned()).spawn(move || {
            let mut last = Instant::now();
            while let Some(watchdog) = watched.upgrade() {
                if last.elapsed() > HELD_UP {
                    watchdog.works().iter().filter_map(Weak::upgrade).for_each(|work| work.note_progress());
                }
                last = Instant::now();
                let works = watchdog.check(&on_abandon);
                ask(&watchdog, works.into_iter().filter(|work| work.backend_in_question().is_some()).collect());
                drop(watchdog);
                std::thread::sleep(CHECK_EVERY);
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
        let state = State {
            permit: Some(permit),
            socket: None,
            silence: Silence::new(Mode::Write),
            started: Instant::now(),
            is_left: false,
            commit_is_open: false,
            stage: Stage::AtWork,
        };
        let work = Arc::new(Work { state: Mutex::new(state), abandon: Box::new(abandon) });
        self.works().push(Arc::downgrade(&work));
        work
    }

    /// Abandons overdue works. An answer lets the next work begin, so `on_abandon` is called before the first answer.
    /// Returns all works.
    fn check(&self, on_abandon: &impl Fn(&Failure)) -> Vec<Arc<Work>> {
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
        works
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
        // The next request need not wait until this one is answered.
        let permit = state.permit.take();
        drop(state);
        drop(permit);
        in_time.then_some(done)
    }

    fn abandon_if_overdue(&self) -> Option<Failure> {
        let mut state = self.state();
        let too_long = state.started.elapsed() > state.silence.mode.time_limit();
        if state.stage != Stage::AtWork || !(too_long || state.silence.is_over()) {
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
        self.state().silence.note_progress();
    }

    /// Notes that the database works on the statement, or that nothing is known to the contrary.
    pub(super) fn note_seen(&self) {
        self.state().silence.note_seen();
    }

    /// The backend to ask about: its answer is late, or is not needed any more.
    pub(super) fn backend_in_question(&self) -> Option<(Backend, Need)> {
        let state = self.state();
        let (backend, need) = match state.is_left {
            true => (state.silence.backend(), Need::Cancel),
            false => (state.silence.late_backend(), Need::Find),
        };
        backend.filter(|_| state.stage == Stage::AtWork).cloned().map(|backend| (backend, need))
    }

    /// Cancels the work of a report when this value is dropped before the end.
    pub(super) fn cancel_on_drop(self: Arc<Self>) -> CancelOnDrop {
        CancelOnDrop(self)
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

#[cfg(test)]
mod tests;
