//! The desk: the admin UI for the staff of a shop, at `/admin/`. `make admin` builds its files from `admin/`, and they are
//! part of the program. A program that was built without them shows a page that says so.
//!
//! The files contain no data of a shop, so they need no sign-in. The UI uses the public API like any other client.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, LOCATION};
use actix_web::middleware::Next;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};

use crate::error::{ApiError, Code};
use crate::http::embedded_files::{ASK_AGAIN, EmbeddedFiles, FOR_EVER, Listed, content_type};
use crate::http::methods::only_get;

// The files of `admin/dist`, or none.
include!(concat!(env!("OUT_DIR"), "/desk_files.rs"));

const ROOT: &str = "/admin";
const PAGE: &str = "index.html";
/// The names of these files change with their content.
const ASSETS: &str = "assets/";

/// The page contains this text where its script finds the nonce.
const NONCE: &str = "__CSP_NONCE__";

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// The camera scans barcodes.
const PERMISSIONS: &str = "camera=(self), geolocation=(), microphone=()";

/// The files of the admin UI.
pub struct Desk {
    page: &'static str,
    files: EmbeddedFiles,
}

impl Desk {
    /// The files that are part of the program.
    pub fn embedded() -> Self {
        Self::new(&FILES)
    }

    /// These files. Without a page among them, the UI has not been built.
    pub fn new(listed: &[Listed]) -> Self {
        let (page, others): (Vec<Listed>, Vec<Listed>) = listed.iter().copied().partition(|(name, _)| *name == PAGE);
        let page = page.first().and_then(|(_, bytes)| str::from_utf8(bytes).ok());
        Self { page: page.unwrap_or(include_str!("not_built.html")), files: EmbeddedFiles::new(&others) }
    }

    /// The page, for every path of the UI. Its nonce is new each time, and allows the styles that its script inserts.
    fn show_page(&self) -> HttpResponse {
        let nonce = hex::encode(rand::random::<[u8; 16]>());
        HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((CONTENT_SECURITY_POLICY, policy(&nonce)))
            .insert_header((PERMISSIONS_POLICY, PERMISSIONS))
            .body(self.page.replace(NONCE, &nonce))
    }
}

/// The page loads content of this server only, and no other page may embed it in a frame. Images may also be made by its
/// script, such as the picture of a barcode.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; \
         font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Mounts the UI under `/admin/`.
pub fn configure(config: &mut ServiceConfig) {
    config.service(only_get(ROOT, web::get().to(root))).service(only_get("/admin/{path:.*}", web::get().to(show)));
}

/// Marks a request for `/admin`, which is redirected.
struct WithoutSlash;

/// Notes the missing slash of `/admin`. It has to run before the slashes at the end of all paths are removed.
pub async fn note_missing_slash<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if request.path() == ROOT {
        request.extensions_mut().insert(WithoutSlash);
    }
    next.call(request).await
}

/// `GET /admin/`. The script finds its own path in the address only if that has the slash.
async fn root(request: HttpRequest, desk: Data<Desk>) -> HttpResponse {
    if request.extensions().contains::<WithoutSlash>() {
        return HttpResponse::PermanentRedirect().insert_header((LOCATION, "/admin/")).finish();
    }
    desk.show_page()
}

/// `GET /admin/…`: a file, or the page for one of the UI's own paths.
async fn show(path: Path<String>, request: HttpRequest, desk: Data<Desk>) -> Result<HttpResponse, ApiError> {
    if let Some(file) = desk.files.get(&path) {
        let cache = if path.starts_with(ASSETS) { FOR_EVER } else { ASK_AGAIN };
        return Ok(file.respond(&request, cache));
    }
    if is_of_page(&path) {
        return Ok(desk.show_page());
    }
    Err(ApiError::new(Code::NotFound, "There is nothing at this path."))
}

/// True if the script of the page decides what it shows at this path. A missing file is not such a path: a browser would
/// read the page as a script.
fn is_of_page(path: &str) -> bool {
    let is_file = path.starts_with(ASSETS) || content_type(path).is_some();
    let is_strange = path.contains(|c: char| c.is_control() || c == '\\') || path.split('/').any(|part| part == "..");
    !is_file && !is_strange
}
