//! The request that a task or a thread works on: its id for the log, its caller with the check of its token, the time
//! that it has waited, and the departure of its client.

use std::future::{Future, pending};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::{PgConnection, QueryResult};
use tokio::sync::watch;
use tokio::time::Instant;

use super::id::UserId;

mod continuation;

pub use continuation::Continuation;

tokio::task_local! {
    static CURRENT: Arc<Request>;
}

/// The sender of a request, as the queues distinguish senders.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    Account(UserId),
    /// The client's address, for requests without a valid token. It has the form of the keys of rate limits.
    Address(Arc<str>),
}

/// Returns true if the token of a request has been ended since the request was admitted.
pub type HasEnded = Arc<dyn Fn(&mut PgConnection) -> QueryResult<bool> + Send + Sync>;

struct Request {
    id: Arc<str>,
    caller: Mutex<Caller>,
    has_ended: Mutex<Option<HasEnded>>,
    /// The sum of the waits that have ended.
    waited: Mutex<Duration>,
    /// Becomes true when the client sends no more.
    client_left: Mutex<Option<watch::Receiver<bool>>>,
    /// Becomes true when the connection has to end.
    ending: Mutex<Option<watch::Receiver<bool>>>,
}

/// True if a caller's id may be used in a header and in a line of the log.
#[must_use]
pub fn is_well_formed(id: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    (1..=128).contains(&id.len()) && id.bytes().all(is_word)
}

/// Runs the work of a request.
pub async fn scope<F: Future>(id: Arc<str>, caller: Caller, work: F) -> F::Output {
    let request = Request {
        id,
        caller: Mutex::new(caller),
        has_ended: Mutex::default(),
        waited: Mutex::default(),
        client_left: Mutex::default(),
        ending: Mutex::default(),
    };
    CURRENT.scope(Arc::new(request), work).await
}

/// The id of the request that this thread works on.
#[must_use]
pub fn id() -> Option<Arc<str>> {
    CURRENT.try_with(|request| Arc::clone(&request.id)).ok()
}

/// The caller of the current request. None outside of a request, as in a job.
#[must_use]
pub fn caller() -> Option<Caller> {
    CURRENT.try_with(|request| request.caller.lock().unwrap_or_else(PoisonError::into_inner).clone()).ok()
}

/// Sets the account of the current request, as soon as its token was checked. A body may arrive slowly, and a request
/// may wait for the database. So the token is checked again when the work begins.
pub fn set_account(account: UserId, has_ended: HasEnded) {
    let set = |request: &Arc<Request>| {
        *request.caller.lock().unwrap_or_else(PoisonError::into_inner) = Caller::Account(account);
        *request.has_ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(has_ended);
    };
    let _outside_of_a_request = CURRENT.try_with(set);
}

/// The check of the token of the current request. None without a token.
pub fn has_ended() -> Option<HasEnded> {
    CURRENT.try_with(|request| request.has_ended.lock().unwrap_or_else(PoisonError::into_inner).clone()).ok().flatten()
}

/// Runs work that completes a committed change. It goes on if the caller's token ends meanwhile.
pub async fn complete<F: Future>(work: F) -> F::Output {
    let Some(request) = current() else { return work.await };
    let caller = request.caller.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let waited = Mutex::new(*request.waited());
    let id = Arc::clone(&request.id);
    let (caller, has_ended) = (Mutex::new(caller), Mutex::default());
    let rest = Request { id, caller, has_ended, waited, client_left: Mutex::default(), ending: Mutex::default() };
    CURRENT.scope(Arc::new(rest), work).await
}

/// Sets the sign that the client of the current request sends no more. It may be gone, or still wait for the answer.
pub fn set_client_left(client_left: watch::Receiver<bool>) {
    let set = |request: &Arc<Request>| {
        *request.client_left.lock().unwrap_or_else(PoisonError::into_inner) = Some(client_left);
    };
    let _outside_of_a_request = CURRENT.try_with(set);
}

