//! The work for a request that is done after its response has begun.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use super::{CURRENT, Request, current};

/// The parts of a response that are read after the request has been answered. Each has the whole time of a request to
/// wait, and is refused if the caller's token has ended.
#[derive(Clone)]
pub struct Continuation(Option<Arc<Request>>);

impl Continuation {
    #[must_use]
    pub fn of_current() -> Self {
        Self(current())
    }

    /// Runs the work of one part.
    pub fn run<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        let request = self.0.as_ref().map(|request| Request {
            id: Arc::clone(&request.id),
            caller: Mutex::new(request.caller.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            has_ended: Mutex::new(request.has_ended.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            waited: Mutex::default(),
            client_left: Mutex::default(),
            ending: Mutex::default(),
        });
        async move {
            match request {
                Some(request) => CURRENT.scope(Arc::new(request), work).await,
                None => work.await,
            }
        }
    }
}
