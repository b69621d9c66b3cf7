//! The id of the current request, for every line that is logged during its work.

use std::sync::Arc;

tokio::task_local! {
    static CURRENT: Arc<str>;
}

/// True if a caller's id may stand in a header and in a line of the log.
pub fn is_well_formed(id: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    (1..=128).contains(&id.len()) && id.bytes().all(is_word)
}

/// Runs the work of a request with its id.
pub async fn scope<F: Future>(id: Arc<str>, work: F) -> F::Output {
    CURRENT.scope(id, work).await
}

/// The id of the request that this thread works on.
pub fn current() -> Option<Arc<str>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Wraps work for another thread, so that it runs with the id of the caller's request.
pub fn carried<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let id = current();
    move || match id {
        Some(id) => CURRENT.sync_scope(id, work),
        None => work(),
    }
}
