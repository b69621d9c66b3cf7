//! What a known path answers to a method that it does not take.

use actix_web::{Resource, Route, web};

use crate::error::ApiError;

/// A path with its routes. Any other method is 405, with those that are allowed.
pub fn only(path: &str, routes: impl IntoIterator<Item = Route>, allow: String) -> Resource {
    let resource = routes.into_iter().fold(web::resource(path), Resource::route);
    resource.default_service(web::to(move || {
        let refusal = ApiError::method_not_allowed(allow.clone());
        async move { Err::<&'static str, _>(refusal) }
    }))
}

/// A path that is only read.
pub fn only_get(path: &str, route: Route) -> Resource {
    only(path, [route], "GET".to_owned())
}
