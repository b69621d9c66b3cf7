//! The id of the request that is being worked on, for every line that is logged meanwhile.

use std::future::Future;
use std::sync::Arc;

tokio::task_local! {
    static CURRENT: Arc<str>;
}

/// Runs the work of a request.
pub async fn scope<F: Future>(id: Arc<str>, work: F) -> F::Output {
    CURRENT.scope(id, work).await
}

/// The request that this thread works on at the moment.
#[must_use]
pub fn current() -> Option<Arc<str>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// The same work, for a thread that has no request of its own: it takes the caller's along.
pub fn carried<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let id = current();
    move || match id {
        Some(id) => CURRENT.sync_scope(id, work),
        None => work(),
    }
}
