//! The Swagger page, and what leads to it. Its files are built in, so that it needs no network.

use actix_web::http::header;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::entry_points::{self, EntryPoints};
use crate::http::methods::only_get;

const CSS: &str = "text/css; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const PNG: &str = "image/png";

/// The page, with each file's name, type and content. `swagger.js` signs in, renews the access token, and sets the
/// page up; what is in the folder is Swagger UI itself.
const FILES: [(&str, &str, &[u8]); 7] = [
    ("index.html", HTML, include_bytes!("swagger.html")),
    ("swagger-initializer.js", JAVASCRIPT, include_bytes!("swagger.js")),
    ("swagger-ui-bundle.js", JAVASCRIPT, include_bytes!("swagger-ui/swagger-ui-bundle.js")),
    ("swagger-ui.css", CSS, include_bytes!("swagger-ui/swagger-ui.css")),
    ("index.css", CSS, include_bytes!("swagger-ui/index.css")),
    ("favicon-16x16.png", PNG, include_bytes!("swagger-ui/favicon-16x16.png")),
    ("favicon-32x32.png", PNG, include_bytes!("swagger-ui/favicon-32x32.png")),
];

/// Mounts the page under `/docs`, and `/`.
pub fn configure(config: &mut ServiceConfig) {
    // The page names its files from its own path, so that this must be the same for everybody.
    config.service(only_get("/", web::get().to(root))).service(web::redirect("/docs", "/docs/index.html"));
    for (name, content_type, content) in FILES {
        let show =
            move || async move { HttpResponse::Ok().content_type(content_type).body(Bytes::from_static(content)) };
        config.service(only_get(&format!("/docs/{name}"), web::get().to(show)));
    }
}

/// Leads browsers to the page. Programs get the entry points.
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
