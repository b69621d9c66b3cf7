//! Requirements of browsers, proxies and scrapers: methods, headers, host names, origins.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::common::{Client, Reply, TestApp, json};
use stockroom::settings::Secret;

fn head(client: &Client, path: &str) -> Reply {
    client.send("HEAD", path, None)
}

#[test]
fn head_is_answered_where_get_is() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 7);
    let mara = app.customer("mara");
    let product = format!("/inventory/products/{}", rice.id);
    let asked = [
        (app.root(), "/health/live"),
        (app.root(), "/health/ready"),
        (app.root(), "/metrics"),
        (app.root(), "/openapi.json"),
        (app.root(), "/docs/index.html"),
        (app.root(), "/docs/swagger-ui.css"),
        (app.guest(), product.as_str()),
        (mara.clone(), "/cart"),
        (mara.clone(), "/auth/me"),
    ];
    for (client, path) in asked {
        let (got, head) = (client.get(path).expect(200), head(&client, path).expect(200));
        assert!(head.bytes.is_empty(), "{path} has a body");
        assert_eq!(head.header("content-type"), got.header("content-type"), "{path}");
        if path != "/metrics" {
            assert_eq!(head.header("content-length"), got.bytes.len().to_string(), "{path}");
        }
        assert!(!head.header("x-request-id").is_empty(), "{path}");
    }
    assert_eq!(head(&app.guest(), "/cart").expect(401).bytes.len(), 0);
    assert_eq!(head(&mara, "/nothing").expect(404).bytes.len(), 0);
    assert_eq!(head(&mara, "/checkout").expect(405).header("allow"), "POST");
    assert_eq!(mara.delete("/orders").expect(405).header("allow"), "POST, GET, HEAD");
    for path in ["/docs", "/docs/"] {
        assert_eq!(head(&app.root(), path).expect(307).header("location"), "/docs/index.html");
        assert_eq!(app.root().post(path, &json!({})).expect(405).header("allow"), "GET, HEAD");
    }
}

/// HTTP/1.0 has no chunks. Some reverse proxies use it.
#[test]
fn a_client_of_http_1_0_gets_a_download_without_chunks() {
    let app = TestApp::start();
    app.product("rice", 10.0, 7);
    let admin = app.admin();
    let path = "/exports?kind=products";
    let file = admin.get(path).expect(200).text();
    let token = admin.header("Authorization").unwrap();
    let mut stream = TcpStream::connect(app.address.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!("Host: localhost\r\nConnection: keep-alive\r\nAuthorization: {token}");
    write!(stream, "GET /api/v1{path} HTTP/1.0\r\n{head}\r\n\r\n").unwrap();
    let mut answer = String::new();
    // The end of the connection is the end of the file.
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.0 200 ") && !head.contains("transfer-encoding"), "{head}");
    assert_eq!(body, file);
}

#[test]
fn every_answer_forbids_guessing_its_type() {
    let app = TestApp::start();
    let mara = app.customer("mara");
    let answers = [
        app.root().get("/health/live"),
        app.root().get("/metrics"),
        app.root().get("/openapi.json"),
        app.root().get("/docs"),
        app.root().get("/docs/index.html"),
        app.root().get("/docs/nothing.js"),
        app.guest().get("/nothing"),
        app.guest().get("/cart"),
        mara.get("/cart"),
        mara.delete("/cart"),
        mara.patch("/cart", &json!({})),
        mara.post("/auth/login", &json!({})),
    ];
    for answer in answers {
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{}", answer.asked);
    }
}

#[test]
fn no_cache_keeps_what_a_signed_in_caller_is_answered() {
    let app = TestApp::start();
    let mara = app.customer("mara");
    let private = [
        mara.get("/cart").expect(200),
        mara.get("/orders/999").expect(404),
        mara.get("/nothing").expect(404),
        mara.get("/inventory/products").expect(200),
        app.guest().with_token("forged").get("/cart").expect(401),
        app.guest().with_header("X-Order-Token", "forged").get("/orders/1").expect(404),
        app.guest().post("/auth/login", &json!({"email": "a@example.com", "password": "wrong wrong"})).expect(401),
    ];
    for answer in private {
        assert_eq!(answer.header("cache-control"), "no-store", "{}", answer.asked);
    }
}

/// Another store has other products at the same address.
#[test]
fn a_cache_asks_again_and_keeps_the_answers_of_stores_apart() {
    let app = TestApp::with(|settings| settings.server.cors_origins = vec![SHOP.to_owned()]);
    let rice = app.product("rice", 12.50, 7).id;
    let guest = || app.guest();
    for answer in [
        guest().get("/inventory/products").expect(200),
        guest().get(&format!("/inventory/products/{rice}")).expect(200),
        guest().with_header("X-Store-Id", "999").get("/inventory/products").expect(404),
        guest().with_header("Origin", SHOP).get("/inventory/products").expect(200),
        guest().get("/nothing").expect(404),
    ] {
        assert_eq!(answer.header("cache-control"), "no-cache", "{}", answer.asked);
        let vary = answer.header("vary").to_lowercase();
        for name in ["x-store-id", "authorization", "cookie", "x-order-token"] {
            assert!(vary.split(", ").any(|part| part == name), "{}: {vary}", answer.asked);
        }
    }
    let with_origin = guest().with_header("Origin", SHOP).get("/inventory/products");
    assert!(with_origin.header("vary").to_lowercase().contains("origin"), "{}", with_origin.header("vary"));
    for path in ["/health/ready", "/metrics", "/openapi.json", "/docs/index.html", "/nothing"] {
        assert_eq!(app.root().get(path).header("cache-control"), "no-cache", "{path}");
    }
}

#[test]
fn pages_load_nothing_of_others_and_stand_in_no_frame() {
    let app = TestApp::start();
    let policy = app.root().get("/docs/index.html").expect(200).header("content-security-policy").to_owned();
    for rule in ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.split("; ").any(|part| part == rule), "{rule} is not in {policy}");
    }
    // The policy forbids scripts within the page.
    let page = app.root().get("/docs/index.html").text();
    for script in page.split("<script").skip(1) {
        assert!(script.starts_with(" src="), "{page}");
    }
}