/// Waits until the client of the current request sends no more. Without a client it waits without end.
pub async fn client_left() {
    match current() {
        Some(request) => request.client_left().await,
        None => pending().await,
    }
}

/// Sets the sign that the connection of the current request has to end. A request that only waits for news ends, too.
pub fn set_ending(ending: watch::Receiver<bool>) {
    let set = |request: &Arc<Request>| {
        *request.ending.lock().unwrap_or_else(PoisonError::into_inner) = Some(ending);
    };
    let _outside_of_a_request = CURRENT.try_with(set);
}

/// Waits until the client of the current request sends no more, or until its connection has to end. Without a client it
/// waits without end. A response that is still sent may await it, too.
pub fn connection_ends() -> impl Future<Output = ()> + Send + 'static {
    let request = current();
    async move {
        match request {
            Some(request) => tokio::select! {
                () = request.client_left() => {}
                () = request.ending() => {}
            },
            None => pending().await,
        }
    }
}

/// Wraps work for another thread, so that it belongs to the caller's request.
pub fn carried<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let request = current();
    move || match request {
        Some(request) => CURRENT.sync_scope(request, work),
        None => work(),
    }
}

fn current() -> Option<Arc<Request>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// A wait in a queue. All waits of a request together have one limit. The wait ends when this value is dropped.
pub struct Wait {
    request: Option<Arc<Request>>,
    since: Instant,
    until: Instant,
}

/// A longer limit is the same as none, and might be beyond the last point in time.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Wait {
    /// Begins a wait. Its time is the part of the limit that earlier waits of the request have left.
    #[must_use]
    pub fn begin(limit: Duration) -> Self {
        let (request, since) = (current(), Instant::now());
        let waited = request.as_ref().map_or(Duration::ZERO, |request| *request.waited());
        let until = since.checked_add(limit.min(LONGEST).saturating_sub(waited)).unwrap_or(since);
        Self { request, since, until }
    }

    #[must_use]
    pub fn since(&self) -> Instant {
        self.since
    }

    #[must_use]
    pub fn until(&self) -> Instant {
        self.until
    }

    /// Returns None if the time of the wait is over first.
    pub async fn on<F: Future>(&self, awaited: F) -> Option<F::Output> {
        tokio::time::timeout_at(self.until, awaited).await.ok()
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(request) = &self.request {
            let mut waited = request.waited();
            *waited = waited.saturating_add(self.since.elapsed());
        }
    }
}

impl Request {
    async fn client_left(&self) {
        becomes_true(&self.client_left).await;
    }

    async fn ending(&self) {
        becomes_true(&self.ending).await;
    }

    fn waited(&self) -> std::sync::MutexGuard<'_, Duration> {
        self.waited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn becomes_true(sign: &Mutex<Option<watch::Receiver<bool>>>) {
    let sign = sign.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match sign {
        // The sender exists for as long as the connection.
        Some(mut sign) => drop(sign.wait_for(|is_true| *is_true).await),
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn all_waits_of_a_request_have_one_limit_and_its_work_does_not_count() {
        let caller = Caller::Address("192.0.2.1".into());
        scope("one".into(), caller, async {
            let began = Instant::now();
            Wait::begin(LIMIT).on(tokio::time::sleep(Duration::from_secs(7))).await.unwrap();
            let work = Duration::from_secs(60);
            tokio::time::sleep(work).await;
            assert_eq!(Wait::begin(LIMIT).on(pending::<()>()).await, None);
            assert_eq!(began.elapsed() - work, LIMIT);
            assert_eq!(Wait::begin(LIMIT).on(async { 1 }).await, Some(1), "no wait is needed");
        })
        .await;
        let began = Instant::now();
        assert_eq!(Wait::begin(LIMIT).on(pending::<()>()).await, None);
        assert_eq!(began.elapsed(), LIMIT, "another request has its own limit");
    }
}
