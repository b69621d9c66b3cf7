//! Abandons work whose statement the database does not answer.
//!
//! A thread that waits in libpq can't be woken: the connection may have gone silent without a sign, or the
//! server may be frozen. Its request is answered nevertheless, its permit and its slot in the pool are given back, and
//! when the thread wakes up it finds that it was abandoned: it commits nothing, rolls back, and closes its connection.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::Failure;
use super::pool::PoolSlot;
use super::queue::ConnectionPermit;
use super::tx::Mode;

/// The interval at which the watchdog looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// If a look is this late, the whole process was paused. Then no work counts as silent.
const HELD_UP: Duration = Duration::from_secs(2);

thread_local! {
    /// The work that this thread does.
    static CURRENT: RefCell<Option<Arc<Work>>> = const { RefCell::new(None) };
}

/// All work on database connections that has not ended.
pub(super) struct Watchdog {
    works: Mutex<Vec<Weak<Work>>>,
    /// Abandoned threads whose permits are given back; those of further ones stay with them.
    most_abandoned: usize,
}

/// Work on one thread.
pub(super) struct Work {
    state: Mutex<State>,
    /// Answers the requests of the work.
    abandon: Box<dyn Fn(Failure) + Send + Sync>,
}

struct State {
    permit: Option<ConnectionPermit>,
    mode: Mode,
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
    /// Watches until it is dropped. `on_abandon` is called after a look that abandoned something.
    pub(super) fn start(most_abandoned: usize, on_abandon: impl Fn(&Failure) + Send + 'static) -> Arc<Self> {
        let watchdog = Arc::new(Self { works: Mutex::default(), most_abandoned });
        let watched = Arc::downgrade(&watchdog);
        let spawned = std::thread::Builder::new().name("database-watch".to_owned()).spawn(move || {
            let mut last = Instant::now();
            while let Some(watchdog) = watched.upgrade() {
                if last.elapsed() > HELD_UP {
                    watchdog.works().iter().filter_map(Weak::upgrade).for_each(|work| work.note_progress());
                }
                last = Instant::now();
                if let Some(failure) = watchdog.look() {
                    on_abandon(&failure);
                }
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
            mode: Mode::Write,
            started: now,
            progress: now,
            commit_is_open: false,
            stage: Stage::AtWork,
        };
        let work = Arc::new(Work { state: Mutex::new(state), abandon: Box::new(abandon) });
        self.works().push(Arc::downgrade(&work));
        work
    }

    /// Threads whose work was abandoned and that have not ended yet.
    pub(super) fn abandoned(&self) -> usize {
        let works = self.works();
        works.iter().filter_map(Weak::upgrade).filter(|work| work.is_abandoned()).count()
    }

    /// Abandons what is overdue. Returns why, if there was anything.
    fn look(&self) -> Option<Failure> {
        let works: Vec<Arc<Work>> = {
            let mut works = self.works();
            works.retain(|work| work.upgrade().is_some_and(|work| !work.has_ended()));
            works.iter().filter_map(Weak::upgrade).collect()
        };
        let failures: Vec<Failure> = works.iter().filter_map(|work| work.abandon_if_overdue()).collect();
        let abandoned = works.iter().filter(|work| work.is_abandoned());
        abandoned.take(self.most_abandoned).for_each(|work| drop(work.state().permit.take()));
        failures.into_iter().next()
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
        let silent = state.progress.elapsed() > state.mode.silence_limit();
        let too_long = state.started.elapsed() > state.mode.time_limit();
        if state.stage != Stage::AtWork || !(silent || too_long) {
            return None;
        }
        state.stage = Stage::Abandoned;
        let failure = match state.commit_is_open {
            true => Failure::OutcomeUnknown,
            false => Failure::Unavailable("it did not answer in time".to_owned()),
        };
        drop(state);
        (self.abandon)(failure.clone());
        Some(failure)
    }

    fn note_progress(&self) {
        self.state().progress = Instant::now();
    }

    fn is_abandoned(&self) -> bool {
        self.state().stage == Stage::Abandoned
    }

    fn has_ended(&self) -> bool {
        self.state().stage == Stage::Ended
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
        (state.mode, state.progress) = (mode, Instant::now());
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

/// Keeps the slot of a connection with the permit of this thread's work, so that both are given back together. It is
/// refused to abandoned work.
pub(super) fn hold_slot(slot: PoolSlot) -> Result<(), Failure> {
    let held = of_current(|work| {
        let mut state = work.state();
        let at_work = state.stage == Stage::AtWork;
        state.permit.as_mut().filter(|_| at_work).map(|permit| permit.slot = Some(slot)).is_some()
    });
    match held {
        Some(true) => Ok(()),
        Some(false) => Err(too_late()),
        None => Err(Failure::Internal("a connection is used without a permit".to_owned())),
    }
}

/// Takes the slot back. None if the work was abandoned and the slot given back.
pub(super) fn take_slot() -> Option<PoolSlot> {
    of_current(|work| work.state().permit.as_mut().and_then(|permit| permit.slot.take())).flatten()
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