#[test]
fn a_local_server_answers_under_local_names_only() {
    let app = TestApp::start();
    let named = |host: &str, path: &str| app.root().with_header("Host", host).get(path);
    for host in ["localhost", "localhost:1", "LOCALHOST", "127.0.0.1:8080", "[::1]:80", "localhost."] {
        named(host, "/api/v1/inventory/products").expect(200);
    }
    for host in ["attacker.example", "attacker.example:8080", "127.0.0.1.nip.io", "localhost.attacker.example", "[::2]"]
    {
        for path in ["/api/v1/inventory/products", "/metrics", "/openapi.json", "/docs/index.html", "/nothing"] {
            let problem = named(host, path).refused(400, "MALFORMED_REQUEST");
            assert!(problem["detail"].as_str().unwrap().contains("allowed_hosts"), "{problem}");
        }
        // A probe uses the address instead of a name.
        named(host, "/health/live").expect(200);
    }
}

#[test]
fn the_names_of_a_server_can_be_set() {
    let app = TestApp::with(|settings| settings.server.allowed_hosts = vec!["Shop.example.com".to_owned()]);
    let named = |host: &str| app.root().with_header("Host", host).get("/openapi.json");
    named("shop.example.com").expect(200);
    named("shop.example.com:443").expect(200);
    named("localhost").refused(400, "MALFORMED_REQUEST");
    let any = TestApp::with(|settings| settings.server.allowed_hosts = vec!["*".to_owned()]);
    any.root().with_header("Host", "anything.example").get("/openapi.json").expect(200);
    let public = TestApp::with(|settings| settings.server.host = "0.0.0.0".to_owned());
    public.root().with_header("Host", "anything.example").get("/openapi.json").expect(200);
}

const SHOP: &str = "https://shop.example.com";

#[test]
fn a_storefront_of_an_allowed_origin_may_call_from_a_browser() {
    let app = TestApp::with(|settings| settings.server.cors_origins = vec![SHOP.to_owned()]);
    let preflight = |origin: &str, method: &str, headers: &str| {
        let asked = app.guest().with_header("Origin", origin).with_header("Access-Control-Request-Method", method);
        asked.with_header("Access-Control-Request-Headers", headers).send("OPTIONS", "/checkout", None)
    };
    let needed = "authorization, content-type, idempotency-key, x-store-id, x-order-token, x-request-id";
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let allowed = preflight(SHOP, method, needed).expect(200);
        assert_eq!(allowed.header("access-control-allow-origin"), SHOP);
        assert!(allowed.header("access-control-allow-methods").contains(method));
        let headers = allowed.header("access-control-allow-headers").to_lowercase();
        assert!(needed.split(", ").all(|name| headers.contains(name)), "{headers}");
        assert!(!allowed.header("x-request-id").is_empty());
    }
    for refused in [preflight("https://other.example", "POST", needed), preflight(SHOP, "POST", "x-other")] {
        assert_eq!(refused.header("access-control-allow-origin"), "");
        assert!(refused.header("vary").starts_with("Origin, "));
        refused.refused(403, "FORBIDDEN");
    }
    let read = app.customer("mara").with_header("Origin", SHOP).get("/cart").expect(200);
    assert_eq!(read.header("access-control-allow-origin"), SHOP);
    let exposed = read.header("access-control-expose-headers").to_lowercase();
    for name in ["x-request-id", "idempotent-replayed", "retry-after"] {
        assert!(exposed.contains(name), "{exposed}");
    }
    assert!(read.header("vary").to_lowercase().contains("origin"), "{}", read.header("vary"));
    // The page can read a refusal too.
    let refusal = app.guest().with_header("Origin", SHOP).get("/cart");
    assert_eq!(refusal.header("access-control-allow-origin"), SHOP);
    refusal.refused(401, "UNAUTHENTICATED");
    let busy = TestApp::with(|settings| {
        settings.server.cors_origins = vec![SHOP.to_owned()];
        settings.limits.requests_per_minute = 1;
    });
    let call = || busy.guest().with_header("Origin", SHOP).get("/inventory/products");
    call().expect(200);
    let limited = call();
    assert_eq!(limited.header("access-control-allow-origin"), SHOP);
    limited.refused(429, "RATE_LIMITED");
    let other = app.guest().with_header("Origin", "https://other.example").get("/inventory/products");
    assert_eq!(other.header("access-control-allow-origin"), "");
    assert!(other.header("vary").to_lowercase().contains("origin"), "{}", other.header("vary"));
}

