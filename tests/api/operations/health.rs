//! Health and readiness.

use crate::common::{TestApp, json};
use stockroom::settings::Secret;

#[test]
fn a_server_is_live_and_ready() {
    let app = TestApp::start();
    let root = app.root();
    root.get("/health/live").expect(200);
    assert_eq!(root.get("/health/ready").expect(200).json(), json!({"status": "ok", "database": "ok"}));
}

#[test]
fn without_its_database_it_lives_but_is_not_ready() {
    let app = TestApp::with(|settings| {
        settings.database.url = Secret::new("postgresql:///gone?host=/nowhere&user=stockroom".to_owned());
    });
    app.root().get("/health/live").expect(200);
    app.root().get("/metrics").expect(200);
    app.root().get("/openapi.json").expect(200);
    let token = app.customer("mara");
    let refused = [
        app.root().get("/health/ready"),
        app.guest().get("/inventory/products"),
        token.post("/cart/items", &json!({"product_id": 1, "quantity": 1})),
        app.admin().get("/orders"),
    ];
    for reply in refused {
        assert!(reply.header("retry-after").parse::<u64>().unwrap() >= 1, "{}", reply.asked);
        let problem = reply.refused(503, "DATABASE_UNAVAILABLE").to_string();
        assert!(!problem.contains("nowhere") && !problem.contains("socket"), "{problem}");
    }
}

#[test]
fn health_checks_and_metrics_are_never_limited() {
    let app = TestApp::with(|settings| {
        settings.limits.requests_per_minute = 1;
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    // The headers name different clients, so that the request counts for the proxy.
    let of_a_client = || {
        let client = app.guest().with_header("Forwarded", "for=192.0.2.1").with_header("X-Forwarded-For", "192.0.2.2");
        client.get("/inventory/products")
    };
    of_a_client().expect(200);
    of_a_client().refused(429, "RATE_LIMITED");
    for path in ["/health/live", "/health/ready", "/metrics", "/health/ready/"] {
        app.root().get(path).expect(200);
    }
    app.guest().get("/inventory/products").refused(429, "RATE_LIMITED");
}
