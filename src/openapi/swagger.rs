//! The Swagger page, and the redirects to it. Its files are part of the program, so that it needs no network.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::entry_points::{self, EntryPoints};
use crate::error::{ApiError, Code};
use crate::http::embedded_files::{ASK_AGAIN, EmbeddedFiles};
use crate::http::methods::only_get;

// The names of the files, and their bytes compressed by gzip.
include!(concat!(env!("OUT_DIR"), "/swagger_files.rs"));

static PAGE: LazyLock<EmbeddedFiles> = LazyLock::new(|| EmbeddedFiles::new(&FILES));

/// Signs in, renews the access token, and configures the page.
const INITIALIZER: &str = include_str!("swagger.js");

/// Mounts the page under `/docs`, and `/`.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(only_get("/", web::get().to(root)))
        .service(only_get("/docs", web::get().to(folder)))
        .service(only_get("/docs/swagger-initializer.js", web::get().to(initializer)))
        .service(only_get("/docs/{file:.*}", web::get().to(file)));
}

/// Redirects to the page. The target is not /docs/, because that is the same route and would redirect to itself.
async fn folder() -> HttpResponse {
    HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, "/docs/index.html")).finish()
}

async fn file(path: Path<String>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    match PAGE.get(&path) {
        Some(file) => Ok(file.respond(&request, ASK_AGAIN)),
        None => Err(ApiError::new(Code::NotFound, "There is nothing at this path.")),
    }
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
