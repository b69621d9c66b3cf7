//! Handlers without their types.

use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder};
use futures_util::future::LocalBoxFuture;

/// A handler with its extractors, without their types. So the framework's code around handlers is compiled once.
pub type ErasedHandler = Rc<dyn Fn(HttpRequest, Payload) -> LocalBoxFuture<'static, HttpResponse>>;

/// Extracts the arguments and calls the handler, as the framework does it.
pub fn erase<F, Args>(handler: F) -> ErasedHandler
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Rc::new(move |request, mut payload| {
        let handler = handler.clone();
        Box::pin(async move {
            match Args::from_request(&request, &mut payload).await {
                Ok(arguments) => handler.call(arguments).await.respond_to(&request).map_into_boxed_body(),
                Err(refusal) => HttpResponse::from_error(refusal),
            }
        })
    })
}
