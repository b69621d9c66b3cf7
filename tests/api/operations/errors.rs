//! The shape of every error, and the id of its request.

use crate::common::{TestApp, json};

#[test]
fn nothing_at_a_path_is_a_problem_with_the_callers_request_id() {
    let app = TestApp::start();
    for prefix in ["", "/api", "/api/v1"] {
        let reply = app.guest().under(prefix).with_header("X-Request-Id", "from-the-test").get("/nothing/here");
        assert_eq!(reply.header("x-request-id"), "from-the-test");
        let problem = reply.refused(404, "NOT_FOUND");
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["request_id"], "from-the-test");
    }
    let made = app.guest().get("/nothing/here");
    assert_eq!(made.json()["request_id"], made.header("x-request-id"));
    assert!(!made.header("x-request-id").is_empty());
}

#[test]
fn every_error_has_one_shape() {
    let app = TestApp::start();
    let mara = app.customer("mara");
    let too_large = format!("{{\"email\":\"{}\"}}", "a".repeat(64 * 1024));
    let just_fits = format!("{{\"email\":\"{}\"}}", "a".repeat(64 * 1024 - 12));
    assert_eq!(just_fits.len(), 64 * 1024);
    let json_type = "application/json";
    let refusals = [
        (mara.get("/nothing"), 404, "NOT_FOUND"),
        (mara.patch("/cart", &json!({})), 405, "METHOD_NOT_ALLOWED"),
        (mara.send_bytes("POST", "/auth/login", json_type, too_large.as_bytes()), 413, "PAYLOAD_TOO_LARGE"),
        (mara.send_bytes("POST", "/auth/login", json_type, just_fits.as_bytes()), 422, "VALIDATION_FAILED"),
        (mara.send_bytes("POST", "/auth/login", "text/plain", b"{}"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (mara.send_bytes("POST", "/auth/login", json_type, b"{"), 400, "MALFORMED_REQUEST"),
        (mara.post("/auth/login", &json!({"email": 1})), 422, "VALIDATION_FAILED"),
        (app.guest().get("/cart"), 401, "UNAUTHENTICATED"),
        (mara.get("/orders"), 403, "FORBIDDEN"),
        (app.root().post_nothing("/health/live"), 405, "METHOD_NOT_ALLOWED"),
        (app.root().post_nothing("/health/ready"), 405, "METHOD_NOT_ALLOWED"),
        (app.root().post_nothing("/metrics"), 405, "METHOD_NOT_ALLOWED"),
        (app.root().post_nothing("/openapi.json"), 405, "METHOD_NOT_ALLOWED"),
    ];
    for (reply, status, code) in refusals {
        let id = reply.header("x-request-id").to_owned();
        let asked = reply.asked.clone();
        let problem = reply.refused(status, code);
        assert_eq!(problem["type"], "about:blank", "{asked}");
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{asked}: {problem}");
        assert_eq!(problem["request_id"], id, "{asked}");
        let known = ["type", "title", "status", "code", "detail", "request_id", "errors", "stock_errors"];
        let unknown: Vec<&String> =
            problem.as_object().unwrap().keys().filter(|name| !known.contains(&name.as_str())).collect();
        assert!(unknown.is_empty(), "{asked}: {unknown:?}");
    }
    assert_eq!(mara.patch("/cart", &json!({})).header("allow"), "GET, HEAD, DELETE");
    assert_eq!(app.root().post_nothing("/metrics").header("allow"), "GET, HEAD");
    assert_eq!(app.guest().get("/cart").header("www-authenticate"), "Bearer");
    assert!(mara.get("/orders").json()["detail"].as_str().unwrap().contains("orders:read"));
}

#[test]
fn a_request_id_is_the_callers_if_it_is_fit_for_a_log() {
    let app = TestApp::start();
    let asked = |id: &str| app.guest().with_header("X-Request-Id", id).get("/inventory/products").expect(200);
    assert_eq!(asked("abc-123").header("x-request-id"), "abc-123");
    let longest = "x".repeat(128);
    assert_eq!(asked(&longest).header("x-request-id"), longest);
    assert_eq!(asked("a-B_9.z:1").header("x-request-id"), "a-B_9.z:1");
    for unfit in ["two words", &"x".repeat(129), "", "a;b", "<b>", "a\"b", "a=b", "a/b", "a,b"] {
        let made = asked(unfit).header("x-request-id").to_owned();
        assert!(!made.is_empty() && made != unfit, "{unfit:?} became {made:?}");
    }
    let (one, other) = (app.guest().get("/inventory/products"), app.guest().get("/inventory/products"));
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
}

#[test]
fn a_trailing_slash_and_the_alias_are_the_same_route() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 7);
    let (v1, alias) = (app.customer("mara"), app.customer("mara").under("/api"));
    for path in ["/inventory/products", "/inventory/products/rice", "/cart", "/orders/me"] {
        let expected = v1.get(path).expect(200).json();
        assert_eq!(v1.get(&format!("{path}/")).expect(200).json(), expected, "{path}/");
        assert_eq!(alias.get(path).expect(200).json(), expected, "/api{path}");
        assert_eq!(alias.get(&format!("{path}/")).expect(200).json(), expected, "/api{path}/");
    }
    let line = json!({"product_id": rice.id, "quantity": 1});
    alias.post("/cart/items/", &line).expect(201);
    assert_eq!(v1.post("/cart/items", &line).expect(201).json()["items"][0]["quantity"], 2);
    v1.delete("/cart/").expect(204);
    app.root().get("/health/live/").expect(200);
}
