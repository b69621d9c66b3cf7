//! Sessions of browsers, which a cookie identifies.

mod ends;
mod origins;

use crate::common::people::{PASSWORD, email};
use crate::common::{Client, Reply, TestApp, Value, json};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use stockroom::auth::Role;

/// A browser with a page of the server, without a cookie.
fn page(app: &TestApp) -> Client {
    app.guest().with_header("X-Requested-With", "tests").with_header("Sec-Fetch-Site", "same-origin")
}

fn sign_in_from(client: &Client, name: &str, password: &str) -> Reply {
    client.post("/auth/session", &json!({"email": email(name), "password": password}))
}

/// The cookie that a response sets, without its attributes.
fn cookie_of(reply: &Reply) -> String {
    reply.header("set-cookie").split(';').next().unwrap().to_owned()
}

/// A browser that is signed in as the account of the name.
fn browser(app: &TestApp, name: &str) -> Client {
    let reply = sign_in_from(&page(app), name, PASSWORD).expect(200);
    page(app).with_header("Cookie", &cookie_of(&reply))
}

fn ids(list: &Value) -> Vec<i64> {
    list["items"].as_array().unwrap().iter().map(|session| session["id"].as_i64().unwrap()).collect()
}

#[test]
fn a_cookie_identifies_its_account_in_every_operation() {
    let app = TestApp::start();
    let mara = app.account("mara", Role::Customer);
    let boss = app.account("boss", Role::Admin);
    let reply = sign_in_from(&page(&app).with_header("User-Agent", "Firefox/1"), "mara", PASSWORD).expect(200);
    let cookie = reply.header("set-cookie");
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict");
    let token = pair.strip_prefix("stockroom_session=").unwrap();
    assert!(token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    assert_eq!(reply.header("cache-control"), "no-store");
    let answer = reply.json();
    assert_eq!((&answer["user"]["id"], &answer["session"]["is_current"]), (&json!(mara), &json!(true)));
    assert_eq!(answer["session"]["user_agent"], "Firefox/1");
    assert_eq!(answer["session"]["address"], "127.0.0.1");
    assert!(!reply.text().contains(token), "the token is for the browser alone");

    let browser = page(&app).with_header("Cookie", &format!("theme=dark; {pair}; lang=de"));
    assert_eq!(browser.get("/auth/me").expect(200).json()["id"], json!(mara));
    assert_eq!(browser.get("/auth/session").expect(200).json()["session"]["id"], answer["session"]["id"]);
    let rice = app.product("rice", 10.0, 5);
    browser.post("/cart/items", &json!({"product_id": rice.id, "quantity": 2})).expect(201);
    assert_eq!(browser.get("/cart").expect(200).header("cache-control"), "no-store");
    assert_eq!(browser.get("/inventory/products").expect(200).header("cache-control"), "no-store");
    browser.get("/users").refused(403, "FORBIDDEN");

    let staff = super::browser_sessions::browser(&app, "boss");
    assert_eq!(staff.get("/auth/me").expect(200).json()["id"], json!(boss));
    staff.get("/users").expect(200);
    staff.post("/inventory/products", &json!({"sku": "tee", "name": "Tee", "price": 1})).expect(201);
    // A token is used before the cookie.
    let both = browser.with_token(&app.token(boss, Role::Admin));
    assert_eq!(both.get("/auth/me").expect(200).json()["id"], json!(boss));
    both.with_token("forged").get("/auth/me").refused(401, "UNAUTHENTICATED");
}

#[test]
fn two_tabs_and_two_browsers_do_not_sign_each_other_out() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let (one, other) = (browser(&app, "mara"), browser(&app, "mara"));
    for _ in 0..5 {
        for tab in [&one, &one.clone(), &other] {
            let reply = tab.get("/cart").expect(200);
            assert_eq!(reply.header("set-cookie"), "", "a cookie stays the same");
        }
    }
    let signed_out = one.delete("/auth/session").expect(204);
    assert_eq!(signed_out.header("set-cookie"), "stockroom_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
    one.get("/cart").refused(401, "UNAUTHENTICATED");
    one.delete("/auth/session").refused(401, "UNAUTHENTICATED");
    other.get("/cart").expect(200);
}

#[test]
fn over_https_the_cookie_is_secure_and_has_the_name_of_a_host() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let https = page(&app).with_header("X-Forwarded-Proto", "https");
    let reply = sign_in_from(&https, "mara", PASSWORD).expect(200);
    let cookie = reply.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-stockroom_session="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
    https.clone().with_header("Cookie", &cookie_of(&reply)).get("/cart").expect(200);
    // Another host of the domain can set a cookie without the prefix.
    let planted = cookie_of(&reply).replace("__Host-", "");
    https.with_header("Cookie", &planted).get("/cart").refused(401, "UNAUTHENTICATED");
    let public = TestApp::with(|settings| settings.server.public_url = "https://shop.example.com".to_owned());
    public.account("mara", Role::Customer);
    assert!(sign_in_from(&page(&public), "mara", PASSWORD).expect(200).header("set-cookie").ends_with("; Secure"));
}

