//! The files of the admin UI: their forms, and how caches keep them.

use super::{FONT, LICENSES, SCRIPT, SCRIPT_BR, SCRIPT_GZ, SCRIPT_TEXT, head, small_desk, start};
use crate::common::{Reply, TestApp};

fn accepting(app: &TestApp, encodings: &str, path: &str) -> Reply {
    app.root().with_header("Accept-Encoding", encodings).get(path)
}

#[test]
fn clients_get_the_form_that_they_prefer() {
    let app = start();
    let (gzip, plain) = (SCRIPT_GZ.as_slice(), SCRIPT_TEXT.as_slice());
    for (accepted, encoding, bytes) in [
        ("br", "br", SCRIPT_BR),
        ("gzip, deflate, br, zstd", "br", SCRIPT_BR),
        ("gzip, deflate", "gzip", gzip),
        ("br;q=0.5, gzip", "gzip", gzip),
        ("br;q=0, gzip;q=0.1", "gzip", gzip),
        ("gzip;q=0.5, identity;q=0.8", "", plain),
        ("br;q=0, gzip;q=0", "", plain),
        ("zstd", "", plain),
        ("identity", "", plain),
        ("", "", plain),
        (";q=br,", "", plain),
    ] {
        let reply = accepting(&app, accepted, SCRIPT).expect(200);
        assert_eq!((reply.header("content-encoding"), reply.bytes.as_slice()), (encoding, bytes), "{accepted}");
        assert_eq!(reply.header("vary"), "accept-encoding", "{accepted}");
        assert_eq!(reply.header("content-type"), "text/javascript; charset=utf-8", "{accepted}");
    }
    // A file that is compressed already has one form.
    let font = accepting(&app, "br, gzip", FONT).expect(200);
    assert_eq!((font.header("content-encoding"), font.header("content-type")), ("", "font/woff2"));
    assert_eq!(font.bytes, b"a font");
}

#[test]
fn head_has_the_headers_of_get() {
    let app = start();
    let client = app.root().with_header("Accept-Encoding", "gzip");
    let (got, asked) = (client.get(SCRIPT).expect(200), head(&client, SCRIPT).expect(200));
    assert!(asked.bytes.is_empty());
    assert_eq!(asked.header("content-length"), SCRIPT_GZ.len().to_string());
    for name in ["cache-control", "content-encoding", "content-type", "etag", "vary"] {
        assert_eq!(asked.header(name), got.header(name), "{name}");
    }
}

#[test]
fn browsers_keep_files_with_hashed_names_for_ever_and_ask_for_others() {
    let app = start();
    for path in [SCRIPT, FONT] {
        let file = app.root().get(path).expect(200);
        assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable", "{path}");
        assert_eq!(file.header("vary"), "accept-encoding", "{path}");
    }
    let licenses = app.root().get(LICENSES).expect(200);
    assert_eq!(licenses.header("cache-control"), "no-cache");
    assert_eq!((licenses.header("content-type"), licenses.text().as_str()), ("text/plain; charset=utf-8", "MIT"));
    // A response to a request with a token is never kept.
    assert_eq!(app.root().with_token("forged").get(SCRIPT).expect(200).header("cache-control"), "no-store");
}

#[test]
fn a_file_that_the_browser_has_is_not_sent_again() {
    let app = start();
    let tag_of = |encodings: &str| accepting(&app, encodings, SCRIPT).expect(200).header("etag").to_owned();
    let (brotli, gzip, plain) = (tag_of("br"), tag_of("gzip"), tag_of("identity"));
    assert!(brotli != gzip && gzip != plain && plain != brotli, "{brotli} {gzip} {plain}");
    let asked =
        |tag: &str| app.root().with_header("Accept-Encoding", "br").with_header("If-None-Match", tag).get(SCRIPT);
    for known in [brotli.clone(), format!("W/{brotli}"), format!("\"other\", {brotli}"), "*".to_owned()] {
        let reply = asked(&known).expect(304);
        assert!(reply.bytes.is_empty(), "{known}");
        assert_eq!((reply.header("etag"), reply.header("vary")), (brotli.as_str(), "accept-encoding"), "{known}");
        assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable", "{known}");
    }
    for other in [gzip.as_str(), "\"other\"", "nothing"] {
        assert_eq!(asked(other).expect(200).bytes, SCRIPT_BR, "{other}");
    }
    // The page has a new nonce in each response.
    let page = app.root().with_header("If-None-Match", "*").get("/admin/").expect(200);
    assert_eq!(page.header("etag"), "");
}

#[test]
fn a_missing_file_is_not_found() {
    let app = start();
    for path in ["/admin/assets/app-000000.js", "/admin/assets/orders", "/admin/app.js", "/admin/favicon.ico"] {
        let reply = app.root().get(path);
        assert_eq!(reply.header("cache-control"), "no-cache", "{path}");
        reply.refused(404, "NOT_FOUND");
    }
}

#[test]
fn files_count_for_the_rate_limit_of_the_address() {
    let app = TestApp::with_desk(small_desk, |settings| settings.limits.requests_per_minute = 3);
    for path in ["/admin/", SCRIPT, LICENSES] {
        app.root().get(path).expect(200);
    }
    app.root().get(FONT).refused(429, "RATE_LIMITED");
}

#[test]
fn another_host_name_is_refused() {
    let app = start();
    app.root().with_header("Host", "attacker.example").get("/admin/").refused(400, "MALFORMED_REQUEST");
}
