//! The page of the admin UI.

use super::{PAGE, SCRIPT, assert_page, empty_desk, head, nonce_of, start};
use crate::common::{TestApp, json};
use std::io::{Read, Write};
use std::net::TcpStream;

#[test]
fn each_response_has_a_nonce_of_its_own_in_the_page_and_in_the_policy() {
    let app = start();
    let nonces: Vec<String> = (0..3)
        .map(|_| {
            let page = app.root().get("/admin/").expect(200);
            let nonce = nonce_of(&page);
            let policy = format!(
                "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; \
                 font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            );
            assert_eq!(page.header("content-security-policy"), policy);
            assert_eq!(page.text().matches(&format!("\"{nonce}\"")).count(), 2);
            for (name, value) in [
                ("cache-control", "no-store"),
                ("content-type", "text/html; charset=utf-8"),
                ("permissions-policy", "camera=(self), geolocation=(), microphone=()"),
                ("referrer-policy", "no-referrer"),
                ("x-content-type-options", "nosniff"),
            ] {
                assert_eq!(page.header(name), value, "{name}");
            }
            nonce
        })
        .collect();
    assert!(nonces.iter().all(|nonce| nonce.len() == 32), "{nonces:?}");
    assert!(nonces[0] != nonces[1] && nonces[1] != nonces[2] && nonces[0] != nonces[2], "{nonces:?}");
}

#[test]
fn every_path_of_the_ui_opens_its_page() {
    let app = start();
    for path in [
        "/admin/",
        "/admin/orders",
        "/admin/orders/",
        "/admin/orders/ORD-20261121-BDNGQQFRAX?tab=history",
        "/admin/products/7",
        // A name with a dot that is not the ending of a file.
        "/admin/products/tee.red",
        "/admin/reports/sales/top-products",
        "/admin/settings/caf%C3%A9",
    ] {
        assert_page(app.root().get(path));
    }
}

#[test]
fn the_path_without_its_slash_leads_to_the_page() {
    let app = start();
    let redirect = app.root().get("/admin").expect(308);
    assert_eq!(redirect.header("location"), "/admin/");
    assert_eq!(head(&app.root(), "/admin").expect(308).header("location"), "/admin/");
    assert_page(app.root().get(redirect.header("location")));
}

#[test]
fn the_page_needs_no_sign_in() {
    let app = start();
    assert_page(app.customer("mara").under("").get("/admin/"));
    assert_page(app.root().with_token("forged").get("/admin/"));
    assert_page(app.root().with_header("Cookie", "stockroom_session=forged").get("/admin/orders"));
}

#[test]
fn other_methods_are_refused() {
    let app = start();
    for path in ["/admin", "/admin/", "/admin/orders", SCRIPT] {
        for reply in [
            app.root().post(path, &json!({})),
            app.root().put(path, &json!({})),
            app.root().patch(path, &json!({})),
            app.root().delete(path),
        ] {
            assert_eq!(reply.header("allow"), "GET, HEAD", "{}", reply.asked);
            reply.refused(405, "METHOD_NOT_ALLOWED");
        }
    }
    let answer = head(&app.root(), "/admin/orders").expect(200);
    assert!(answer.bytes.is_empty());
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let length = PAGE.len() + 2 * (32 - "__CSP_NONCE__".len());
    assert_eq!(answer.header("content-length"), length.to_string());
}

/// Clients shorten such paths themselves, so these requests are written as bytes.
#[test]
fn paths_that_leave_the_folder_are_not_found() {
    let app = start();
    let address = app.address.trim_start_matches("http://");
    for path in [
        "/admin/..",
        "/admin/../Cargo.toml",
        "/admin/assets/../../../etc/passwd",
        "/admin/%2e%2e/%2e%2e/etc/passwd",
        "/admin/..%2f..%2fetc/passwd",
        "/admin/..%5c..%5cwindows",
        "/admin/%00",
        "/admin/orders%00",
        "/admin/assets/app-1a2b3c.js%00",
        "/admin/licenses.txt%00.html",
        "/admin/assets/%2e%2e/licenses.txt",
        "/admin/index.html",
        "/admin/assets/app-1a2b3c.js.gz",
    ] {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 404 ") && answer.contains("NOT_FOUND"), "{path}: {answer}");
    }
}

#[test]
fn a_program_without_the_ui_shows_how_to_build_it() {
    let app = TestApp::with_desk(empty_desk, |_| ());
    for path in ["/admin/", "/admin/orders/7"] {
        let page = app.root().get(path).expect(200);
        assert!(page.text().contains("make admin"), "{}", page.text());
        assert!(page.text().contains(&format!("<style nonce=\"{}\">", nonce_of(&page))), "{}", page.text());
        assert!(!page.text().contains("__CSP_NONCE__"));
    }
    app.root().get("/admin").expect(308);
    app.root().get(SCRIPT).refused(404, "NOT_FOUND");
    app.root().get(super::LICENSES).refused(404, "NOT_FOUND");
}

/// Whether the program of the tests was built with the UI or without.
#[test]
fn the_page_of_this_program_finds_all_its_files() {
    let app = TestApp::start();
    let page = app.root().get("/admin/").expect(200);
    assert!(page.text().contains(&nonce_of(&page)), "{}", page.text());
    let text = page.text();
    let files: Vec<&str> = text.split("\"/admin/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(text.contains("make admin") != files.iter().any(|file| file.ends_with(".js")), "{text}");
    for file in files {
        let reply = app.root().with_header("Accept-Encoding", "gzip, br").get(&format!("/admin/{file}")).expect(200);
        assert_ne!(reply.header("content-type"), "text/html; charset=utf-8", "{file}");
        assert!(!reply.bytes.is_empty(), "{file}");
    }
}
