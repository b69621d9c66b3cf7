//! The Swagger page, and the redirects to it. Its files are part of the program, so that it needs no network.

use std::borrow::Cow;

use actix_web::http::header;
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use utoipa_swagger_ui::Config;

use super::entry_points::{self, EntryPoints};
use crate::error::{ApiError, Code};
use crate::http::methods::only_get;

/// Signs in, renews the access token, and configures the page.
const INITIALIZER: &str = include_str!("swagger.js");

/// Mounts the page under `/docs`, and `/`.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(only_get("/", web::get().to(root)))
        // The target is not /docs/, because that is the same route and would redirect to itself.
        .service(web::redirect("/docs", "/docs/index.html"))
        .service(only_get("/docs/swagger-initializer.js", web::get().to(initializer)))
        .app_data(Data::new(Config::from("/openapi.json")))
        .service(only_get("/docs/{file:.*}", web::get().to(file)));
}

/// A file of the page. It is sent from where the program has it: the library's own handler would copy it.
async fn file(path: Path<String>, config: Data<Config<'static>>) -> Result<HttpResponse, ApiError> {
    let file = utoipa_swagger_ui::serve(&path, config.into_inner()).ok().flatten();
    let file = file.ok_or_else(|| ApiError::new(Code::NotFound, "There is nothing at this path."))?;
    let bytes = match file.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    };
    Ok(HttpResponse::Ok().content_type(file.content_type).body(bytes))
}

/// Redirects browsers to the page. Other clients get the entry points.
async fn root(request: HttpRequest, entry_points: Data<EntryPoints>) -> HttpResponse {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("text/html")) {
        return HttpResponse::Found()
            .insert_header((header::LOCATION, "/docs/"))
            .insert_header((header::VARY, "Accept"))
            .finish();
    }
    let mut response = entry_points::show(entry_points).await;
    response.headers_mut().insert(header::VARY, header::HeaderValue::from_static("Accept"));
    response
}

async fn initializer() -> HttpResponse {
    HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(INITIALIZER)
}
