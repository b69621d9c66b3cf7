//! The page that a mailed link opens. It asks for a new password and sends it with the token of the link.
//!
//! The script and the style are separate files, so that the page works with a strict content security policy.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, REFERRER_POLICY};
use actix_web::web::{self, ServiceConfig};

use crate::http::methods::only_get;

/// Mounts the page and its files. Their names are relative, so that a proxy may serve them below a path.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(only_get(crate::accounts::password_reset::PAGE, web::get().to(page)))
        .service(only_get("/password-reset.js", web::get().to(script)))
        .service(only_get("/password-reset.css", web::get().to(style)));
}

async fn page() -> HttpResponse {
    file("text/html; charset=utf-8", include_str!("page.html"))
}

async fn script() -> HttpResponse {
    file("text/javascript; charset=utf-8", include_str!("page.js"))
}

async fn style() -> HttpResponse {
    file("text/css; charset=utf-8", include_str!("page.css"))
}

fn file(kind: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .body(text)
}