#[test]
fn preflights_are_limited_and_name_the_host_like_other_requests() {
    let app = TestApp::with(|settings| {
        settings.server.cors_origins = vec![SHOP.to_owned()];
        settings.limits.requests_per_minute = 3;
    });
    let preflight = |host: &str| {
        let asked = app.guest().with_header("Host", host).with_header("Origin", SHOP);
        asked.with_header("Access-Control-Request-Method", "POST").send("OPTIONS", "/checkout", None)
    };
    preflight("attacker.example").refused(400, "MALFORMED_REQUEST");
    preflight("localhost").expect(200);
    // Each request counts once.
    app.guest().with_header("Origin", SHOP).get("/inventory/products").expect(200);
    app.guest().with_header("Origin", SHOP).send("OPTIONS", "/checkout", None);
    preflight("localhost").refused(429, "RATE_LIMITED");
    app.guest().get("/inventory/products").refused(429, "RATE_LIMITED");
}

#[test]
fn without_origins_no_page_of_another_origin_may_call() {
    let app = TestApp::start();
    let read = app.guest().with_header("Origin", SHOP).get("/inventory/products").expect(200);
    assert_eq!(read.header("access-control-allow-origin"), "");
    let any = TestApp::with(|settings| settings.server.cors_origins = vec!["*".to_owned()]);
    let read = any.guest().with_header("Origin", SHOP).get("/inventory/products").expect(200);
    assert!([SHOP, "*"].contains(&read.header("access-control-allow-origin")));
}

#[test]
fn the_metrics_can_need_a_token() {
    let app = TestApp::with(|settings| settings.metrics.token = Secret::new("for-prometheus".to_owned()));
    let refused = app.root().get("/metrics");
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    refused.refused(401, "UNAUTHENTICATED");
    for wrong in ["", "for-prometheu", "for-prometheus2", "FOR-PROMETHEUS"] {
        app.root().with_token(wrong).get("/metrics").refused(401, "UNAUTHENTICATED");
    }
    app.admin().under("").get("/metrics").refused(401, "UNAUTHENTICATED");
    app.root().with_token("for-prometheus").get("/metrics").expect(200);
}

#[test]
fn the_files_of_the_page_are_compressed_for_clients_that_accept_it() {
    let app = TestApp::start();
    for name in ["index.html", "index.css", "swagger-ui.css", "swagger-ui-bundle.js", "favicon-16x16.png"] {
        let get = |encoding: &str| {
            let client = app.root().with_header("Accept-Encoding", encoding);
            let reply = client.get(&format!("/docs/{name}")).expect(200);
            assert!(reply.header("vary").starts_with("accept-encoding, "), "{name}");
            reply
        };
        let packed = get("br, gzip;q=0.5");
        assert_eq!(packed.header("content-encoding"), "gzip", "{name}");
        let deflated = &packed.bytes[10..packed.bytes.len() - 8];
        let unpacked = miniz_oxide::inflate::decompress_to_vec(deflated).unwrap();
        let size = u32::from_le_bytes(packed.bytes[packed.bytes.len() - 4..].try_into().unwrap());
        assert_eq!(unpacked.len(), usize::try_from(size).unwrap(), "{name}");
        for encoding in ["identity", "br", "gzip;q=0"] {
            let plain = get(encoding);
            assert_eq!((plain.header("content-encoding"), &plain.bytes), ("", &unpacked), "{name} {encoding}");
        }
    }
}
