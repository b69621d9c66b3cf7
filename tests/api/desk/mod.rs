//! The admin UI: its page, its files, and their headers. Most tests use files of their own, because the program may have
//! been built without the UI.

mod files;
mod page;

use crate::common::{Client, Reply, TestApp};
use std::sync::LazyLock;
use stockroom::desk::Desk;

const PAGE: &str =
    "<!doctype html><meta name=\"csp-nonce\" content=\"__CSP_NONCE__\"><style nonce=\"__CSP_NONCE__\"></style>";
const SCRIPT: &str = "/admin/assets/app-1a2b3c.js";
/// The server never looks into it.
const SCRIPT_BR: &[u8] = b"the script, compressed by brotli";
const FONT: &str = "/admin/assets/inter-4d5e6f.woff2";
const LICENSES: &str = "/admin/licenses.txt";

static SCRIPT_TEXT: LazyLock<Vec<u8>> = LazyLock::new(|| b"let shelves = 7;\n".repeat(4_000));
static SCRIPT_GZ: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    // The checksum and the length, which the server does not check.
    [&header[..], &miniz_oxide::deflate::compress_to_vec(&SCRIPT_TEXT, 6), &[0; 8]].concat()
});

/// A UI with one file of each kind.
fn small_desk() -> Desk {
    Desk::new(&[
        ("assets/app-1a2b3c.js.br", SCRIPT_BR),
        ("assets/app-1a2b3c.js.gz", &SCRIPT_GZ),
        ("assets/inter-4d5e6f.woff2", b"a font"),
        ("index.html", PAGE.as_bytes()),
        ("licenses.txt", b"MIT"),
    ])
}

fn start() -> TestApp {
    TestApp::with_desk(small_desk, |_| ())
}

fn empty_desk() -> Desk {
    Desk::new(&[])
}

/// The nonce in the policy of a page.
#[track_caller]
fn nonce_of(reply: &Reply) -> String {
    let policy = reply.header("content-security-policy");
    let rest = policy.split_once("'nonce-").unwrap_or_else(|| panic!("no nonce in {policy}")).1;
    rest.split_once('\'').unwrap().0.to_owned()
}

/// Fails unless the reply is the page of [`small_desk`], with a nonce in place of each mark.
#[track_caller]
fn assert_page(reply: Reply) {
    let reply = reply.expect(200);
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8", "{}", reply.asked);
    assert_eq!(reply.text(), PAGE.replace("__CSP_NONCE__", &nonce_of(&reply)), "{}", reply.asked);
}

fn head(client: &Client, path: &str) -> Reply {
    client.send("HEAD", path, None)
}
