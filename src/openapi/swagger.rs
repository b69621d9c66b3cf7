//! The Swagger page, and the redirects to it. Its files are part of the program, so that it needs no network.

use std::sync::LazyLock;

use actix_web::http::header::{self, Encoding, Header};
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::entry_points::{self, EntryPoints};
use crate::error::{ApiError, Code};
use crate::http::methods::only_get;

// The names of the files, and their bytes compressed by gzip.
include!(concat!(env!("OUT_DIR"), "/swagger_files.rs"));

/// Signs in, renews the access token, and configures the page.
const INITIALIZER: &str = include_str!("swagger.js");

/// Mounts the page under `/docs`, and `/`.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(only_get("/", web::get().to(root)))
        // The target is not /docs/, because that is the same route and would redirect to itself.
        .service(web::redirect("/docs", "/docs/index.html"))
        .service(only_get("/docs/swagger-initializer.js", web::get().to(initializer)))
        .service(only_get("/docs/{file:.*}", web::get().to(file)));
}

/// A file of the page, compressed for clients that accept it.
async fn file(path: Path<String>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let found = FILES.iter().position(|(name, _)| *name == path.as_str());
    let packed = found.and_then(|index| FILES.get(index)).map(|(_, packed)| *packed);
    let plain = found.and_then(|index| PLAIN.get(index));
    let (Some(packed), Some(plain)) = (packed, plain) else {
        return Err(ApiError::new(Code::NotFound, "There is nothing at this path."));
    };
    let mut response = HttpResponse::Ok();
    response.content_type(content_type(&path)).insert_header((header::VARY, header::ACCEPT_ENCODING.as_str()));
    Ok(match accepts_gzip(&request) {
        true => response.insert_header(header::ContentEncoding::Gzip).body(Bytes::from_static(packed)),
        false => response.body(plain.clone()),
    })
}

/// The files without compression, for other clients. Only the first such request unpacks them.
static PLAIN: LazyLock<Vec<Bytes>> = LazyLock::new(|| FILES.iter().map(|(_, packed)| unpack(packed)).collect());

/// `build.rs` has written the header of 10 bytes and the trailer of 8 bytes.
fn unpack(packed: &[u8]) -> Bytes {
    let deflated = packed.get(10..packed.len().saturating_sub(8)).unwrap_or_default();
    miniz_oxide::inflate::decompress_to_vec(deflated).unwrap_or_default().into()
}

fn accepts_gzip(request: &HttpRequest) -> bool {
    let accepted = header::AcceptEncoding::parse(request).ok();
    accepted.and_then(|accepted| accepted.negotiate([Encoding::gzip()].iter())) == Some(Encoding::gzip())
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "image/png",
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
