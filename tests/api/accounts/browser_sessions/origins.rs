//! Requests that pages of other origins cause.

use super::{browser, page, sign_in_from};
use crate::common::people::PASSWORD;
use crate::common::{Client, TestApp, json};
use stockroom::auth::Role;

const SHOP: &str = "https://shop.example.com";

/// The same browser, but the request is caused in this way. An empty text stands for a missing header.
fn caused(browser: &Client, site: &str, requested_with: &str) -> Client {
    let mut client = browser.clone().without_header("X-Requested-With").without_header("Sec-Fetch-Site");
    for (name, value) in [("Sec-Fetch-Site", site), ("X-Requested-With", requested_with)] {
        if !value.is_empty() {
            client = client.with_header(name, value);
        }
    }
    client
}

#[test]
fn a_page_of_another_origin_changes_nothing() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let rice = app.product("rice", 10.0, 5);
    let browser = browser(&app, "mara");
    let line = json!({"product_id": rice.id, "quantity": 1});
    browser.post("/cart/items", &line).expect(201);
    for (site, requested_with) in [
        ("", ""),
        ("same-origin", ""),
        ("none", "tests"),
        ("same-site", "tests"),
        ("cross-site", "tests"),
        ("cross-site", ""),
        ("SAME-ORIGIN", "tests"),
    ] {
        let other = caused(&browser, site, requested_with);
        other.post("/cart/items", &line).refused(403, "FORBIDDEN");
        other.delete("/cart").refused(403, "FORBIDDEN");
        other.delete("/auth/session").refused(403, "FORBIDDEN");
        other.delete("/auth/sessions").refused(403, "FORBIDDEN");
        other.post("/orders", &json!({"items": [line]})).refused(403, "FORBIDDEN");
    }
    let cart = browser.get("/cart").expect(200).json();
    assert_eq!(cart["items"][0]["quantity"], 1);
    // A browser that does not name the site of the page.
    caused(&browser, "", "tests").post("/cart/items", &line).expect(201);
}

#[test]
fn a_page_of_another_origin_reads_as_a_guest() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let browser = browser(&app, "mara");
    for site in ["same-site", "cross-site", "unknown"] {
        let other = caused(&browser, site, "");
        let refused = other.get("/cart");
        assert_eq!(refused.header("set-cookie"), "", "{site}: the browser stays signed in");
        refused.refused(401, "UNAUTHENTICATED");
        assert_eq!(other.get("/inventory/products").expect(200).header("cache-control"), "no-cache");
    }
    // The address bar, and a link of a page of this server.
    for site in ["none", "same-origin", ""] {
        caused(&browser, site, "").get("/cart").expect(200);
    }
}

/// Else such a page could sign a browser in to an account of its own, and read what is entered there.
#[test]
fn a_page_of_another_origin_signs_nobody_in() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    for (site, requested_with) in
        [("", ""), ("same-origin", ""), ("none", "tests"), ("same-site", "tests"), ("cross-site", "tests")]
    {
        let reply = sign_in_from(&caused(&page(&app), site, requested_with), "mara", PASSWORD);
        assert_eq!(reply.header("set-cookie"), "");
        reply.refused(403, "FORBIDDEN");
    }
    sign_in_from(&caused(&page(&app), "", "tests"), "mara", PASSWORD).expect(200);
}

#[test]
fn an_allowed_origin_gets_no_cookies() {
    for allowed in [SHOP, "*"] {
        let app = TestApp::with(|settings| settings.server.cors_origins = vec![allowed.to_owned()]);
        app.account("mara", Role::Customer);
        let browser = browser(&app, "mara").with_header("Origin", SHOP);
        let read = caused(&browser, "same-site", "").get("/inventory/products").expect(200);
        assert_eq!(read.header("access-control-allow-credentials"), "");
        let preflight = app
            .guest()
            .with_header("Origin", SHOP)
            .with_header("Access-Control-Request-Method", "POST")
            .with_header("Access-Control-Request-Headers", "x-requested-with")
            .send("OPTIONS", "/cart/items", None);
        assert_eq!(preflight.header("access-control-allow-headers"), "", "{allowed}");
        assert_ne!(preflight.status, 200, "{allowed}");
        caused(&browser, "same-site", "tests").delete("/cart").refused(403, "FORBIDDEN");
    }
}
