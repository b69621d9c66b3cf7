//! The page that a mailed link opens. It asks for a new password and sends it with the token of the link.
//!
//! The script and the style are separate files, so that the page works with a strict content security policy.

use std::future::ready;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, REFERRER_POLICY};
use actix_web::web::{self, ServiceConfig};

use crate::accounts::password_reset::PAGE;
use crate::http::methods::only_get;

/// The page and its files: path, content type and text. The page names them by relative paths, so that a proxy may
/// serve them below a path.
const FILES: [(&str, &str, &str); 3] = [
    (PAGE, "text/html; charset=utf-8", include_str!("page.html")),
    ("/password-reset.js", "text/javascript; charset=utf-8", include_str!("page.js")),
    ("/password-reset.css", "text/css; charset=utf-8", include_str!("../../../http/page.css")),
];

/// Mounts the page and its files.
pub fn configure(config: &mut ServiceConfig) {
    for (path, kind, text) in FILES {
        config.service(only_get(path, web::get().to(move || ready(file(kind, text)))));
    }
}

fn file(kind: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .body(text)
}
