//! The allowed methods of a path.

use actix_web::http::Method;
use actix_web::{Resource, Route, web};

use crate::error::ApiError;

/// A path with its routes. Any other method gets 405 with the allowed methods.
pub fn only(path: &str, routes: impl IntoIterator<Item = Route>, methods: &[Method]) -> Resource {
    let resource = routes.into_iter().fold(web::resource(path), Resource::route);
    let allow = allow(methods);
    resource.default_service(web::to(move || {
        let refusal = ApiError::method_not_allowed(allow.clone());
        async move { Err::<&'static str, _>(refusal) }
    }))
}

/// A path with GET only.
pub fn only_get(path: &str, route: Route) -> Resource {
    only(path, [route], &[Method::GET])
}

/// HEAD is allowed wherever GET is. The application handles it as GET, and the body is not sent.
fn allow(methods: &[Method]) -> String {
    let names = methods.iter().flat_map(|method| match *method {
        Method::GET => vec!["GET", "HEAD"],
        _ => vec![method.as_str()],
    });
    names.collect::<Vec<_>>().join(", ")
}