#[test]
fn a_stolen_hash_and_tokens_of_other_kinds_are_no_cookies() {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        hash: String,
        #[diesel(sql_type = BigInt)]
        copies: i64,
    }
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let reply = sign_in_from(&page(&app), "mara", PASSWORD).expect(200);
    let token = cookie_of(&reply).replace("stockroom_session=", "");
    let row: Row = diesel::sql_query(
        "SELECT encode(token_hash, 'hex') AS hash, (SELECT count(*) FROM sessions t \
             WHERE t::text LIKE '%' || $1 || '%' OR t::text LIKE '%' || encode(convert_to($1, 'UTF8'), 'hex') || '%') \
             AS copies FROM sessions WHERE is_cookie",
    )
    .bind::<Text, _>(&token)
    .get_result(&mut app.connection())
    .unwrap();
    assert_eq!(row.copies, 0, "the token is stored");
    let login = app.session("mara");
    let (access, refresh) = (login["access_token"].as_str().unwrap(), login["refresh_token"].as_str().unwrap());
    let long = "a".repeat(4_000);
    for stolen in [row.hash.as_str(), access, refresh, "", "'", "%00", &long, &token[1..], &token.to_uppercase()] {
        let client = page(&app).with_header("Cookie", &format!("stockroom_session={stolen}"));
        client.get("/cart").refused(401, "UNAUTHENTICATED");
        client.get("/inventory/products").refused(401, "UNAUTHENTICATED");
    }
    let twice = page(&app).with_header("Cookie", &format!("stockroom_session={token}; stockroom_session={}", row.hash));
    twice.get("/cart").refused(401, "UNAUTHENTICATED");
    // The cookie is no refresh token, either.
    app.refresh(&json!({"refresh_token": token})).refused(401, "UNAUTHENTICATED");
    app.logout(&json!({"refresh_token": token})).expect(204);
    page(&app).with_token(&token).get("/cart").refused(401, "UNAUTHENTICATED");
    page(&app).with_header("Cookie", &cookie_of(&reply)).get("/cart").expect(200);
}

#[test]
fn signing_in_has_the_limits_of_a_login() {
    let app = TestApp::with(|settings| settings.limits.login_per_minute = 3);
    app.account("mara", Role::Customer);
    let page = page(&app);
    for attempt in 0..3 {
        let reply = match attempt {
            // Both operations count together.
            1 => super::login(&app.guest(), "mara", "wrong"),
            _ => sign_in_from(&page, "mara", "wrong"),
        };
        assert_eq!(reply.header("set-cookie"), "");
        reply.refused(401, "INVALID_CREDENTIALS");
    }
    sign_in_from(&page, "mara", PASSWORD).refused(429, "RATE_LIMITED");
    super::login(&app.guest(), "mara", PASSWORD).refused(429, "RATE_LIMITED");
}

#[test]
fn invalid_requests_are_refused() {
    let app = TestApp::start();
    app.account("mara", Role::Customer);
    let page = page(&app);
    for (body, field) in [
        (json!({"email": "mara@example.com"}), "password"),
        (json!({"email": "a".repeat(255), "password": "x"}), "email"),
        (json!({"email": "mara@example.com", "password": "p".repeat(1_001)}), "password"),
        (json!({"email": "mara@example.com", "password": PASSWORD, "remember": true}), "remember"),
        (json!({"email": ["mara@example.com"], "password": PASSWORD}), "email"),
    ] {
        page.post("/auth/session", &body).refused_field(field);
    }
    sign_in_from(&page, "nobody", PASSWORD).refused(401, "INVALID_CREDENTIALS");
    page.get("/auth/session").refused(401, "UNAUTHENTICATED");
    page.get("/auth/sessions").refused(401, "UNAUTHENTICATED");
    let browser = browser(&app, "mara");
    browser.get("/auth/sessions?sort=address").refused_field("sort");
    browser.get("/auth/sessions?limit=101").refused_field("limit");
    for id in ["0", "x", "9007199254740993", "1%27"] {
        browser.delete(&format!("/auth/sessions/{id}")).refused(404, "NOT_FOUND");
    }
    // Callers with tokens have no such session.
    app.customer("mara").get("/auth/session").refused(404, "NOT_FOUND");
    app.customer("mara").delete("/auth/session").refused(404, "NOT_FOUND");
    assert_eq!(ids(&app.customer("mara").get("/auth/sessions").expect(200).json()).len(), 1);
}

#[test]
fn the_document_names_the_cookie() {
    let app = TestApp::start();
    let document = app.root().get("/openapi.json").expect(200).json();
    let scheme = &document["components"]["securitySchemes"]["cookieAuth"];
    assert_eq!((&scheme["type"], &scheme["in"]), (&json!("apiKey"), &json!("cookie")));
    assert_eq!(scheme["name"], "__Host-stockroom_session");
    let security = |path: &str, method: &str| document["paths"][path][method]["security"].clone();
    assert_eq!(security("/cart", "get"), json!([{"bearer": []}, {"cookieAuth": []}]));
    assert_eq!(security("/inventory/products", "get"), json!([{}, {"bearer": []}, {"cookieAuth": []}]));
    assert_eq!(security("/auth/session", "post"), json!([]));
}
